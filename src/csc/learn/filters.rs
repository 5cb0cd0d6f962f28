//! The filters and the steps that improve them.

use crate::numerics::fft2::Complex32;
use crate::numerics::norms::{single, sum_of_squares};
use crate::numerics::prox::{normalize, project_to_unit_ball};
use crate::numerics::spectrum::add_conjugate_product;
use crate::numerics::{Random, Threads};

use super::FilterSet;
use super::codes::Codes;
use super::geometry::{Geometry, Workspace};
use super::signal::Signal;

/// Filters `d`: shape `(K, s, s)`.
pub(super) struct Filters {
    /// The taps after the last block of steps and its coupling.
    pub(super) taps: Vec<f32>,
    /// The taps before the last block.
    pub(super) before: Vec<f32>,
    /// Spectra of the taps given to the last call of [`Self::transform`].
    pub(super) spectra: Vec<Complex32>,
    /// `∂/∂d` of the data term at the last correlation, on the support.
    pub(super) gradient: Vec<f32>,
    /// Direction of largest curvature, improved by one power iteration per block.
    pub(super) direction: Vec<f32>,
    set: FilterSet,
    /// One per group of filters; groups are what threads share.
    work: Vec<Workspace>,
}

/// A quadratic function of the filters that a block of steps lowers.
pub(super) trait Term {
    /// Prepares value and gradient at the taps, or, without what does not depend on the filters,
    /// at the direction of the power iteration.
    fn settle(&mut self, filters: &mut Filters, source: Source);
    /// Writes the gradient where the term was settled into `filters.gradient`.
    fn differentiate(&mut self, filters: &mut Filters);
    /// The value where the term was settled, up to a constant.
    fn value(&self) -> f64;
}

/// The images themselves: `Σₙ ½ ‖Mₙ (Σₖ dₖ ∗ zₙₖ − bₙ)‖²` with the codes as they are.
pub(super) struct Fit<'a> {
    pub(super) geometry: &'a Geometry,
    pub(super) signals: &'a [Signal],
    pub(super) codes: &'a mut [Codes],
    pub(super) threads: &'a Threads,
}

/// Enough groups for the threads of a large machine, few enough to keep their buffers small.
const GROUPS: usize = 16;

impl Filters {
    /// Random filters on the unit sphere; their spectra are not computed yet.
    pub(super) fn random(geometry: &Geometry, set: FilterSet, random: &mut Random) -> Self {
        let (taps, direction) = random_taps((geometry.filters, geometry.support), set, random);
        let length = taps.len();
        Self {
            before: taps.clone(),
            taps,
            spectra: vec![Complex32::default(); geometry.filters * geometry.spectrum_len()],
            gradient: vec![0.0; length],
            direction,
            set,
            work: (0..GROUPS.min(geometry.filters)).map(|_| geometry.workspace()).collect(),
        }
    }

    /// Bytes of the buffers.
    pub(super) fn bytes(geometry: &Geometry) -> usize {
        let spectra = geometry.filters * geometry.spectrum_len() * size_of::<Complex32>();
        let taps = 4 * geometry.filters * geometry.tap_count() * size_of::<f32>();
        spectra + taps + GROUPS.min(geometry.filters) * geometry.workspace_bytes()
    }

    /// A block of accelerated projected steps against `term`, which belongs to the current taps on
    /// entry and on return.
    pub(super) fn improve(&mut self, term: &mut impl Term, geometry: &Geometry, steps: usize) {
        let start = term.value();
        self.before.copy_from_slice(&self.taps);
        let mut lipschitz = self.curvature(term);
        term.settle(self, Source::Taps);
        if lipschitz <= 0.0 {
            return;
        }
        let mut previous = self.taps.clone();
        let mut pace = 1.0_f32;
        for step in 0..steps {
            let next_pace = f32::midpoint(1.0, (1.0 + 4.0 * pace * pace).sqrt());
            let momentum = (pace - 1.0) / next_pace;
            pace = next_pace;
            for (now, previous) in self.taps.iter_mut().zip(&mut previous) {
                let start = *now + momentum * (*now - *previous);
                *previous = *now;
                *now = start;
            }
            if step > 0 {
                term.settle(self, Source::Taps);
            }
            term.differentiate(self);
            self.move_by(1.0 / lipschitz, geometry);
        }
        term.settle(self, Source::Taps);
        // The power iteration bounds the curvature from below only, so check.
        for _ in 0..4 {
            if term.value() <= start {
                return;
            }
            lipschitz *= 2.0;
            self.taps.copy_from_slice(&self.before);
            term.settle(self, Source::Taps);
            term.differentiate(self);
            self.move_by(1.0 / lipschitz, geometry);
            term.settle(self, Source::Taps);
        }
        if term.value() > start && self.set == FilterSet::UnitBall {
            self.taps.copy_from_slice(&self.before);
            term.settle(self, Source::Taps);
        }
    }

    /// Recomputes spectra and the residuals of every image.
    pub(super) fn synthesize(&mut self, fit: &mut Fit<'_>, source: Source) {
        self.transform(fit.geometry, source, fit.threads);
        let (geometry, signals, spectra) = (fit.geometry, fit.signals, &self.spectra);
        fit.threads.for_each(fit.codes, |image, codes| match source {
            Source::Taps => codes.synthesize(geometry, &signals[image], spectra),
            Source::Direction => {
                codes.synthesize_without_data(geometry, &signals[image], spectra);
            }
        });
    }

