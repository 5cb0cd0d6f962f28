//! One-dimensional transforms, the parts that the transforms of blocks and groups are made of.

use pulp::Simd;

/// Blocks transformed side by side: sample `i` of all of them lies in `batch[i * LANES..][..LANES]`,
/// so that every step of a transform is one vector operation over the lanes.
pub const LANES: usize = 16;

/// An orthonormal transform of `N` samples.
// Loops instead of closures and iterators in everything that handles vectors: what the compiler
// does not inline loses the vector instructions chosen at run time.
pub(super) trait Line<const N: usize> {
    /// Transforms the samples of every lane.
    fn apply<S: Simd>(simd: S, samples: [S::f32s; N]) -> [S::f32s; N];
}

/// Applies a transform to the `N` samples at `start`, `start + step`, … of a batch.
#[inline(always)]
pub(super) fn apply_at<T: Line<N>, S: Simd, const N: usize>(
    simd: S,
    batch: &mut [f32],
    start: usize,
    step: usize,
) {
    let (vectors, _) = S::as_mut_simd_f32s(batch);
    let per_sample = LANES / S::F32_LANES;
    for vector in 0..per_sample {
        let at = start * per_sample + vector;
        let mut samples = [simd.splat_f32s(0.0); N];
        for i in 0..N {
            samples[i] = vectors[at + i * step * per_sample];
        }
        let code = T::apply(simd, samples);
        for i in 0..N {
            vectors[at + i * step * per_sample] = code[i];
        }
    }
}

/// Applies a transform to all rows of the `N × N` blocks of a batch, then to all columns.
#[inline(always)]
pub(super) fn apply_both_ways<T: Line<N>, S: Simd, const N: usize>(simd: S, batch: &mut [f32]) {
    for row in 0..N {
        apply_at::<T, S, N>(simd, batch, row * N, 1);
    }
    for column in 0..N {
        apply_at::<T, S, N>(simd, batch, column, N);
    }
}
