//! Two-dimensional Fourier transforms of real planes, half of the spectrum kept.

use std::sync::Arc;

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::Fft;
use rustfft::FftPlanner;

pub use rustfft::num_complex::Complex32;

/// Transforms of one size, planned once.
///
/// The forward transform is unscaled, the inverse divides by `height · width`, so that
/// `inverse(forward(x)) = x`. A spectrum is stored column by column: shape
/// `(width / 2 + 1, height)`, which spares a transposition in either direction.
pub struct Fft2 {
    height: usize,
    width: usize,
    rows: Arc<dyn RealToComplex<f32>>,
    rows_back: Arc<dyn ComplexToReal<f32>>,
    columns: Arc<dyn Fft<f32>>,
    columns_back: Arc<dyn Fft<f32>>,
}

/// Memory that a transform needs while it runs; one per thread.
pub struct Fft2Scratch {
    line: Vec<f32>,
    half: Vec<Complex32>,
    work: Vec<Complex32>,
}

impl Fft2 {
    /// Plans transforms of planes of `height × width`.
    ///
    /// # Panics
    /// If a side is zero.
    pub fn new(height: usize, width: usize) -> Self {
        assert!(height > 0 && width > 0, "a transform needs at least one sample");
        let mut real = RealFftPlanner::new();
        let mut complex = FftPlanner::new();
        Self {
            height,
            width,
            rows: real.plan_fft_forward(width),
            rows_back: real.plan_fft_inverse(width),
            columns: complex.plan_fft_forward(height),
            columns_back: complex.plan_fft_inverse(height),
        }
    }

    /// The smallest size that is at least `minimum` and a product of 2, 3, 5 and 7.
    pub fn fast_size(minimum: usize) -> usize {
        let smooth = |size: usize| {
            [2, 3, 5, 7].iter().fold(size, |mut rest, prime| {
                while rest.is_multiple_of(*prime) {
                    rest /= prime;
                }
                rest
            }) == 1
        };
        let minimum = minimum.max(1);
        // A power of two lies in the range.
        (minimum..=2 * minimum).find(|&size| smooth(size)).unwrap_or(minimum)
    }

    /// Samples in a plane.
    pub fn plane_len(&self) -> usize {
        self.height * self.width
    }

    /// Coefficients in a half spectrum.
    pub fn spectrum_len(&self) -> usize {
        self.height * (self.width / 2 + 1)
    }

    /// Scratch memory for [`Self::forward`] and [`Self::inverse`].
    pub fn scratch(&self) -> Fft2Scratch {
        let work = [
            self.rows.get_scratch_len(),
            self.rows_back.get_scratch_len(),
            self.columns.get_inplace_scratch_len(),
            self.columns_back.get_inplace_scratch_len(),
        ];
        Fft2Scratch {
            line: vec![0.0; self.width],
            half: vec![Complex32::default(); self.spectrum_len()],
            work: vec![Complex32::default(); work.into_iter().max().unwrap_or(0)],
        }
    }

    /// Transforms `plane` into `spectrum`.
    ///
    /// # Panics
    /// If a slice has the wrong length.
    pub fn forward(&self, plane: &[f32], spectrum: &mut [Complex32], scratch: &mut Fft2Scratch) {
        assert_eq!(plane.len(), self.plane_len(), "plane length");
        assert_eq!(spectrum.len(), self.spectrum_len(), "spectrum length");
        let half_width = self.width / 2 + 1;
        let rows = plane.chunks_exact(self.width).zip(scratch.half.chunks_exact_mut(half_width));
        for (row, half) in rows {
            if row.iter().all(|&sample| sample == 0.0) {
                half.fill(Complex32::default());
                continue;
            }
            scratch.line.copy_from_slice(row);
            self.rows
                .process_with_scratch(&mut scratch.line, half, &mut scratch.work)
                .expect("the buffers have the planned lengths");
        }
        transpose(&scratch.half, spectrum, self.height, half_width);
        self.columns.process_with_scratch(spectrum, &mut scratch.work);
    }

