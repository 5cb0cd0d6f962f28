use super::*;
use crate::imaging::ColorModel;

/// A plane of numbers that look random, in `[0, 1)`.
fn noise(height: usize, width: usize, mut state: u32) -> Plane<f32> {
    Plane::from_fn(height, width, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    })
}

/// SSIM by its definition: a full window, means first, then variances about them.
fn ssim_by_definition(first: &Plane<f32>, second: &Plane<f32>) -> f64 {
    let weight = |y: usize, x: usize| {
        let square = (y as f64 - 5.0).powi(2) + (x as f64 - 5.0).powi(2);
        (-square / (2.0 * 1.5 * 1.5)).exp()
    };
    let window: Vec<_> = (0..121).map(|i| (i / 11, i % 11)).collect();
    let total: f64 = window.iter().map(|(y, x)| weight(*y, *x)).sum();
    let (mut sum, mut count) = (0.0, 0.0);
    for top in 0..=first.height() - 11 {
        for left in 0..=first.width() - 11 {
            let mean = |value: &dyn Fn(usize, usize) -> f64| -> f64 {
                let values = window.iter().map(|(y, x)| weight(*y, *x) * value(top + y, left + x));
                values.sum::<f64>() / total
            };
            let a = |y, x| f64::from(first.at(y, x));
            let b = |y, x| f64::from(second.at(y, x));
            let (mean_a, mean_b) = (mean(&a), mean(&b));
            let variance_a = mean(&|y, x| (a(y, x) - mean_a).powi(2));
            let variance_b = mean(&|y, x| (b(y, x) - mean_b).powi(2));
            let covariance = mean(&|y, x| (a(y, x) - mean_a) * (b(y, x) - mean_b));
            sum += (2.0 * mean_a * mean_b + 0.0001) * (2.0 * covariance + 0.0009)
                / ((mean_a.powi(2) + mean_b.powi(2) + 0.0001) * (variance_a + variance_b + 0.0009));
            count += 1.0;
        }
    }
    sum / count
}

#[test]
fn ssim_agrees_with_its_definition() {
    let first = noise(17, 23, 1);
    let noisy = noise(17, 23, 2);
    let second = Plane::from_fn(17, 23, |y, x| 0.8 * first.at(y, x) + 0.1 * noisy.at(y, x));
    let (actual, expected) = (ssim(&first, &second).unwrap(), ssim_by_definition(&first, &second));
    // Both sum in f64; variances as differences of moments lose a few digits.
    assert!((actual - expected).abs() < 1e-10, "{actual} instead of {expected}");
    assert!(expected < 0.99);
}

#[test]
fn a_picture_is_most_like_itself() {
    let plane = noise(12, 12, 3);
    assert!((ssim(&plane, &plane).unwrap() - 1.0).abs() < 1e-12);
    assert!(psnr(&plane, &plane).unwrap().is_infinite());
}

#[test]
fn psnr_of_a_known_difference_is_exact() {
    let first = Plane::filled(4, 5, 0.5);
    let second = Plane::filled(4, 5, 0.25);
    // -10 log10(1 / 16)
    assert!((psnr(&first, &second).unwrap() - 12.041_199_826_559_248).abs() < 1e-12);
}

#[test]
fn psnr_of_hidden_pixels_looks_at_nothing_else() {
    let first = Plane::filled(2, 2, 0.0);
    let second = Plane::from_vec(2, 2, vec![1.0, 0.1, 1.0, 1.0]).unwrap();
    let mask = Mask::from_holes(2, 2, vec![false, true, false, false]);
    let hidden = psnr_hidden(&first, &second, &mask).unwrap();
    assert!((hidden - 20.0).abs() < 1e-6, "{hidden}");
    let none = Mask::from_holes(2, 2, vec![false; 4]);
    let nothing = psnr_hidden(&first, &second, &none);
    assert!(matches!(nothing, Err(ImagingError::NothingToCompare)));
}

#[test]
fn rasters_are_compared_over_their_colours_whatever_their_depth() {
    let eight = Samples::Eight(vec![0, 51, 255, 9]);
    let sixteen = Samples::Sixteen(vec![0, 0, 65_535, 60_000]);
    let first = Raster::from_samples(1, 1, ColorModel::RgbAlpha, eight).unwrap();
    let second = Raster::from_samples(1, 1, ColorModel::RgbAlpha, sixteen).unwrap();
    // One of three samples differs, by a fifth.
    let expected = -10.0 * (0.04_f64 / 3.0).log10();
    assert!((raster_psnr(&first, &second, None).unwrap() - expected).abs() < 1e-9);
}

#[test]
fn pictures_that_do_not_match_are_errors() {
    let (small, large) = (Plane::filled(10, 30, 0.0), Plane::filled(30, 10, 0.0));
    assert!(matches!(
        psnr(&small, &large),
        Err(ImagingError::ComparedSize { first: (30, 10), second: (10, 30) })
    ));
    assert!(matches!(ssim(&small, &small), Err(ImagingError::NothingToCompare)));
    let grey = Raster::from_samples(1, 1, ColorModel::Grey, Samples::Eight(vec![0])).unwrap();
    let color = Raster::from_samples(1, 1, ColorModel::Rgb, Samples::Eight(vec![0; 3])).unwrap();
    assert!(matches!(raster_ssim(&grey, &color), Err(ImagingError::ComparedColor { .. })));
}
