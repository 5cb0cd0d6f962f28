//! The orthonormal two-dimensional cosine transform on 8×8 and 16×16 blocks.
//!
//! Ahmed, Natarajan and Rao (1974), "Discrete Cosine Transform", IEEE Trans. Computers C-23:
//! the DCT-II, scaled to be orthonormal, split into its even and odd half so that an eight-point
//! transform takes 22 multiplications.

use pulp::Simd;

use super::frame::Frame;
use super::line::{Line, apply_both_ways};

/// The 8×8 transform.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dct8;

/// The 16×16 transform.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dct16;

impl Frame for Dct8 {
    const SIDE: usize = 8;

    #[inline(always)]
    fn analyse<S: Simd>(&self, simd: S, batch: &mut [f32]) {
        apply_both_ways::<Forward8, S, 8>(simd, batch);
    }

    #[inline(always)]
    fn synthesise<S: Simd>(&self, simd: S, batch: &mut [f32]) {
        apply_both_ways::<Inverse8, S, 8>(simd, batch);
    }
}

impl Frame for Dct16 {
    const SIDE: usize = 16;

    #[inline(always)]
    fn analyse<S: Simd>(&self, simd: S, batch: &mut [f32]) {
        apply_both_ways::<Forward16, S, 16>(simd, batch);
    }

    #[inline(always)]
    fn synthesise<S: Simd>(&self, simd: S, batch: &mut [f32]) {
        apply_both_ways::<Inverse16, S, 16>(simd, batch);
    }
}

/// The sum of `terms` with `weights`.
#[inline(always)]
fn mix<S: Simd, const T: usize>(simd: S, weights: &[f32; T], terms: &[S::f32s; T]) -> S::f32s {
    // Not fused: a fused product would round differently on machines that lack it.
    let mut sum = simd.mul_f32s(simd.splat_f32s(weights[0]), terms[0]);
    for t in 1..T {
        sum = simd.add_f32s(sum, simd.mul_f32s(simd.splat_f32s(weights[t]), terms[t]));
    }
    sum
}

/// `√(1/8)`: the weight of every sample in the mean, and of `±` every sample in coefficient 4.
const MEAN8: f32 = 0.353_553_38;

/// Coefficients 2 and 6 from the two differences of sums: `cos(π/8) / 2` and `sin(π/8) / 2`.
const TURN: [[f32; 2]; 2] = [[0.461_939_77, 0.191_341_71], [0.191_341_71, -0.461_939_77]];

/// `ODD4[k][n] = cos((2n + 1)(2k + 1) π / 16) / 2`: the odd coefficients from the differences.
const ODD4: [[f32; 4]; 4] = [
    [0.490_392_64, 0.415_734_8, 0.277_785_12, 0.097_545_16],
    [0.415_734_8, -0.097_545_16, -0.490_392_64, -0.277_785_12],
    [0.277_785_12, -0.490_392_64, 0.097_545_16, 0.415_734_8],
    [0.097_545_16, -0.277_785_12, 0.415_734_8, -0.490_392_64],
];

struct Forward8;

impl Line<8> for Forward8 {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, v: [S::f32s; 8]) -> [S::f32s; 8] {
        let (mut s, mut d) = ([v[0]; 4], [v[0]; 4]);
        for n in 0..4 {
            s[n] = simd.add_f32s(v[n], v[7 - n]);
            d[n] = simd.sub_f32s(v[n], v[7 - n]);
        }
        let outer = simd.add_f32s(s[0], s[3]);
        let inner = simd.add_f32s(s[1], s[2]);
        let turn = [simd.sub_f32s(s[0], s[3]), simd.sub_f32s(s[1], s[2])];
        let mean = simd.splat_f32s(MEAN8);
        [
            simd.mul_f32s(mean, simd.add_f32s(outer, inner)),
            mix(simd, &ODD4[0], &d),
            mix(simd, &TURN[0], &turn),
            mix(simd, &ODD4[1], &d),
            simd.mul_f32s(mean, simd.sub_f32s(outer, inner)),
            mix(simd, &ODD4[2], &d),
            mix(simd, &TURN[1], &turn),
            mix(simd, &ODD4[3], &d),
        ]
    }
}

struct Inverse8;

impl Line<8> for Inverse8 {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, v: [S::f32s; 8]) -> [S::f32s; 8] {
        let mean = simd.splat_f32s(MEAN8);
        let outer = simd.mul_f32s(mean, simd.add_f32s(v[0], v[4]));
        let inner = simd.mul_f32s(mean, simd.sub_f32s(v[0], v[4]));
        // TURN and ODD4 are symmetric, so their rows serve as their columns.
        let turn = [mix(simd, &TURN[0], &[v[2], v[6]]), mix(simd, &TURN[1], &[v[2], v[6]])];
        let s = [
            simd.add_f32s(outer, turn[0]),
            simd.add_f32s(inner, turn[1]),
            simd.sub_f32s(inner, turn[1]),
            simd.sub_f32s(outer, turn[0]),
        ];
        let odd = [v[1], v[3], v[5], v[7]];
        let mut samples = v;
        for n in 0..4 {
            let d = mix(simd, &ODD4[n], &odd);
            samples[n] = simd.add_f32s(s[n], d);
            samples[7 - n] = simd.sub_f32s(s[n], d);
        }
        samples
    }
}