    /// Transforms `spectrum` back into `plane`; `spectrum` is destroyed.
    ///
    /// # Panics
    /// If a slice has the wrong length.
    pub fn inverse(
        &self,
        spectrum: &mut [Complex32],
        plane: &mut [f32],
        scratch: &mut Fft2Scratch,
    ) {
        assert_eq!(plane.len(), self.plane_len(), "plane length");
        assert_eq!(spectrum.len(), self.spectrum_len(), "spectrum length");
        let half_width = self.width / 2 + 1;
        self.columns_back.process_with_scratch(spectrum, &mut scratch.work);
        transpose(spectrum, &mut scratch.half, half_width, self.height);
        let scale = 1.0 / (self.height * self.width) as f32;
        let rows =
            plane.chunks_exact_mut(self.width).zip(scratch.half.chunks_exact_mut(half_width));
        for (row, half) in rows {
            // A real signal has real coefficients at the ends; rounding may have left a rest.
            half[0].im = 0.0;
            if self.width.is_multiple_of(2) {
                half[half_width - 1].im = 0.0;
            }
            self.rows_back
                .process_with_scratch(half, row, &mut scratch.work)
                .expect("the buffers have the planned lengths");
            for sample in row {
                *sample *= scale;
            }
        }
    }
}

/// Writes the transpose of the `height × width` array `from` into `to`, block by block.
fn transpose(from: &[Complex32], to: &mut [Complex32], height: usize, width: usize) {
    const BLOCK: usize = 16;
    for top in (0..height).step_by(BLOCK) {
        for left in (0..width).step_by(BLOCK) {
            for x in left..(left + BLOCK).min(width) {
                for y in top..(top + BLOCK).min(height) {
                    to[x * height + y] = from[y * width + x];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Complex32, Fft2};
    use crate::numerics::Random;
    use std::f64::consts::TAU;

    fn noise(len: usize, seed: u64) -> Vec<f32> {
        let mut random = Random::seeded(seed);
        (0..len).map(|_| random.normal()).collect()
    }

    #[test]
    fn forward_agrees_with_the_definition_for_even_and_odd_sizes() {
        for (height, width) in [(4, 6), (5, 7), (3, 8), (6, 5), (1, 4)] {
            let plan = Fft2::new(height, width);
            let plane = noise(height * width, 1);
            let mut spectrum = vec![Complex32::new(9.0, 9.0); plan.spectrum_len()];
            plan.forward(&plane, &mut spectrum, &mut plan.scratch());
            for v in 0..=width / 2 {
                for u in 0..height {
                    let (mut re, mut im) = (0.0, 0.0);
                    for y in 0..height {
                        for x in 0..width {
                            let turn =
                                (u * y) as f64 / height as f64 + (v * x) as f64 / width as f64;
                            let sample = f64::from(plane[y * width + x]);
                            re += sample * (TAU * turn).cos();
                            im -= sample * (TAU * turn).sin();
                        }
                    }
                    let got = spectrum[v * height + u];
                    // Rounding grows with log(n); 1e-5 of a sum of 42 unit terms is ample.
                    assert!((f64::from(got.re) - re).abs() < 1e-4, "{height}x{width} {u} {v}");
                    assert!((f64::from(got.im) - im).abs() < 1e-4, "{height}x{width} {u} {v}");
                }
            }
        }
    }

    #[test]
    fn inverse_undoes_forward_with_dirty_buffers() {
        for (height, width) in [(16, 24), (9, 15), (112, 110)] {
            let plan = Fft2::new(height, width);
            let plane = noise(height * width, 2);
            let mut scratch = plan.scratch();
            let mut spectrum = vec![Complex32::new(7.0, -3.0); plan.spectrum_len()];
            let mut back = vec![5.0; plane.len()];
            plan.forward(&plane, &mut spectrum, &mut scratch);
            plan.inverse(&mut spectrum, &mut back, &mut scratch);
            let worst = plane.iter().zip(&back).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-5, "{worst}");
        }
    }

    #[test]
    fn fast_sizes_have_small_factors_only() {
        assert_eq!(Fft2::fast_size(110), 112);
        assert_eq!(Fft2::fast_size(1), 1);
        assert_eq!(Fft2::fast_size(121), 125);
    }
}
