//! The measures of the paper's code, for comparison with its figures only.
//!
//! Each plane is scaled by its own minimum and maximum before they are compared, and structural
//! similarity takes the whole plane as one window. Results whose standard PSNR agrees to 0.05 dB
//! can differ by 0.9 dB here.

use crate::numerics::Plane;

/// PSNR of two planes after scaling each to `[0, 1]` by its own minimum and maximum, in dB.
pub fn published_psnr(truth: &Plane<f32>, estimate: &Plane<f32>) -> f64 {
    let (truth, estimate) = (stretched(truth), stretched(estimate));
    let squares = truth.iter().zip(&estimate).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    -10.0 * (squares / truth.len() as f64).log10()
}

/// Structural similarity over one window, the whole plane, after the same scaling.
pub fn published_ssim(truth: &Plane<f32>, estimate: &Plane<f32>) -> f64 {
    let (truth, estimate) = (stretched(truth), stretched(estimate));
    let count = truth.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
    let (a, b) = (mean(&truth), mean(&estimate));
    let moment = |x: &[f64], y: &[f64], (p, q): (f64, f64)| {
        x.iter().zip(y).map(|(x, y)| (x - p) * (y - q)).sum::<f64>() / count
    };
    let covariance = moment(&truth, &estimate, (a, b));
    let variances = moment(&truth, &truth, (a, a)) + moment(&estimate, &estimate, (b, b));
    let (c1, c2) = (0.01_f64.powi(2), 0.03_f64.powi(2));
    (2.0 * a * b + c1) * (2.0 * covariance + c2) / ((a * a + b * b + c1) * (variances + c2))
}

fn stretched(plane: &Plane<f32>) -> Vec<f64> {
    let values = || plane.as_slice().iter().map(|&v| f64::from(v));
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    let range = (high - low).max(f64::MIN_POSITIVE);
    values().map(|v| (v - low) / range).collect()
}

#[cfg(test)]
mod tests {
    use super::{published_psnr, published_ssim};
    use crate::numerics::Plane;

    #[test]
    fn the_published_measures_do_not_see_brightness_and_contrast() {
        let truth = Plane::from_fn(8, 8, |y, x| (y * x) as f32);
        let dull = truth.map(|v| 0.1 * v + 0.4);
        assert!(published_psnr(&truth, &dull) > 100.0);
        assert!((published_ssim(&truth, &dull) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_known_error_gives_the_expected_decibels() {
        let truth = Plane::from_fn(1, 4, |_, x| [0.0, 1.0, 0.5, 0.5][x]);
        let estimate = Plane::from_fn(1, 4, |_, x| [0.0, 1.0, 0.7, 0.5][x]);
        // Mean square 0.01.
        assert!((published_psnr(&truth, &estimate) - 20.0).abs() < 1e-4);
    }
}