    /// `gradient ← crop(Σₙ zₙₖ ⋆ Rₙ)`: the gradient of the data term with the present residuals.
    pub(super) fn correlate(&mut self, fit: &Fit<'_>) {
        let geometry = fit.geometry;
        let (length, taps) = (geometry.spectrum_len(), geometry.tap_count());
        let group = geometry.filters.div_ceil(self.work.len());
        let codes = &*fit.codes;
        let groups = self.gradient.chunks_mut(group * taps).zip(&mut self.work);
        fit.threads.for_each(&mut groups.collect::<Vec<_>>(), |first, (gradients, work)| {
            for (k, gradient) in (first * group..).zip(gradients.chunks_exact_mut(taps)) {
                work.spectrum.fill(Complex32::default());
                for code in codes {
                    let map = &code.spectra[k * length..(k + 1) * length];
                    add_conjugate_product(map, &code.residual, &mut work.spectrum);
                }
                geometry.fft.inverse(&mut work.spectrum, &mut work.plane, &mut work.scratch);
                geometry.crop(&work.plane, gradient);
            }
        });
    }

    /// An estimate of the largest curvature of the data term, by one power iteration.
    fn curvature(&mut self, term: &mut impl Term) -> f32 {
        normalize(&mut self.direction);
        term.settle(self, Source::Direction);
        term.differentiate(self);
        let estimate = sum_of_squares(&self.gradient).sqrt();
        if estimate > 0.0 {
            self.direction.copy_from_slice(&self.gradient);
        }
        // The estimate comes from below; with a warm start it is this close.
        single(1.1 * estimate)
    }

    fn move_by(&mut self, rate: f32, geometry: &Geometry) {
        for (tap, gradient) in self.taps.iter_mut().zip(&self.gradient) {
            *tap -= rate * gradient;
        }
        for filter in self.taps.chunks_exact_mut(geometry.tap_count()) {
            constrain(filter, geometry.support, self.set);
        }
    }

    fn transform(&mut self, geometry: &Geometry, source: Source, threads: &Threads) {
        let values = match source {
            Source::Taps => &self.taps,
            Source::Direction => &self.direction,
        };
        let (length, taps) = (geometry.spectrum_len(), geometry.tap_count());
        let group = geometry.filters.div_ceil(self.work.len());
        let groups = self.spectra.chunks_mut(group * length).zip(&mut self.work);
        let groups = groups.zip(values.chunks(group * taps));
        threads.for_each(&mut groups.collect::<Vec<_>>(), |_, ((spectra, work), values)| {
            for (spectrum, taps) in spectra.chunks_exact_mut(length).zip(values.chunks_exact(taps))
            {
                geometry.embed(taps, &mut work.plane);
                geometry.fft.forward(&work.plane, spectrum, &mut work.scratch);
            }
        });
    }
}

impl Term for Fit<'_> {
    fn settle(&mut self, filters: &mut Filters, source: Source) {
        filters.synthesize(self, source);
    }

    fn differentiate(&mut self, filters: &mut Filters) {
        filters.correlate(self);
    }

    fn value(&self) -> f64 {
        misfit(self.codes)
    }
}

/// What a term is settled at: the filters, or the direction of the power iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Taps,
    Direction,
}

/// Filters on the unit sphere and a direction for the power iteration, by the number of filters
/// and their side.
pub(super) fn random_taps(
    (filters, support): (usize, usize),
    set: FilterSet,
    random: &mut Random,
) -> (Vec<f32>, Vec<f32>) {
    let length = filters * support * support;
    let mut noise = || (0..length).map(|_| random.normal()).collect::<Vec<_>>();
    let (mut taps, direction) = (noise(), noise());
    for filter in taps.chunks_exact_mut(support * support) {
        constrain(filter, support, set);
        normalize(filter);
    }
    (taps, direction)
}

/// `Σₙ ½ ‖Rₙ‖²` at the last synthesis, in the order of the images.
pub(super) fn misfit(codes: &[Codes]) -> f64 {
    codes.iter().map(|code| code.misfit).sum()
}

/// Projects one filter onto the constraint.
pub(super) fn constrain(filter: &mut [f32], support: usize, set: FilterSet) {
    if set == FilterSet::Separable {
        let (u, v) = factors(filter, support);
        for (row, u) in filter.chunks_exact_mut(support).zip(u) {
            for (tap, v) in row.iter_mut().zip(&v) {
                *tap = u * v;
            }
        }
    }
    project_to_unit_ball(filter);
}

/// The best separable approximation `u vᵀ` of a filter, `‖v‖ = 1`, by power iterations.
pub(super) fn factors(filter: &[f32], support: usize) -> (Vec<f32>, Vec<f32>) {
    let rows = || filter.chunks_exact(support);
    // The longest row is not orthogonal to the first singular vector, short of a tie.
    let longest = rows().max_by(|a, b| sum_of_squares(a).total_cmp(&sum_of_squares(b)));
    let mut v = longest.map_or_else(|| vec![0.0; support], <[f32]>::to_vec);
    let mut u = vec![0.0; support];
    for _ in 0..12 {
        normalize(&mut v);
        for (u, row) in u.iter_mut().zip(rows()) {
            *u = row.iter().zip(&v).map(|(a, b)| a * b).sum();
        }
        v.fill(0.0);
        for (u, row) in u.iter().zip(rows()) {
            for (v, a) in v.iter_mut().zip(row) {
                *v += u * a;
            }
        }
    }
    normalize(&mut v);
    (u, v)
}
