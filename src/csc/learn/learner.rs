//! The outer iteration.

use crate::numerics::norms::single;
use crate::numerics::spectrum::peak_energy;
use crate::numerics::{Control, Plane, Progress, Random, Threads};

use super::codes::{Codes, Penalty};
use super::filters::{Filters, Fit, Source, misfit};
use super::forms::couple;
use super::geometry::Geometry;
use super::signal::Signal;
use super::{Convergence, LearnError, LearnParameters, Sparsity, TrainingImage};

/// A dictionary being learned, with the codes of all its images.
///
/// Memory grows with the images, see [`Self::memory`]; [`super::OnlineLearner`] is for many.
pub struct Learner {
    pub(super) parameters: LearnParameters,
    pub(super) geometry: Geometry,
    pub(super) signals: Vec<Signal>,
    pub(super) codes: Vec<Codes>,
    pub(super) filters: Filters,
    pub(super) random: Random,
    pub(super) iteration: usize,
    pub(super) convergence: Convergence,
    pub(super) threads: Threads,
}

/// Where a learner stands after an outer iteration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IterationReport {
    /// Outer iterations finished.
    pub iteration: usize,
    /// Data term plus penalty.
    pub objective: f64,
    /// The data term `½ Σ ‖M (D z − b)‖²`.
    pub misfit: f64,
    /// PSNR in dB of what the codes say against all known pixels: range 1, in the units of the
    /// images.
    pub psnr: f64,
    /// Share of the coefficients that are not zero.
    pub density: f64,
    /// Pairs of variables to which the projection was applied in this iteration.
    pub coupled: usize,
}

impl Learner {
    /// Prepares images (all of one size) and random first filters; the codes start at zero.
    ///
    /// # Errors
    /// Whatever is wrong with images or parameters, see [`LearnError`].
    pub fn new(
        images: &[TrainingImage],
        parameters: LearnParameters,
        threads: &Threads,
    ) -> Result<Self, LearnError> {
        let mut learner = Self::prepare(images, parameters, threads)?;
        learner.synthesize();
        Ok(learner)
    }

    /// As [`Self::new`], but spectra and residuals are left to [`Self::synthesize`].
    pub(super) fn prepare(
        images: &[TrainingImage],
        parameters: LearnParameters,
        threads: &Threads,
    ) -> Result<Self, LearnError> {
        parameters.validate()?;
        let first = images.first().ok_or(LearnError::NoImages)?;
        let (height, width) = (first.samples.height(), first.samples.width());
        let support = parameters.support;
        if height < support || width < support {
            return Err(LearnError::TooSmall { image: 0, height, width, support });
        }
        let geometry = Geometry::new(&parameters, height, width);
        let prepare =
            |(index, image)| Signal::new(index, image, (height, width), &parameters, &geometry);
        let signals = images.iter().enumerate().map(prepare).collect::<Result<Vec<_>, _>>()?;
        let mut random = Random::seeded(parameters.seed);
        let filters = Filters::random(&geometry, parameters.filter_set, &mut random);
        let codes = images.iter().map(|_| Codes::new(&geometry, parameters.acceleration)).collect();
        Ok(Self {
            convergence: Convergence::new(parameters.tolerance),
            parameters,
            geometry,
            signals,
            codes,
            filters,
            random,
            iteration: 0,
            threads: threads.clone(),
        })
    }

    /// Bytes that the learner will hold for `images` images of the given height and width, but
    /// for small change.
    pub fn memory(parameters: &LearnParameters, size: (usize, usize), images: usize) -> usize {
        let geometry = Geometry::new(parameters, size.0, size.1);
        let image = Codes::bytes(&geometry, parameters.acceleration) + Signal::bytes(&geometry);
        images.saturating_mul(image).saturating_add(Filters::bytes(&geometry))
    }

    /// Runs the remaining iterations, fewer if the objective converges before.
    ///
    /// # Errors
    /// [`LearnError::Stopped`] if `control` says so, after which the learner can continue;
    /// [`LearnError::Diverged`] if an iterate left the reals.
    pub fn run(&mut self, control: &dyn Control) -> Result<IterationReport, LearnError> {
        let mut report = self.report(0);
        let total = self.parameters.iterations;
        while !self.is_finished() {
            report = self.advance()?;
            let residual = self.change();
            control.report(Progress { iteration: self.iteration, total, residual })?;
        }
        Ok(report)
    }

    /// One outer iteration: codes, filters, coupling.
    ///
    /// # Errors
    /// [`LearnError::Diverged`] if an iterate left the reals.
    pub fn advance(&mut self) -> Result<IterationReport, LearnError> {
        let steps = self.parameters.filter_steps;
        self.advance_by(|filters, fit| {
            let geometry = fit.geometry;
            filters.improve(fit, geometry, steps);
        })
    }

