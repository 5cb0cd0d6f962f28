//! The orthonormal Haar transform across the eight members of a group.

use pulp::Simd;

use super::line::Line;

/// Haar (1910), three levels: the mean first, then differences from coarse to fine.
pub(super) struct Haar8;

/// The inverse of [`Haar8`].
pub(super) struct InverseHaar8;

const SQRT_HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;

impl Line<8> for Haar8 {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, mut v: [S::f32s; 8]) -> [S::f32s; 8] {
        let scale = simd.splat_f32s(SQRT_HALF);
        let mut length = 8;
        while length > 1 {
            let half = length / 2;
            let pairs = v;
            for i in 0..half {
                let (a, b) = (pairs[2 * i], pairs[2 * i + 1]);
                v[i] = simd.mul_f32s(scale, simd.add_f32s(a, b));
                v[half + i] = simd.mul_f32s(scale, simd.sub_f32s(a, b));
            }
            length = half;
        }
        v
    }
}

impl Line<8> for InverseHaar8 {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, mut v: [S::f32s; 8]) -> [S::f32s; 8] {
        let scale = simd.splat_f32s(SQRT_HALF);
        let mut half = 1;
        while half < 8 {
            let halves = v;
            for i in 0..half {
                let (mean, difference) = (halves[i], halves[half + i]);
                v[2 * i] = simd.mul_f32s(scale, simd.add_f32s(mean, difference));
                v[2 * i + 1] = simd.mul_f32s(scale, simd.sub_f32s(mean, difference));
            }
            half *= 2;
        }
        v
    }
}
