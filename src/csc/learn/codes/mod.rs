//! The sparse codes of one image.

mod steps;

use crate::numerics::fft2::Complex32;
use crate::numerics::norms::{single, sum_of_magnitudes, sum_of_squares};
use crate::numerics::spectrum::add_product;

use super::Acceleration;
use super::geometry::{Geometry, Workspace};
use super::signal::Signal;

/// The penalty at one iteration.
#[derive(Clone, Copy, Debug)]
pub(super) enum Penalty {
    /// `λ ‖z‖₁`.
    Soft(f32),
    /// `½ threshold² ‖z‖₀`.
    Hard(f32),
}

/// The bound on the curvature adds up all filters in phase and ignores the mask; half of it is
/// enough for most images. A block that raises the objective makes its image more cautious.
const FIRST_CAUTION: f32 = 0.5;

/// Codes `z` of one image: shape `(K, height, width)` of the padded plane.
pub(super) struct Codes {
    /// The maps after the last block of steps and its coupling.
    pub(super) maps: Vec<f32>,
    /// The maps before the last block.
    pub(super) before: Vec<f32>,
    /// `‖zₖ‖₁` of `maps` and of `before`.
    pub(super) norms: Vec<f32>,
    pub(super) norms_before: Vec<f32>,
    /// Spectra of `maps`, one after the other.
    pub(super) spectra: Vec<Complex32>,
    /// Spectrum of the residual `M (Σ dₖ ∗ zₖ − b)` at the last synthesis.
    pub(super) residual: Vec<Complex32>,
    /// `½ ‖M (Σ dₖ ∗ zₖ − b)‖²` at the last synthesis.
    pub(super) misfit: f64,
    /// Factor of the threshold of each map, one unless coupling says otherwise.
    pub(super) threshold_factors: Vec<f32>,
    /// Share of `before` added to the argument of the next proximal step of each map.
    pub(super) shares: Vec<f32>,
    /// The maps one step ago, for extrapolation.
    pub(super) previous: Vec<f32>,
    /// Their spectra, if momentum is carried from block to block; else empty.
    spectra_previous: Vec<Complex32>,
    /// The curvature that steps assume, as a share of its bound.
    pub(super) caution: f32,
    /// The sequence `t` of accelerated proximal gradients; one is a fresh start.
    pub(super) pace: f32,
    /// Spectrum of `Σ dₖ ∗ zₖ`, now and one step ago.
    synthesis: Vec<Complex32>,
    synthesis_previous: Vec<Complex32>,
    work: Workspace,
}

impl Codes {
    /// Codes of zero.
    pub(super) fn new(geometry: &Geometry, acceleration: Acceleration) -> Self {
        let carried = match acceleration {
            Acceleration::Carried => geometry.filters * geometry.spectrum_len(),
            Acceleration::WithinBlock => 0,
        };
        let maps = || vec![0.0; geometry.filters * geometry.plane_len()];
        let spectrum = || vec![Complex32::default(); geometry.spectrum_len()];
        let per_map = |value| vec![value; geometry.filters];
        Self {
            maps: maps(),
            before: maps(),
            previous: maps(),
            spectra_previous: vec![Complex32::default(); carried],
            pace: 1.0,
            caution: FIRST_CAUTION,
            norms: per_map(0.0),
            norms_before: per_map(0.0),
            spectra: vec![Complex32::default(); geometry.filters * geometry.spectrum_len()],
            residual: spectrum(),
            misfit: 0.0,
            threshold_factors: per_map(1.0),
            shares: per_map(0.0),
            synthesis: spectrum(),
            synthesis_previous: spectrum(),
            work: geometry.workspace(),
        }
    }

    /// Bytes of the buffers.
    pub(super) fn bytes(geometry: &Geometry, acceleration: Acceleration) -> usize {
        let spectra = match acceleration {
            Acceleration::Carried => 2,
            Acceleration::WithinBlock => 1,
        };
        let map = 3 * geometry.plane_len() * size_of::<f32>();
        let spectrum = geometry.spectrum_len() * size_of::<Complex32>();
        let per_map = map + spectra * spectrum + 4 * size_of::<f32>();
        geometry.filters * per_map + 3 * spectrum + geometry.workspace_bytes()
    }

    /// The value of the penalty.
    pub(super) fn penalty(&self, penalty: Penalty) -> f64 {
        match penalty {
            Penalty::Soft(lambda) => {
                f64::from(lambda) * self.norms.iter().map(|&n| f64::from(n)).sum::<f64>()
            }
            Penalty::Hard(threshold) => 0.5 * f64::from(threshold).powi(2) * self.nonzeros() as f64,
        }
    }

    /// Number of coefficients that are not zero.
    pub(super) fn nonzeros(&self) -> usize {
        self.maps.iter().filter(|&&z| z != 0.0).count()
    }

    /// Computes residual and misfit for these codes under the filters with the given spectra.
    pub(super) fn synthesize(
        &mut self,
        geometry: &Geometry,
        signal: &Signal,
        filters: &[Complex32],
    ) {
        add_up(geometry, filters, &self.spectra, &mut self.synthesis);
        self.work.spectrum.copy_from_slice(&self.synthesis);
        self.measure(geometry, signal);
    }