    /// One outer iteration in which the filters are improved as the caller sees fit: residuals and
    /// spectra belong to the filters when `improve` is called and have to when it returns.
    pub(super) fn advance_by(
        &mut self,
        improve: impl FnOnce(&mut Filters, &mut Fit<'_>),
    ) -> Result<IterationReport, LearnError> {
        let penalty = self.penalty();
        // The Hessian of the data term is bounded by that without a mask, which is diagonal in
        // frequency but for the sum over filters.
        let peak = peak_energy(&self.filters.spectra, self.geometry.spectrum_len());
        let lipschitz = (1.01 * peak).max(f32::MIN_POSITIVE);
        let (geometry, signals, threads) = (&self.geometry, &self.signals, &self.threads);
        let (spectra, steps) = (&self.filters.spectra, self.parameters.code_steps);
        threads.for_each(&mut self.codes, |image, codes| {
            codes.improve(geometry, &signals[image], spectra, lipschitz, penalty, steps);
        });
        let mut fit = Fit { geometry, signals, codes: &mut self.codes, threads };
        improve(&mut self.filters, &mut fit);
        let mut coupled = 0;
        if let Some(coupling) = &self.parameters.coupling {
            self.filters.correlate(&fit);
            let fraction = coupling.schedule.fraction(self.iteration, self.parameters.iterations);
            coupled = couple(coupling, fraction, &mut self.filters, &mut fit, &mut self.random);
        }
        self.iteration += 1;
        let report = self.report(coupled);
        if report.objective.is_finite() {
            self.convergence.observe(report.objective);
            Ok(report)
        } else {
            Err(LearnError::Diverged { iteration: self.iteration })
        }
    }

    /// Outer iterations finished.
    pub fn iteration(&self) -> usize {
        self.iteration
    }

    /// Whether all iterations are done or the objective has converged.
    pub fn is_finished(&self) -> bool {
        self.iteration >= self.parameters.iterations || self.convergence.is_reached()
    }

    /// The objective after the last iteration, if there was one.
    pub fn objective(&self) -> Option<f64> {
        self.convergence.objective()
    }

    /// The settings.
    pub fn parameters(&self) -> &LearnParameters {
        &self.parameters
    }

    /// The filters: shape `(K, s, s)`.
    pub fn filters(&self) -> &[f32] {
        &self.filters.taps
    }

    /// Replaces the filters (shape `(K, s, s)`), say to start from a given dictionary.
    ///
    /// # Errors
    /// [`LearnError::Parameter`] if their number is wrong.
    pub fn set_filters(&mut self, taps: &[f32]) -> Result<(), LearnError> {
        if taps.len() != self.filters.taps.len() {
            let (limit, actual) = ("filters x support x support", taps.len() as f64);
            return Err(LearnError::Parameter { parameter: "taps", limit, actual });
        }
        self.filters.taps.copy_from_slice(taps);
        self.synthesize();
        Ok(())
    }

    /// What the codes say image `index` looks like: `(normalised signal, image)`, hidden pixels
    /// included.
    ///
    /// # Panics
    /// If there is no such image.
    pub fn reconstruct(&mut self, index: usize) -> (Plane<f32>, Plane<f32>) {
        let coded = self.codes[index].coded_plane(&self.geometry);
        self.signals[index].restore(coded, &self.geometry)
    }

    /// `image` with the normalisation of image `index`, for comparison with the coded signal.
    ///
    /// # Panics
    /// If there is no such image, or its size differs.
    pub fn normalize(&self, index: usize, image: &Plane<f32>) -> Plane<f32> {
        self.signals[index].normalize(image)
    }

    /// Recomputes all spectra and residuals from the real variables.
    pub(super) fn synthesize(&mut self) {
        let (geometry, signals, threads) = (&self.geometry, &self.signals, &self.threads);
        threads.for_each(&mut self.codes, |_, codes| codes.refresh(geometry, |_| true));
        let mut fit = Fit { geometry, signals, codes: &mut self.codes, threads };
        self.filters.synthesize(&mut fit, Source::Taps);
    }

    fn penalty(&self) -> Penalty {
        match self.parameters.sparsity {
            Sparsity::L1 { lambda } => Penalty::Soft(lambda),
            Sparsity::FallingThreshold { first, last } => {
                let rest = (self.parameters.iterations.max(2) - 1) as f32;
                Penalty::Hard(first * (last / first).powf((self.iteration as f32 / rest).min(1.0)))
            }
        }
    }

    fn report(&mut self, coupled: usize) -> IterationReport {
        let penalty = self.penalty();
        let misfit = misfit(&self.codes);
        let objective = misfit + self.codes.iter().map(|c| c.penalty(penalty)).sum::<f64>();
        let (geometry, signals) = (&self.geometry, &self.signals);
        let mut measured: Vec<_> = self.codes.iter_mut().map(|codes| (codes, 0.0, 0)).collect();
        self.threads.for_each(&mut measured, |image, (codes, error, nonzeros)| {
            *error = signals[image].squared_error(codes.coded_plane(geometry), geometry);
            *nonzeros = codes.nonzeros();
        });
        let error: f64 = measured.iter().map(|(_, error, _)| error).sum();
        let nonzeros: usize = measured.iter().map(|(.., nonzeros)| nonzeros).sum();
        let known: f64 = self.signals.iter().map(Signal::known).sum();
        let count: usize = self.codes.iter().map(|c| c.maps.len()).sum();
        IterationReport {
            iteration: self.iteration,
            objective,
            misfit,
            psnr: -10.0 * (error / known).log10(),
            density: nonzeros as f64 / count as f64,
            coupled,
        }
    }

    /// Root-mean-square change of the filter taps in the last iteration.
    pub(super) fn change(&self) -> f32 {
        let pairs = self.filters.taps.iter().zip(&self.filters.before);
        let sum: f64 = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum();
        single((sum / self.filters.taps.len() as f64).sqrt())
    }
}
