//! What is kept of batches that are gone: a quadratic function of the filters above their data
//! terms.
//!
//! The data term of a batch in the filters, with its codes `z` fixed, has the curvature `ZᵀMZ`: a
//! mask makes that `(K s²)²` different numbers. Without a mask only the correlations of the maps
//! are left, `Rₖₗ(τ) = Σ zₖ(q) zₗ(q + τ)` for `|τ| < s`, `K² (2s − 1)²` numbers whatever the number
//! of images. `ZᵀZ` is never below `ZᵀMZ`, so the quadratic function with that curvature and with
//! the exact gradient at the filters of the time lies above the data term and touches it there:
//! hidden pixels count as what the filters of the time said of them. Lowering sums of such
//! functions is stochastic majorisation and minimisation (Mairal 2013, "Stochastic
//! majorization-minimization algorithms for large-scale optimization", NIPS 26).

use pulp::Arch;

use crate::csc::learn::filters::{Filters, Fit, Source, Term};
use crate::numerics::Threads;
use crate::numerics::fft2::Complex32;
use crate::numerics::norms::inner_product;
use crate::numerics::spectrum::add_conjugate_product;

/// `½ dᵀ A d − cᵀ d`.
pub(in crate::csc::learn) struct Surrogate {
    /// Filters `K`.
    filters: usize,
    /// Side `s` of a filter.
    support: usize,
    /// `Rₖₗ(τ)`: shape `(K, K, 2s − 1, 2s − 1)`, lags from `−(s − 1)` on.
    pub(in crate::csc::learn) correlations: Vec<f32>,
    /// `c`: shape `(K, s, s)`.
    pub(in crate::csc::learn) linear: Vec<f32>,
    /// `A d`, or `A v` for the direction of the power iteration, where the surrogate was settled.
    product: Vec<f32>,
    settled: Source,
    value: f64,
    threads: Threads,
}

impl Surrogate {
    /// Nothing seen yet.
    pub(in crate::csc::learn) fn zero(filters: usize, support: usize, threads: &Threads) -> Self {
        let taps = vec![0.0; filters * support * support];
        Self {
            filters,
            support,
            correlations: vec![0.0; filters * filters * (2 * support - 1).pow(2)],
            linear: taps.clone(),
            product: taps,
            settled: Source::Taps,
            value: 0.0,
            threads: threads.clone(),
        }
    }

    /// Bytes of the buffers.
    pub(in crate::csc::learn) fn bytes(filters: usize, support: usize) -> usize {
        let lags = filters.saturating_mul(filters).saturating_mul((2 * support - 1).pow(2));
        let taps = 2 * filters * support * support;
        lags.saturating_add(taps).saturating_mul(size_of::<f32>())
    }

    /// `weight · history` and the surrogate of a batch at the present filters. Residuals and
    /// spectra of `fit` and `filters` belong to the taps; the gradient of `filters` is overwritten.
    pub(in crate::csc::learn) fn gather(
        &mut self,
        history: &Self,
        weight: f32,
        fit: &Fit<'_>,
        filters: &mut Filters,
    ) {
        for (sum, old) in self.correlations.iter_mut().zip(&history.correlations) {
            *sum = weight * old;
        }
        self.correlate_maps(fit);
        self.mirror();
        // The gradient of the sum is that of the faded history and the exact one of the batch.
        filters.correlate(fit);
        history.multiply(&filters.taps, &mut self.product);
        for (((c, product), old), exact) in
            self.linear.iter_mut().zip(&self.product).zip(&history.linear).zip(&filters.gradient)
        {
            *c = -(weight * (product - old) + exact);
        }
        self.settle(filters, Source::Taps);
        for (c, product) in self.linear.iter_mut().zip(&self.product) {
            *c += product;
        }
        self.measure(&filters.taps);
    }

    /// Adds the correlations of the maps of a batch for `l ≥ k`.
    fn correlate_maps(&mut self, fit: &Fit<'_>) {
        let (filters, lags) = (self.filters, (2 * self.support - 1).pow(2));
        let (geometry, length) = (fit.geometry, fit.geometry.spectrum_len());
        let codes = &*fit.codes;
        let mut rows: Vec<_> = self.correlations.chunks_exact_mut(filters * lags).collect();
        self.threads.for_each(&mut rows, |k, row| {
            let mut work = geometry.workspace();
            for (l, target) in row.chunks_exact_mut(lags).enumerate().skip(k) {
                work.spectrum.fill(Complex32::default());
                for code in codes {
                    let map = |k: usize| &code.spectra[k * length..(k + 1) * length];
                    add_conjugate_product(map(k), map(l), &mut work.spectrum);
                }
                geometry.fft.inverse(&mut work.spectrum, &mut work.plane, &mut work.scratch);
                geometry.add_lags(&work.plane, target);
            }
        });
    }

    /// `Rₗₖ(τ) = Rₖₗ(−τ)` for `l > k`.
    fn mirror(&mut self) {
        let lags = (2 * self.support - 1).pow(2);
        for k in 0..self.filters {
            for l in k + 1..self.filters {
                let (above, below) = ((k * self.filters + l) * lags, (l * self.filters + k) * lags);
                for lag in 0..lags {
                    self.correlations[below + lag] = self.correlations[above + lags - 1 - lag];
                }
            }
        }
    }

    fn measure(&mut self, v: &[f32]) {
        self.value = 0.5 * inner_product(v, &self.product) - inner_product(v, &self.linear);
    }

    /// `out ← A v`.
    fn multiply(&self, v: &[f32], out: &mut [f32]) {
        let (side, lags) = (self.support, (2 * self.support - 1).pow(2));
        let rows = self.correlations.chunks_exact(self.filters * lags);
        let mut rows: Vec<_> = rows.zip(out.chunks_exact_mut(side * side)).collect();
        self.threads.for_each(&mut rows, |_, (row, out)| {
            out.fill(0.0);
            Arch::new().dispatch(|| {
                for (lags, v) in row.chunks_exact(lags).zip(v.chunks_exact(side * side)) {
                    add_filtered(lags, v, side, out);
                }
            });
        });
    }
}

/// `out(i) += Σⱼ R(i − j) v(j)` for `i` and `j` on the support.
#[inline(always)]
fn add_filtered(lags: &[f32], v: &[f32], side: usize, out: &mut [f32]) {
    let width = 2 * side - 1;
    for (j, v) in v.iter().enumerate() {
        let (top, left) = (side - 1 - j / side, side - 1 - j % side);
        for (row, out) in out.chunks_exact_mut(side).enumerate() {
            let start = (top + row) * width + left;
            for (out, lag) in out.iter_mut().zip(&lags[start..start + side]) {
                *out += v * lag;
            }
        }
    }
}

impl Term for Surrogate {
    fn settle(&mut self, filters: &mut Filters, source: Source) {
        let values = match source {
            Source::Taps => &filters.taps,
            Source::Direction => &filters.direction,
        };
        let mut product = std::mem::take(&mut self.product);
        self.multiply(values, &mut product);
        self.product = product;
        self.settled = source;
        self.measure(values);
    }

    fn differentiate(&mut self, filters: &mut Filters) {
        filters.gradient.copy_from_slice(&self.product);
        if self.settled == Source::Taps {
            for (gradient, c) in filters.gradient.iter_mut().zip(&self.linear) {
                *gradient -= c;
            }
        }
    }

    fn value(&self) -> f64 {
        self.value
    }
}
