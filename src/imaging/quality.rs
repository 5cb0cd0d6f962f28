//! How near a picture is to the true one.
//!
//! Signals range over `[0, 1]`. Rasters are compared at their own depth: 255 or 65535 is 1.
//! Alpha is not compared.

use super::{ImagingError, Mask, Raster, Samples};
use crate::numerics::Plane;

/// Half the side of the SSIM window.
const RADIUS: usize = 5;
/// Side of the SSIM window.
const WINDOW: usize = 2 * RADIUS + 1;
/// Standard deviation of the SSIM window, in pixels.
const SIGMA: f64 = 1.5;
/// `(K₁ L)²` and `(K₂ L)²` for the range `L = 1`.
const STABILISERS: (f64, f64) = (0.01 * 0.01, 0.03 * 0.03);

/// Peak signal-to-noise ratio in dB, `-10 log₁₀(mean squared difference)`; infinite if equal.
///
/// # Errors
/// [`ImagingError::ComparedSize`] if the sizes differ;
/// [`ImagingError::NothingToCompare`] if there are no samples.
pub fn psnr(first: &Plane<f32>, second: &Plane<f32>) -> Result<f64, ImagingError> {
    same_size(size(first), size(second))?;
    decibels(first.as_slice().iter().zip(second.as_slice()).map(|(a, b)| square(*a, *b)))
}

/// [`psnr`] over the pixels that a mask hides.
///
/// # Errors
/// As for [`psnr`]; [`ImagingError::NothingToCompare`] also if nothing is hidden.
pub fn psnr_hidden(
    first: &Plane<f32>,
    second: &Plane<f32>,
    mask: &Mask,
) -> Result<f64, ImagingError> {
    same_size(size(first), size(second))?;
    same_size(size(first), size(mask.weights()))?;
    let samples = first.as_slice().iter().zip(second.as_slice());
    let hidden = samples.zip(mask.weights().as_slice()).filter(|(_, weight)| **weight > 0);
    decibels(hidden.map(|((a, b), _)| square(*a, *b)))
}

/// [`psnr`] over all samples of all colour channels; only those that a mask hides, if one is given.
///
/// # Errors
/// As for [`psnr_hidden`]; [`ImagingError::ComparedColor`] if one picture is grey and the other
/// is not.
pub fn raster_psnr(
    first: &Raster,
    second: &Raster,
    hidden: Option<&Mask>,
) -> Result<f64, ImagingError> {
    comparable(first, second)?;
    let (height, width) = (first.height(), first.width());
    if let Some(mask) = hidden {
        same_size((height, width), size(mask.weights()))?;
    }
    let channels = first.model().color_channels();
    let (first, second) = (levels(first), levels(second));
    decibels(
        (0..height)
            .flat_map(|y| (0..width).map(move |x| (y, x)))
            .filter(|(y, x)| hidden.is_none_or(|mask| mask.weight(*y, *x) > 0))
            .flat_map(|(y, x)| (0..channels).map(move |channel| (channel, y, x)))
            .map(|(channel, y, x)| (first(channel, y, x) - second(channel, y, x)).powi(2)),
    )
}

/// [`ssim`] of the luma (ITU-R BT.601) of two pictures.
///
/// # Errors
/// As for [`ssim`]; [`ImagingError::ComparedColor`] if one picture is grey and the other is not.
pub fn raster_ssim(first: &Raster, second: &Raster) -> Result<f64, ImagingError> {
    comparable(first, second)?;
    ssim(&luma(first), &luma(second))
}

/// Structural similarity, at most 1: the mean over all positions of the window that lie inside.
///
/// Gaussian window of 11 × 11 pixels, standard deviation 1.5, range 1, K₁ = 0.01, K₂ = 0.03,
/// variances not corrected for the sample size.
///
/// # Errors
/// [`ImagingError::ComparedSize`] if the sizes differ;
/// [`ImagingError::NothingToCompare`] if a side is shorter than the window.
///
/// # References
/// Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli (2004), "Image quality assessment: from
/// error visibility to structural similarity", equation 13.
pub fn ssim(first: &Plane<f32>, second: &Plane<f32>) -> Result<f64, ImagingError> {
    same_size(size(first), size(second))?;
    let (height, width) = size(first);
    if height < WINDOW || width < WINDOW {
        return Err(ImagingError::NothingToCompare);
    }
    let kernel = gaussian();
    let columns = width - 2 * RADIUS;
    // The last rows, filtered along the row; row y lies at y modulo the window.
    let mut rows = vec![Vec::new(); WINDOW];
    let mut windows = vec![Moments::default(); columns];
    let mut sum = 0.0;
    for y in 0..height {
        filter_row(first.row(y), second.row(y), &kernel, &mut rows[y % WINDOW]);
        if y + 1 < WINDOW {
            continue;
        }
        let top = y + 1 - WINDOW;
        windows.fill(Moments::default());
        for (offset, weight) in kernel.iter().enumerate() {
            for (moments, row) in windows.iter_mut().zip(&rows[(top + offset) % WINDOW]) {
                moments.add(row, *weight);
            }
        }
        sum += windows.iter().map(Moments::similarity).sum::<f64>();
    }
    Ok(sum / (columns * (height - 2 * RADIUS)) as f64)
}

