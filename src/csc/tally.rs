//! Counts codes for those who want to know: how many are kept, and what the threshold takes.

use pulp::Simd;

use crate::numerics::CodeSums;

use super::haar::Haar8;
use super::line::{LANES, Line};

/// What the codes of a strip are like so far.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) sums: CodeSums,
    before: Vec<f32>,
}

impl Tally {
    /// Takes note of a batch of codes before they are shrunk.
    pub(super) fn note(&mut self, codes: &[f32]) {
        self.before.clear();
        self.before.extend_from_slice(codes);
    }

    /// Counts the first `count` lanes of the batch after it was shrunk; the first code of a block is
    /// its mean's and had to pass no threshold.
    pub(super) fn count_batch(&mut self, codes: &[f32], count: usize, threshold: f32) {
        let batches = self.before.chunks_exact(LANES).zip(codes.chunks_exact(LANES));
        for (index, (before, after)) in batches.enumerate() {
            for (before, after) in before.iter().zip(after).take(count) {
                let price = if index == 0 { 0.0 } else { threshold };
                add(&mut self.sums, *before, *after, price);
            }
        }
    }

    /// Counts the first `count` lanes of eight batches before they are shrunk by hard thresholds
    /// across them, as [`super::shrink::hard_across_group`] does it.
    #[inline(always)]
    pub(super) fn count_group<S: Simd>(
        &mut self,
        simd: S,
        codes: &[f32],
        count: usize,
        threshold: f32,
        levels: &[f32; 8],
    ) {
        let (vectors, _) = S::as_simd_f32s(codes);
        let (step, per_batch) = (vectors.len() / 8, LANES / S::F32_LANES);
        let mut values = [0.0_f32; LANES];
        for at in 0..step {
            let mut v = [simd.splat_f32s(0.0); 8];
            for i in 0..8 {
                v[i] = vectors[at + i * step];
            }
            v = Haar8::apply(simd, v);
            let first = at % per_batch * S::F32_LANES;
            let lanes = count.saturating_sub(first).min(S::F32_LANES);
            for i in 0..8 {
                S::as_mut_simd_f32s(&mut values).0[0] = v[i];
                let is_mean = i == 0 && at < per_batch;
                let price = if is_mean { 0.0 } else { threshold * levels[i] };
                for &before in &values[..lanes] {
                    let after = if before.abs() >= price { before } else { 0.0 };
                    add(&mut self.sums, before, after, price);
                }
            }
        }
    }
}

fn add(sums: &mut CodeSums, before: f32, after: f32, price: f32) {
    let lost = f64::from(before) - f64::from(after);
    sums.coefficients += 1;
    sums.misfit += lost * lost;
    if after != 0.0 {
        sums.kept += 1;
        sums.penalty += f64::from(price) * f64::from(price);
    }
}
