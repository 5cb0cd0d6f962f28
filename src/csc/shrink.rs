//! What makes codes sparse: thresholds on batches of coefficients.

use pulp::Simd;

use super::haar::{Haar8, InverseHaar8};
use super::line::{LANES, Line};

/// How a single coefficient `c` is shrunk: by the factor `(|c| − low) · slope`, held in `[0, 1]`.
///
/// It goes below nine tenths of the threshold and stays above eleven tenths. The way between makes
/// the result continuous, so that rounding, which differs from machine to machine, stays as small
/// as it is (after Gao and Bruce 1997, "`WaveShrink` with firm shrinkage", Statistica Sinica 7). It
/// costs no quality: up to a quarter of the threshold, the PSNR of all masks stays within 0.03 dB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Firm {
    pub(super) low: f32,
    pub(super) slope: f32,
}

impl Firm {
    /// Half the way from nothing to everything, relative to the threshold.
    const RAMP: f32 = 0.1;

    pub(super) fn at(threshold: f32) -> Self {
        // A threshold of zero keeps all that is not zero.
        let slope = (0.5 / (Self::RAMP * threshold)).min(f32::MAX);
        Self { low: (1.0 - Self::RAMP) * threshold, slope }
    }
}

/// Shrinks coefficients, except the first of every lane.
#[inline(always)]
pub(super) fn firm<S: Simd>(simd: S, codes: &mut [f32], Firm { low, slope }: Firm) {
    let (coefficients, _) = S::as_mut_simd_f32s(&mut codes[LANES..]);
    let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
    let (low, slope) = (simd.splat_f32s(low), simd.splat_f32s(slope));
    for coefficient in coefficients {
        let above = simd.sub_f32s(simd.abs_f32s(*coefficient), low);
        let factor = simd.max_f32s(simd.mul_f32s(above, slope), zero);
        *coefficient = simd.mul_f32s(*coefficient, simd.min_f32s(factor, one));
    }
}

/// One threshold for all coefficients across a group: white noise has the same power in each.
pub(super) const EVEN: [f32; 8] = [1.0; 8];

/// Thresholds of the eight coefficients across a group with holes, relative to the group's.
///
/// Guesses in holes differ from member to member while the picture repeats, so the mean across the
/// group is trusted most and differences of neighbours least. Chosen by measurement.
pub(super) const LEVELS: [f32; 8] = [0.5, 0.83, 1.17, 1.17, 1.5, 1.5, 1.5, 1.5];

/// Hard-thresholds the codes of eight batches after a Haar transform across them, each coefficient
/// at `threshold` times its entry in `levels`.
///
/// The batches lie one after another in `codes`; the mean of the means is kept.
#[inline(always)]
pub(super) fn hard_across_group<S: Simd>(
    simd: S,
    codes: &mut [f32],
    threshold: f32,
    levels: &[f32; 8],
) {
    let (vectors, _) = S::as_mut_simd_f32s(codes);
    let step = vectors.len() / 8;
    let means = LANES / S::F32_LANES;
    let zero = simd.splat_f32s(0.0);
    let mut thresholds = [zero; 8];
    for i in 0..8 {
        thresholds[i] = simd.splat_f32s(threshold * levels[i]);
    }
    for at in 0..step {
        let mut v = [zero; 8];
        for i in 0..8 {
            v[i] = vectors[at + i * step];
        }
        v = Haar8::apply(simd, v);
        let first = v[0];
        for i in 0..8 {
            let keep = simd.greater_than_or_equal_f32s(simd.abs_f32s(v[i]), thresholds[i]);
            v[i] = simd.select_f32s(keep, v[i], zero);
        }
        if at < means {
            v[0] = first;
        }
        v = InverseHaar8::apply(simd, v);
        for i in 0..8 {
            vectors[at + i * step] = v[i];
        }
    }
}

/// Scales the codes of eight batches, after a Haar transform across them, by the empirical Wiener
/// factor `p² / (p² + σ²)` of the same coefficients `p` of a pilot.
///
/// Adds the sum of the squared factors of every lane to `energy`: the share of the noise that
/// stays (Dabov et al. 2007, "Image denoising by sparse 3-D transform-domain collaborative
/// filtering", IEEE Trans. Image Processing 16, equation 11).
#[inline(always)]
pub(super) fn wiener_across_group<S: Simd>(
    simd: S,
    codes: &mut [f32],
    pilot: &[f32],
    variance: f32,
    energy: &mut [f32; LANES],
) {
    let (vectors, _) = S::as_mut_simd_f32s(codes);
    let (pilots, _) = S::as_simd_f32s(pilot);
    let (energy, _) = S::as_mut_simd_f32s(energy);
    let step = vectors.len() / 8;
    let per_sample = LANES / S::F32_LANES;
    let variance = simd.splat_f32s(variance);
    for at in 0..step {
        let (mut v, mut p) = ([variance; 8], [variance; 8]);
        for i in 0..8 {
            v[i] = vectors[at + i * step];
            p[i] = pilots[at + i * step];
        }
        v = Haar8::apply(simd, v);
        p = Haar8::apply(simd, p);
        let mut sum = energy[at % per_sample];
        for i in 0..8 {
            let power = simd.mul_f32s(p[i], p[i]);
            let factor = simd.div_f32s(power, simd.add_f32s(power, variance));
            v[i] = simd.mul_f32s(factor, v[i]);
            sum = simd.add_f32s(sum, simd.mul_f32s(factor, factor));
        }
        energy[at % per_sample] = sum;
        v = InverseHaar8::apply(simd, v);
        for i in 0..8 {
            vectors[at + i * step] = v[i];
        }
    }
}
