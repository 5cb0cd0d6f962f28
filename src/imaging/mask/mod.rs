//! Which pixels are hidden.

mod distance;
mod options;

pub use options::{MaskChannel, MaskOptions, MaskReading};

use super::{ColorModel, ImageLimits, ImagingError, Raster, Region, Samples, decode, inspect};
use crate::numerics::Plane;
use distance::weights_around;

/// The weight of a pixel that is known.
const KNOWN: u8 = 0;
/// The weight of a pixel that is to be replaced.
const HOLE: u8 = 255;

/// How much each pixel is to be replaced: 0 is known and stays, 255 is a hole, and between lies
/// the feathered rim, which is solved like a hole and then blended in by weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    weights: Plane<u8>,
    hidden: usize,
    bounds: Option<Region>,
    reading: Option<MaskReading>,
}

impl Mask {
    /// Reads a mask file for an image of `width × height` upright pixels.
    ///
    /// The file passes the same limits as an image, in any format and depth, and its EXIF
    /// orientation is applied. A pixel is a hole where the chosen channel is above half:
    /// above 127 of 255, or above 32639 (127 · 257) of 65535. Luma is that of ITU-R BT.601,
    /// `(19595 R + 38470 G + 7471 B + 32768) >> 16`; the alpha channel has no part in it.
    /// Then, in this order, the hole is inverted, dilated, and feathered.
    ///
    /// # Errors
    /// [`ImagingError`] as for an image; [`ImagingError::MaskSize`] if the sizes differ;
    /// [`ImagingError::MaskWithoutAlpha`] if alpha was asked for and there is none;
    /// [`ImagingError::Option`] for an option outside its range.
    ///
    /// # Cost
    /// Linear in the pixels, whatever the radii.
    pub fn decode(
        bytes: &[u8],
        options: &MaskOptions,
        limits: &ImageLimits,
        width: usize,
        height: usize,
    ) -> Result<Self, ImagingError> {
        check(options)?;
        let header = inspect(bytes, limits)?;
        let (expected, actual) = ((width, height), (header.width, header.height));
        if expected != actual {
            return Err(ImagingError::MaskSize { expected, actual });
        }
        check_channel(header.model, options)?;
        Self::of(decode(bytes, limits)?.raster, options)
    }

    /// Reads a mask from pixels, as [`Self::decode`] does from those of a file.
    ///
    /// # Errors
    /// [`ImagingError::MaskWithoutAlpha`], [`ImagingError::Option`].
    pub fn of(raster: Raster, options: &MaskOptions) -> Result<Self, ImagingError> {
        check(options)?;
        check_channel(raster.model(), options)?;
        let reading = reading(&raster, options);
        let holes = holes(&raster, reading);
        drop(raster);
        let mask = Self::new(weights_around(holes, options.dilate, options.feather));
        Ok(Self { reading: Some(reading), ..mask })
    }

    /// The mask with the given holes, row by row, and no rim.
    ///
    /// # Panics
    /// Unless there are exactly `height * width` of them.
    pub fn from_holes(height: usize, width: usize, holes: Vec<bool>) -> Self {
        assert_eq!(height.checked_mul(width), Some(holes.len()), "one flag for each pixel");
        let mut holes = holes.into_iter();
        Self::new(Plane::from_fn(height, width, |_, _| match holes.next() {
            Some(true) => HOLE,
            _ => KNOWN,
        }))
    }

    /// The mask with the given weights.
    pub fn new(weights: Plane<u8>) -> Self {
        let mut hidden = 0;
        let mut bounds: Option<(usize, usize, usize, usize)> = None;
        for y in 0..weights.height() {
            let row = weights.row(y);
            let Some(first) = row.iter().position(|weight| *weight != KNOWN) else { continue };
            let last = row.iter().rposition(|weight| *weight != KNOWN).unwrap_or(first);
            hidden += row[first..=last].iter().filter(|weight| **weight != KNOWN).count();
            let (top, left, right) = bounds.map_or((y, first, last), |(top, left, _, right)| {
                (top, left.min(first), right.max(last))
            });
            bounds = Some((top, left, y, right));
        }
        let bounds = bounds.map(|(top, left, bottom, right)| Region {
            top,
            left,
            height: bottom - top + 1,
            width: right - left + 1,
        });
        Self { weights, hidden, bounds, reading: None }
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.weights.width()
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.weights.height()
    }

