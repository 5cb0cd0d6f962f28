//! Removes what a sparse code should not have to explain: brightness and local contrast.

use serde::{Deserialize, Serialize};

use crate::numerics::Plane;

/// What is taken from an image before it is coded. Statistics come from known pixels only, by
/// normalised convolution: a blur of the masked image divided by the same blur of the mask.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalization {
    /// Nothing.
    None,
    /// The local mean.
    LocalMean {
        /// Standard deviation of the Gaussian window in pixels.
        sigma: f32,
    },
    /// The local mean, then division by the local standard deviation, which is kept from below
    /// by its mean over the image.
    LocalContrast {
        /// Standard deviation of the Gaussian window in pixels.
        sigma: f32,
    },
}

impl Normalization {
    /// The window of the literature on the Fruit and City sets, 13 pixels wide.
    pub const LOCAL_CONTRAST: Self = Self::LocalContrast { sigma: 4.77 };

    /// Mean and scale of every pixel: the signal is `(image − mean) / scale`. Pixels of weight
    /// zero must hold zero.
    pub(super) fn statistics(
        self,
        image: &Plane<f32>,
        weight: &Plane<f32>,
    ) -> (Plane<f32>, Plane<f32>) {
        let (height, width) = (image.height(), image.width());
        let ones = Plane::filled(height, width, 1.0);
        let (sigma, contrast) = match self {
            Self::None => return (Plane::filled(height, width, 0.0), ones),
            Self::LocalMean { sigma } => (sigma, false),
            Self::LocalContrast { sigma } => (sigma, true),
        };
        let mean = local_mean(image, weight, sigma);
        if !contrast {
            return (mean, ones);
        }
        let squares = Plane::from_fn(height, width, |y, x| {
            weight.at(y, x) * (image.at(y, x) - mean.at(y, x)).powi(2)
        });
        let deviation = local_mean(&squares, weight, sigma).map(|v| v.max(0.0).sqrt());
        // The floor keeps flat areas from being blown up into noise.
        let floor = weighted_mean(&deviation, weight).max(1e-4);
        (mean, deviation.map(|d| d.max(floor)))
    }
}

/// Normalised convolution with a Gaussian; far from any known pixel, the mean of all known ones.
fn local_mean(image: &Plane<f32>, weight: &Plane<f32>, sigma: f32) -> Plane<f32> {
    let fallback = weighted_mean(image, weight);
    let sums = blur(image, sigma);
    let weights = blur(weight, sigma);
    Plane::from_fn(image.height(), image.width(), |y, x| {
        let total = weights.at(y, x);
        if total > 1e-6 { sums.at(y, x) / total } else { fallback }
    })
}

fn weighted_mean(image: &Plane<f32>, weight: &Plane<f32>) -> f32 {
    let pairs = || image.as_slice().iter().zip(weight.as_slice());
    let sum: f64 = pairs().map(|(&v, &w)| f64::from(v) * f64::from(w)).sum();
    let total: f64 = pairs().map(|(_, &w)| f64::from(w)).sum();
    crate::numerics::norms::single(sum / total.max(1.0))
}

/// A Gaussian blur with zeros beyond the edge, cut at 12 pixels.
fn blur(image: &Plane<f32>, sigma: f32) -> Plane<f32> {
    const RADIUS: usize = 12;
    let tap = |offset: usize| (-0.5 * (offset as f32 / sigma).powi(2)).exp();
    let taps: Vec<f32> = (0..=RADIUS).map(tap).collect();
    let (height, width) = (image.height(), image.width());
    let reach = |center: usize, size: usize| {
        center.saturating_sub(RADIUS)..=(center + RADIUS).min(size - 1)
    };
    let rows = Plane::from_fn(height, width, |y, x| {
        let row = image.row(y);
        reach(x, width).map(|i| taps[i.abs_diff(x)] * row[i]).sum::<f32>()
    });
    Plane::from_fn(height, width, |y, x| {
        reach(y, height).map(|i| taps[i.abs_diff(y)] * rows.at(i, x)).sum()
    })
}

#[cfg(test)]
mod tests {
    use super::Normalization;
    use crate::numerics::Plane;

    #[test]
    fn a_flat_image_with_holes_has_its_own_value_as_mean_everywhere() {
        let weight = Plane::from_fn(20, 30, |y, x| f32::from(u8::from((y * 7 + x * 3) % 5 > 1)));
        let image = weight.map(|w| 0.4 * w);
        let (mean, scale) = Normalization::LOCAL_CONTRAST.statistics(&image, &weight);
        assert!(mean.as_slice().iter().all(|m| (m - 0.4).abs() < 1e-5));
        assert!(scale.as_slice().iter().all(|s| (s - 1e-4).abs() < 1e-4));
    }

    #[test]
    fn far_from_known_pixels_the_mean_of_all_of_them_is_used() {
        let weight = Plane::from_fn(4, 60, |_, x| f32::from(u8::from(x < 5)));
        let image = weight.map(|w| 0.7 * w);
        let (mean, _) = Normalization::LocalMean { sigma: 2.0 }.statistics(&image, &weight);
        assert!((mean.at(2, 59) - 0.7).abs() < 1e-5);
    }
}
