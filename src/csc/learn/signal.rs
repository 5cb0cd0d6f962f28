//! Training images made ready for coding.

use crate::numerics::Plane;

use super::geometry::Geometry;
use super::{LearnError, LearnParameters};

/// An image to learn from.
#[derive(Clone, Debug)]
pub struct TrainingImage {
    /// Grey samples, usually in `[0, 1]`. Hidden samples may hold anything.
    pub samples: Plane<f32>,
    /// Which pixels are known, of the same size; `None` if all are.
    pub known: Option<Plane<bool>>,
}

/// `b` and `M` of one image on the padded plane, with what it takes to go back.
pub(super) struct Signal {
    /// The normalised image; zero where hidden and beyond the edge.
    pub(super) data: Vec<f32>,
    /// One where known, else zero.
    pub(super) weight: Vec<f32>,
    mean: Plane<f32>,
    scale: Plane<f32>,
}

impl Signal {
    /// Checks and normalises image number `index`.
    pub(super) fn new(
        index: usize,
        image: &TrainingImage,
        expected: (usize, usize),
        parameters: &LearnParameters,
        geometry: &Geometry,
    ) -> Result<Self, LearnError> {
        let (height, width) = (image.samples.height(), image.samples.width());
        let mask = image.known.as_ref().map_or((height, width), |k| (k.height(), k.width()));
        if (height, width) != expected || mask != expected {
            let actual = if mask == expected { (height, width) } else { mask };
            return Err(LearnError::SizeMismatch { image: index, expected, actual });
        }
        let known = |y, x| image.known.as_ref().is_none_or(|k| k.at(y, x));
        let weight = Plane::from_fn(height, width, |y, x| f32::from(u8::from(known(y, x))));
        if weight.as_slice().iter().all(|&w| w == 0.0) {
            return Err(LearnError::NothingKnown { image: index });
        }
        // A choice, not a product: hidden samples may be NaN.
        let samples =
            Plane::from_fn(
                height,
                width,
                |y, x| {
                    if known(y, x) { image.samples.at(y, x) } else { 0.0 }
                },
            );
        if samples.as_slice().iter().any(|v| !v.is_finite()) {
            return Err(LearnError::NotFinite { image: index });
        }
        let (mean, scale) = parameters.normalization.statistics(&samples, &weight);
        let mut padded = (vec![0.0; geometry.plane_len()], vec![0.0; geometry.plane_len()]);
        for y in 0..height {
            for x in (0..width).filter(|&x| known(y, x)) {
                let at = y * geometry.width + x;
                padded.0[at] = (samples.at(y, x) - mean.at(y, x)) / scale.at(y, x);
                padded.1[at] = 1.0;
            }
        }
        Ok(Self { data: padded.0, weight: padded.1, mean, scale })
    }

    /// Bytes of the planes, at most.
    pub(super) fn bytes(geometry: &Geometry) -> usize {
        4 * geometry.plane_len() * size_of::<f32>()
    }

    /// The normalised version of any image of the same size, with this image's statistics.
    pub(super) fn normalize(&self, image: &Plane<f32>) -> Plane<f32> {
        Plane::from_fn(image.height(), image.width(), |y, x| {
            (image.at(y, x) - self.mean.at(y, x)) / self.scale.at(y, x)
        })
    }

    /// Number of known pixels.
    pub(super) fn known(&self) -> f64 {
        self.weight.iter().map(|&weight| f64::from(weight)).sum()
    }

    /// Squared distance of a coded plane (padded, normalised) from the known pixels, in the
    /// image's units.
    pub(super) fn squared_error(&self, coded: &[f32], geometry: &Geometry) -> f64 {
        let mut sum = 0.0;
        for y in 0..self.scale.height() {
            let start = y * geometry.width;
            let row = start..start + self.scale.width();
            let samples = coded[row.clone()].iter().zip(&self.data[row.clone()]);
            for (((coded, data), weight), scale) in
                samples.zip(&self.weight[row]).zip(self.scale.row(y))
            {
                sum += f64::from(weight * scale * (coded - data)).powi(2);
            }
        }
        sum
    }

    /// Takes a coded plane (padded, normalised) back: `(normalised, in the image's units)`.
    pub(super) fn restore(&self, coded: &[f32], geometry: &Geometry) -> (Plane<f32>, Plane<f32>) {
        let (height, width) = (self.mean.height(), self.mean.width());
        let normalized = Plane::from_fn(height, width, |y, x| coded[y * geometry.width + x]);
        let image = Plane::from_fn(height, width, |y, x| {
            normalized.at(y, x) * self.scale.at(y, x) + self.mean.at(y, x)
        });
        (normalized, image)
    }
}
