//! Accelerated proximal steps on the codes of one image.

use pulp::Arch;

use crate::numerics::fft2::Complex32;
use crate::numerics::prox::{hard_threshold, soft_threshold};
use crate::numerics::spectrum::{add_product, conjugate_product, extrapolate};

use super::super::geometry::Geometry;
use super::super::signal::Signal;
use super::{Codes, Penalty, add_up};

impl Codes {
    /// A block of accelerated proximal steps. `residual` and `misfit` must belong to the current
    /// maps and `filters`, and do so again afterwards.
    ///
    /// `lipschitz` bounds the curvature, so one step of its inverse from the start cannot raise
    /// the objective; if the bolder accelerated block does, that one step replaces it.
    pub(in crate::csc::learn) fn improve(
        &mut self,
        geometry: &Geometry,
        signal: &Signal,
        filters: &[Complex32],
        lipschitz: f32,
        penalty: Penalty,
        steps: usize,
    ) {
        self.before.copy_from_slice(&self.maps);
        self.norms_before.copy_from_slice(&self.norms);
        let start = self.misfit + self.penalty(penalty);
        if self.spectra_previous.is_empty() {
            self.pace = 1.0;
        } else if self.pace > 1.0 {
            // The filters have changed since the last step.
            add_up(geometry, filters, &self.spectra_previous, &mut self.synthesis_previous);
        }
        for step in 0..steps {
            let next_pace = f32::midpoint(1.0, (1.0 + 4.0 * self.pace * self.pace).sqrt());
            let momentum = (self.pace - 1.0) / next_pace;
            self.pace = next_pace;
            if step > 0 || momentum > 0.0 {
                let target = &mut self.work.spectrum;
                extrapolate(&self.synthesis, &self.synthesis_previous, momentum, target);
                self.measure(geometry, signal);
            }
            self.step(geometry, filters, 1.0 / (self.caution * lipschitz), momentum, penalty);
            self.shares.fill(0.0);
        }
        self.finish(geometry, signal);
        let free = matches!(penalty, Penalty::Soft(_))
            && self.threshold_factors.iter().all(|factor| factor.to_bits() == 1.0_f32.to_bits());
        if free && self.misfit + self.penalty(penalty) > start {
            self.maps.copy_from_slice(&self.before);
            self.refresh(geometry, |_| true);
            self.synthesize(geometry, signal, filters);
            self.step(geometry, filters, 1.0 / lipschitz, 0.0, penalty);
            self.finish(geometry, signal);
            self.pace = 1.0;
            self.caution = (1.4 * self.caution).min(1.0);
        }
    }

    /// One proximal step on every map from the extrapolated point, whose residual is known.
    fn step(
        &mut self,
        geometry: &Geometry,
        filters: &[Complex32],
        rate: f32,
        momentum: f32,
        penalty: Penalty,
    ) {
        let (plane, length) = (geometry.plane_len(), geometry.spectrum_len());
        std::mem::swap(&mut self.synthesis, &mut self.synthesis_previous);
        self.synthesis.fill(Complex32::default());
        let work = &mut self.work;
        for (k, filter) in filters.chunks_exact(length).enumerate() {
            let map = &mut self.maps[k * plane..(k + 1) * plane];
            let previous = &mut self.previous[k * plane..(k + 1) * plane];
            let spectrum = &mut self.spectra[k * length..(k + 1) * length];
            conjugate_product(filter, &self.residual, &mut work.spectrum);
            geometry.fft.inverse(&mut work.spectrum, &mut work.plane, &mut work.scratch);
            let share = self.shares[k];
            if share != 0.0 {
                // Not worth fusing: few maps qualify, and only for one step.
                let before = &self.before[k * plane..(k + 1) * plane];
                for (gradient, before) in work.plane.iter_mut().zip(before) {
                    *gradient -= share * before / rate;
                }
            }
            let factor = self.threshold_factors[k];
            match penalty {
                Penalty::Soft(lambda) => {
                    let threshold = factor * lambda * rate;
                    advance(map, previous, &work.plane, rate, momentum, |v| {
                        soft_threshold(v, threshold)
                    });
                }
                Penalty::Hard(height) => {
                    let threshold = factor * height * rate.sqrt();
                    advance(map, previous, &work.plane, rate, momentum, |v| {
                        hard_threshold(v, threshold)
                    });
                }
            }
            if let Some(old) = self.spectra_previous.get_mut(k * length..(k + 1) * length) {
                old.copy_from_slice(spectrum);
            }
            geometry.fft.forward(map, spectrum, &mut work.scratch);
            add_product(filter, spectrum, &mut self.synthesis);
        }
    }
}

/// `z⁺ = prox(y − rate · gradient)` with `y = z + momentum (z − z⁻)`, in place.
fn advance(
    map: &mut [f32],
    previous: &mut [f32],
    gradient: &[f32],
    rate: f32,
    momentum: f32,
    prox: impl Fn(f32) -> f32,
) {
    Arch::new().dispatch(|| {
        for ((now, previous), gradient) in map.iter_mut().zip(previous.iter_mut()).zip(gradient) {
            let start = *now + momentum * (*now - *previous);
            *previous = *now;
            *now = prox(start - rate * gradient);
        }
    });
}