    /// Residual spectrum of `M (Σ vₖ ∗ zₖ)` without data: the inner half of `ZᵀMZ v`.
    pub(super) fn synthesize_without_data(
        &mut self,
        geometry: &Geometry,
        signal: &Signal,
        filters: &[Complex32],
    ) {
        add_up(geometry, filters, &self.spectra, &mut self.synthesis);
        let work = &mut self.work;
        work.spectrum.copy_from_slice(&self.synthesis);
        geometry.fft.inverse(&mut work.spectrum, &mut work.plane, &mut work.scratch);
        for (value, weight) in work.plane.iter_mut().zip(&signal.weight) {
            *value *= weight;
        }
        geometry.fft.forward(&work.plane, &mut self.residual, &mut work.scratch);
    }

    /// Recomputes the spectra of the maps one step ago, say after they were read from a file.
    pub(super) fn refresh_previous(&mut self, geometry: &Geometry) {
        let spectra = self.spectra_previous.chunks_exact_mut(geometry.spectrum_len());
        for (spectrum, map) in spectra.zip(self.previous.chunks_exact(geometry.plane_len())) {
            geometry.fft.forward(map, spectrum, &mut self.work.scratch);
        }
    }

    /// Recomputes norms and spectra of the chosen maps after they were changed from outside.
    pub(super) fn refresh(&mut self, geometry: &Geometry, chosen: impl Fn(usize) -> bool) {
        let (plane, spectrum) = (geometry.plane_len(), geometry.spectrum_len());
        for k in (0..geometry.filters).filter(|&k| chosen(k)) {
            let map = &self.maps[k * plane..(k + 1) * plane];
            let target = &mut self.spectra[k * spectrum..(k + 1) * spectrum];
            geometry.fft.forward(map, target, &mut self.work.scratch);
            self.norms[k] = single(sum_of_magnitudes(map));
        }
    }

    /// `Σ dₖ ∗ zₖ` on the padded plane, for the spectra at the last synthesis.
    pub(super) fn coded_plane(&mut self, geometry: &Geometry) -> &[f32] {
        let work = &mut self.work;
        work.spectrum.copy_from_slice(&self.synthesis);
        geometry.fft.inverse(&mut work.spectrum, &mut work.plane, &mut work.scratch);
        &work.plane
    }

    /// Turns the synthesis in `work.spectrum` into residual and misfit.
    fn measure(&mut self, geometry: &Geometry, signal: &Signal) {
        let work = &mut self.work;
        geometry.fft.inverse(&mut work.spectrum, &mut work.plane, &mut work.scratch);
        let pairs = signal.data.iter().zip(&signal.weight);
        for (value, (data, weight)) in work.plane.iter_mut().zip(pairs) {
            *value = weight * (*value - data);
        }
        self.misfit = 0.5 * sum_of_squares(&work.plane);
        geometry.fft.forward(&work.plane, &mut self.residual, &mut work.scratch);
    }

    fn finish(&mut self, geometry: &Geometry, signal: &Signal) {
        self.work.spectrum.copy_from_slice(&self.synthesis);
        self.measure(geometry, signal);
        for (norm, map) in self.norms.iter_mut().zip(self.maps.chunks_exact(geometry.plane_len())) {
            *norm = single(sum_of_magnitudes(map));
        }
    }
}

/// `sum ← Σₖ dₖ zₖ` in frequency.
fn add_up(geometry: &Geometry, filters: &[Complex32], maps: &[Complex32], sum: &mut [Complex32]) {
    let length = geometry.spectrum_len();
    sum.fill(Complex32::default());
    for (filter, map) in filters.chunks_exact(length).zip(maps.chunks_exact(length)) {
        add_product(filter, map, sum);
    }
}

#[cfg(test)]
mod tests {
    use super::{Acceleration, Codes, Geometry};
    use crate::csc::learn::LearnParameters;

    #[test]
    fn the_bytes_are_those_of_the_buffers() {
        for acceleration in [Acceleration::Carried, Acceleration::WithinBlock] {
            let geometry = Geometry::new(&LearnParameters::default(), 30, 40);
            let codes = Codes::new(&geometry, acceleration);
            let samples = [
                &codes.maps,
                &codes.before,
                &codes.previous,
                &codes.norms,
                &codes.norms_before,
                &codes.threshold_factors,
                &codes.shares,
                &codes.work.plane,
            ];
            let coefficients = [
                &codes.spectra,
                &codes.spectra_previous,
                &codes.residual,
                &codes.synthesis,
                &codes.synthesis_previous,
                &codes.work.spectrum,
            ];
            let samples: usize = samples.map(Vec::len).iter().sum();
            let coefficients: usize = coefficients.map(Vec::len).iter().sum();
            assert_eq!(Codes::bytes(&geometry, acceleration), 4 * samples + 8 * coefficients);
        }
    }
}