/// Weighted means of a, b, a², b² and ab.
#[derive(Clone, Copy, Default)]
struct Moments([f64; 5]);

impl Moments {
    fn add(&mut self, other: &Self, weight: f64) {
        for (sum, value) in self.0.iter_mut().zip(other.0) {
            *sum += weight * value;
        }
    }

    fn similarity(&self) -> f64 {
        let [a, b, aa, bb, ab] = self.0;
        let (c1, c2) = STABILISERS;
        let luminance = (2.0 * a * b + c1) / (a * a + b * b + c1);
        let structure = (2.0 * (ab - a * b) + c2) / (aa - a * a + bb - b * b + c2);
        luminance * structure
    }
}

fn filter_row(first: &[f32], second: &[f32], kernel: &[f64; WINDOW], filtered: &mut Vec<Moments>) {
    filtered.clear();
    filtered.extend(first.windows(WINDOW).zip(second.windows(WINDOW)).map(|(first, second)| {
        let mut moments = Moments::default();
        for ((a, b), weight) in first.iter().zip(second).zip(kernel) {
            let (a, b) = (f64::from(*a), f64::from(*b));
            moments.add(&Moments([a, b, a * a, b * b, a * b]), *weight);
        }
        moments
    }));
}

fn gaussian() -> [f64; WINDOW] {
    let bell: [f64; WINDOW] = std::array::from_fn(|i| {
        let away = i.abs_diff(RADIUS) as f64 / SIGMA;
        (-0.5 * away * away).exp()
    });
    let sum: f64 = bell.iter().sum();
    bell.map(|weight| weight / sum)
}

/// Samples of a raster in `[0, 1]`.
fn levels(raster: &Raster) -> impl Fn(usize, usize, usize) -> f64 + Copy {
    let (width, channels) = (raster.width(), raster.model().channels());
    let samples = raster.samples();
    move |channel, y, x| {
        let index = (y * width + x) * channels + channel;
        match samples {
            Samples::Eight(samples) => f64::from(samples[index]) / 255.0,
            Samples::Sixteen(samples) => f64::from(samples[index]) / 65_535.0,
        }
    }
}

fn luma(raster: &Raster) -> Plane<f32> {
    if raster.model().color_channels() == 1 {
        return raster.read(0, raster.region());
    }
    let level = levels(raster);
    #[expect(clippy::cast_possible_truncation, reason = "rounding to the plane's precision")]
    Plane::from_fn(raster.height(), raster.width(), |y, x| {
        (0.299 * level(0, y, x) + 0.587 * level(1, y, x) + 0.114 * level(2, y, x)) as f32
    })
}

fn decibels(squares: impl Iterator<Item = f64>) -> Result<f64, ImagingError> {
    let (count, sum) = squares.fold((0_u64, 0.0), |(count, sum), square| (count + 1, sum + square));
    if count == 0 {
        return Err(ImagingError::NothingToCompare);
    }
    Ok(-10.0 * (sum / count as f64).log10())
}

fn square(a: f32, b: f32) -> f64 {
    (f64::from(a) - f64::from(b)).powi(2)
}

fn size<T: Copy>(plane: &Plane<T>) -> (usize, usize) {
    (plane.height(), plane.width())
}

fn same_size(first: (usize, usize), second: (usize, usize)) -> Result<(), ImagingError> {
    if first == second {
        return Ok(());
    }
    let swapped = |(height, width)| (width, height);
    Err(ImagingError::ComparedSize { first: swapped(first), second: swapped(second) })
}

fn comparable(first: &Raster, second: &Raster) -> Result<(), ImagingError> {
    let (first_model, second_model) = (first.model(), second.model());
    if first_model.color_channels() != second_model.color_channels() {
        return Err(ImagingError::ComparedColor { first: first_model, second: second_model });
    }
    same_size((first.height(), first.width()), (second.height(), second.width()))
}

#[cfg(test)]
mod tests;
