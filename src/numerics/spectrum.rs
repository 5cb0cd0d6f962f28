//! Element-wise products of spectra, the inner loops of every convolution.
//!
//! Each function dispatches to the widest vectors of the machine. No sums run across elements,
//! so the results are the same on all of them.

use pulp::Arch;

use super::fft2::Complex32;

/// `out = conj(a) · b`.
pub fn conjugate_product(a: &[Complex32], b: &[Complex32], out: &mut [Complex32]) {
    Arch::new().dispatch(|| {
        for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
            *out = Complex32::new(a.re * b.re + a.im * b.im, a.re * b.im - a.im * b.re);
        }
    });
}

/// `out += a · b`.
pub fn add_product(a: &[Complex32], b: &[Complex32], out: &mut [Complex32]) {
    Arch::new().dispatch(|| {
        for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
            out.re += a.re * b.re - a.im * b.im;
            out.im += a.re * b.im + a.im * b.re;
        }
    });
}

/// `out += conj(a) · b`.
pub fn add_conjugate_product(a: &[Complex32], b: &[Complex32], out: &mut [Complex32]) {
    Arch::new().dispatch(|| {
        for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
            out.re += a.re * b.re + a.im * b.im;
            out.im += a.re * b.im - a.im * b.re;
        }
    });
}

/// `out = (1 + m) · now - m · before`, the extrapolation of accelerated methods.
pub fn extrapolate(now: &[Complex32], before: &[Complex32], m: f32, out: &mut [Complex32]) {
    Arch::new().dispatch(|| {
        for ((out, now), before) in out.iter_mut().zip(now).zip(before) {
            *out = Complex32::new(
                now.re + m * (now.re - before.re),
                now.im + m * (now.im - before.im),
            );
        }
    });
}

/// `max Σ_k |a_k|²` over the frequencies, for spectra of `length` stored one after the other.
pub fn peak_energy(spectra: &[Complex32], length: usize) -> f32 {
    let mut energy = vec![0.0_f32; length];
    for spectrum in spectra.chunks_exact(length) {
        for (sum, value) in energy.iter_mut().zip(spectrum) {
            *sum += value.norm_sqr();
        }
    }
    energy.into_iter().fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::{Complex32, add_conjugate_product, add_product, conjugate_product, peak_energy};

    #[test]
    fn products_agree_with_complex_arithmetic() {
        let a: Vec<_> = (0..21_u8).map(|i| Complex32::new(f32::from(i), 1.0)).collect();
        let b: Vec<_> = (0..21_u8).map(|i| Complex32::new(2.0, -f32::from(i))).collect();
        let mut out = vec![Complex32::new(5.0, 5.0); 21];
        conjugate_product(&a, &b, &mut out);
        add_product(&a, &b, &mut out);
        add_conjugate_product(&a, &b, &mut out);
        for ((a, b), out) in a.iter().zip(&b).zip(&out) {
            let expected = a * b + a.conj() * b * 2.0;
            assert!((out - expected).norm() < 1e-3);
        }
    }

    #[test]
    fn the_peak_is_taken_after_summing_over_spectra() {
        let spectra = [1.0, 2.0, 2.0, 0.0].map(|re| Complex32::new(re, 0.0));
        assert!((peak_energy(&spectra, 2) - 5.0).abs() < 1e-6);
    }
}