    /// How much the pixel in row `y` and column `x` is to be replaced.
    ///
    /// # Panics
    /// If the position lies outside the mask.
    pub fn weight(&self, y: usize, x: usize) -> u8 {
        self.weights.at(y, x)
    }

    /// All weights.
    pub fn weights(&self) -> &Plane<u8> {
        &self.weights
    }

    /// The share of pixels with a weight above 0, in `[0, 1]`; 0 for a mask without pixels.
    pub fn coverage(&self) -> f64 {
        let pixels = self.weights.as_slice().len();
        if pixels == 0 { 0.0 } else { self.hidden as f64 / pixels as f64 }
    }

    /// Whether no pixel is hidden.
    pub fn is_empty(&self) -> bool {
        self.hidden == 0
    }

    /// Whether no pixel is known.
    pub fn is_full(&self) -> bool {
        self.hidden == self.weights.as_slice().len()
    }

    /// What counted as a hole in the file or the pixels that it was read from.
    pub fn reading(&self) -> Option<MaskReading> {
        self.reading
    }

    /// The smallest rectangle that holds every weight above 0; `None` if there is none.
    pub fn bounds(&self) -> Option<Region> {
        self.bounds
    }
}

fn check(options: &MaskOptions) -> Result<(), ImagingError> {
    options.validate().map_err(|mut faults| faults.remove(0).into())
}

fn check_channel(model: ColorModel, options: &MaskOptions) -> Result<(), ImagingError> {
    if options.channel == MaskChannel::Alpha && !model.has_alpha() {
        return Err(ImagingError::MaskWithoutAlpha);
    }
    Ok(())
}

/// What is to count as a hole.
fn reading(raster: &Raster, options: &MaskOptions) -> MaskReading {
    match options.channel {
        MaskChannel::Luma => MaskReading::new(false, options.invert),
        MaskChannel::Alpha => MaskReading::new(true, options.invert),
        MaskChannel::Auto if raster.is_opaque() => MaskReading::new(false, options.invert),
        MaskChannel::Auto => MaskReading::new(true, !options.invert),
    }
}

/// 255 where the raster is a hole and 0 elsewhere, before the hole is widened.
fn holes(raster: &Raster, reading: MaskReading) -> Plane<u8> {
    let mut holes = Plane::filled(raster.height(), raster.width(), KNOWN);
    match raster.samples() {
        Samples::Eight(samples) => mark(samples, 127, raster.model(), reading, &mut holes),
        Samples::Sixteen(samples) => mark(samples, 127 * 257, raster.model(), reading, &mut holes),
    }
    holes
}

fn mark<T: Copy + Into<u32>>(
    samples: &[T],
    half: u32,
    model: ColorModel,
    reading: MaskReading,
    holes: &mut Plane<u8>,
) {
    use MaskReading as R;
    let (is_alpha, inside) = match reading {
        R::Luma => (false, HOLE),
        R::LumaInverted => (false, KNOWN),
        R::Alpha => (true, HOLE),
        R::AlphaInverted => (true, KNOWN),
    };
    let pixels = samples.chunks_exact(model.channels());
    for (hole, pixel) in holes.as_mut_slice().iter_mut().zip(pixels) {
        let level = match (is_alpha, pixel) {
            (false, [red, green, blue, ..]) => luma((*red).into(), (*green).into(), (*blue).into()),
            (false, [grey, ..]) => (*grey).into(),
            (true, [.., alpha]) => (*alpha).into(),
            (_, []) => 0,
        };
        *hole = if level > half { inside } else { HOLE - inside };
    }
}

/// Luma of ITU-R BT.601 in 16-bit fixed point; at most 65535 · 65536 + 32768, which fits.
pub(super) fn luma(red: u32, green: u32, blue: u32) -> u32 {
    (19_595 * red + 38_470 * green + 7_471 * blue + 32_768) >> 16
}

#[cfg(test)]
mod tests;