/// `ODD8[k][n] = cos((2n + 1)(2k + 1) π / 32) / √8`.
const ODD8: [[f32; 8]; 8] = [
    [
        0.351_850_93,
        0.338_329_5,
        0.311_806_25,
        0.273_300_47,
        0.224_291_9,
        0.166_663_92,
        0.102_631_13,
        0.034_654_29,
    ],
    [
        0.338_329_5,
        0.224_291_9,
        0.034_654_29,
        -0.166_663_92,
        -0.311_806_25,
        -0.351_850_93,
        -0.273_300_47,
        -0.102_631_13,
    ],
    [
        0.311_806_25,
        0.034_654_29,
        -0.273_300_47,
        -0.338_329_5,
        -0.102_631_13,
        0.224_291_9,
        0.351_850_93,
        0.166_663_92,
    ],
    [
        0.273_300_47,
        -0.166_663_92,
        -0.338_329_5,
        0.034_654_29,
        0.351_850_93,
        0.102_631_13,
        -0.311_806_25,
        -0.224_291_9,
    ],
    [
        0.224_291_9,
        -0.311_806_25,
        -0.102_631_13,
        0.351_850_93,
        -0.034_654_29,
        -0.338_329_5,
        0.166_663_92,
        0.273_300_47,
    ],
    [
        0.166_663_92,
        -0.351_850_93,
        0.224_291_9,
        0.102_631_13,
        -0.338_329_5,
        0.273_300_47,
        0.034_654_29,
        -0.311_806_25,
    ],
    [
        0.102_631_13,
        -0.273_300_47,
        0.351_850_93,
        -0.311_806_25,
        0.166_663_92,
        0.034_654_29,
        -0.224_291_9,
        0.338_329_5,
    ],
    [
        0.034_654_29,
        -0.102_631_13,
        0.166_663_92,
        -0.224_291_9,
        0.273_300_47,
        -0.311_806_25,
        0.338_329_5,
        -0.351_850_93,
    ],
];

/// `1/√2`: what turns a half of the sixteen-point transform into an eight-point one.
const SQRT_HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;

struct Forward16;

impl Line<16> for Forward16 {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, v: [S::f32s; 16]) -> [S::f32s; 16] {
        let (mut s, mut d) = ([v[0]; 8], [v[0]; 8]);
        for n in 0..8 {
            s[n] = simd.add_f32s(v[n], v[15 - n]);
            d[n] = simd.sub_f32s(v[n], v[15 - n]);
        }
        let even = Forward8::apply(simd, s);
        let scale = simd.splat_f32s(SQRT_HALF);
        let mut code = v;
        for k in 0..8 {
            code[2 * k] = simd.mul_f32s(scale, even[k]);
            code[2 * k + 1] = mix(simd, &ODD8[k], &d);
        }
        code
    }
}

struct Inverse16;

impl Line<16> for Inverse16 {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, v: [S::f32s; 16]) -> [S::f32s; 16] {
        let scale = simd.splat_f32s(SQRT_HALF);
        let (mut even, mut odd) = ([v[0]; 8], [v[0]; 8]);
        for k in 0..8 {
            even[k] = simd.mul_f32s(scale, v[2 * k]);
            odd[k] = v[2 * k + 1];
        }
        let s = Inverse8::apply(simd, even);
        let mut samples = v;
        for n in 0..8 {
            // ODD8 is symmetric too.
            let d = mix(simd, &ODD8[n], &odd);
            samples[n] = simd.add_f32s(s[n], d);
            samples[15 - n] = simd.sub_f32s(s[n], d);
        }
        samples
    }
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};

    use super::super::line::LANES;
    use super::*;

    /// The transform straight from its definition, in double precision.
    fn definition(side: usize, block: &[f32]) -> Vec<f64> {
        let n = side as f64;
        let basis = |k: usize, i: usize| {
            let scale = if k == 0 { (1.0 / n).sqrt() } else { (2.0 / n).sqrt() };
            scale * ((2 * i + 1) as f64 * k as f64 * std::f64::consts::PI / (2.0 * n)).cos()
        };
        let mut code = vec![0.0; side * side];
        for ky in 0..side {
            for kx in 0..side {
                for y in 0..side {
                    for x in 0..side {
                        code[ky * side + kx] +=
                            f64::from(block[y * side + x]) * basis(ky, y) * basis(kx, x);
                    }
                }
            }
        }
        code
    }

    struct Transform<'a, F>(&'a F, &'a mut [f32], bool);

    impl<F: Frame> WithSimd for Transform<'_, F> {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            if self.2 { self.0.analyse(simd, self.1) } else { self.0.synthesise(simd, self.1) }
        }
    }

    fn check<F: Frame>(frame: &F) {
        let samples = F::SIDE * F::SIDE;
        let batch: Vec<f32> =
            (0..samples * LANES).map(|i| ((i * 7919 + 13) % 101) as f32 / 50.0 - 1.0).collect();
        let mut code = batch.clone();
        Arch::new().dispatch(Transform(frame, &mut code, true));
        for lane in 0..LANES {
            let block: Vec<f32> = (0..samples).map(|i| batch[i * LANES + lane]).collect();
            for (i, slow) in definition(F::SIDE, &block).into_iter().enumerate() {
                let fast = code[i * LANES + lane];
                assert!((f64::from(fast) - slow).abs() < 1e-5, "{fast} is not {slow}");
            }
        }
        Arch::new().dispatch(Transform(frame, &mut code, false));
        for (back, sample) in code.iter().zip(&batch) {
            assert!((back - sample).abs() < 1e-5, "{back} is not {sample}");
        }
    }

    #[test]
    fn the_8x8_transform_agrees_with_its_definition_and_inverts() {
        check(&Dct8);
    }

    #[test]
    fn the_16x16_transform_agrees_with_its_definition_and_inverts() {
        check(&Dct16);
    }
}
