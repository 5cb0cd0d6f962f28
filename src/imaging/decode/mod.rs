//! Bytes to pixels, after the header has passed the limits.

mod image_crate;
mod jpeg;
mod tiff;

use std::panic::{AssertUnwindSafe, catch_unwind};

use image::metadata::Orientation;

use super::orientation::{transposes, upright};
use super::{
    BitDepth, ColorModel, ImageFormat, ImageLimits, ImagingError, Metadata, Raster, Samples,
};

/// What the header of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The format, by content.
    pub format: ImageFormat,
    /// Columns of the upright picture.
    pub width: usize,
    /// Rows of the upright picture.
    pub height: usize,
    /// Channels of the decoded picture.
    pub model: ColorModel,
    /// Bits per sample of the decoded picture.
    pub depth: BitDepth,
}

impl Header {
    /// Width times height.
    pub fn pixels(&self) -> u64 {
        self.width as u64 * self.height as u64
    }
}

/// A decoded image file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The pixels, upright.
    pub raster: Raster,
    /// Colour profile and EXIF block.
    pub metadata: Metadata,
    /// The format that the file had.
    pub format: ImageFormat,
}

/// Reads the header of a file and checks it against the limits; no pixel is decoded.
///
/// # Errors
/// [`ImagingError`] if the file is over a limit, of an unsupported kind, or damaged in its header.
pub fn inspect(bytes: &[u8], limits: &ImageLimits) -> Result<Header, ImagingError> {
    guarded(bytes, limits, |mut opened, format| {
        let stored = opened.stored();
        let orientation = opened.metadata(&mut Metadata::default())?;
        let (mut width, mut height) = (stored.width as usize, stored.height as usize);
        if transposes(orientation) {
            (width, height) = (height, width);
        }
        Ok(Header { format, width, height, model: stored.model, depth: stored.depth })
    })
}

/// Decodes a file after the checks of [`inspect`], and turns the picture upright.
///
/// Grey stays grey, 16 bits stay 16 bits, alpha stays. Palettes and samples of 1, 2 or 4 bits are
/// expanded to 8 bits. CMYK and YCCK become RGB by the plain formula, without a profile, which is
/// reported as a loss. Of an animation or a document with several pages, where
/// [`ImageLimits::max_frames`] allows one at all, the first picture is taken.
///
/// # Errors
/// [`ImagingError`] as for [`inspect`], or if the pixels are damaged or cut short.
pub fn decode(bytes: &[u8], limits: &ImageLimits) -> Result<Picture, ImagingError> {
    guarded(bytes, limits, |mut opened, format| {
        let stored = opened.stored();
        let mut metadata = Metadata::default();
        let orientation = opened.metadata(&mut metadata)?;
        let (height, width) = (stored.height as usize, stored.width as usize);
        // The limits have been checked: this fits, and is as little as it can be.
        let length = height * width * stored.model.channels();
        let samples = match stored.depth {
            BitDepth::Eight => {
                let mut samples = vec![0_u8; length];
                opened.read(&mut samples)?;
                Samples::Eight(samples)
            }
            BitDepth::Sixteen => {
                let mut samples = vec![0_u16; length];
                opened.read(bytemuck::cast_slice_mut(&mut samples))?;
                Samples::Sixteen(samples)
            }
        };
        let raster = Raster::assembled(height, width, stored.model, samples);
        Ok(Picture { raster: upright(raster, orientation), metadata, format })
    })
}

/// A file whose header has been read.
trait Opened {
    /// Size and kind of the pixels as they are stored.
    fn stored(&self) -> Stored;

    /// Frames or pages.
    fn frames(&mut self) -> Result<u64, ImagingError> {
        Ok(1)
    }

    /// Collects profile and EXIF block, and says how the picture has to be turned.
    fn metadata(&mut self, metadata: &mut Metadata) -> Result<Orientation, ImagingError>;

    /// Decodes the pixels into exactly as many bytes as they take; 16 bits in native order.
    fn read(self: Box<Self>, samples: &mut [u8]) -> Result<(), ImagingError>;
}

#[derive(Clone, Copy)]
struct Stored {
    width: u32,
    height: u32,
    model: ColorModel,
    depth: BitDepth,
    /// Bytes that the decoder needs beside the decoded samples.
    working_bytes: u64,
}

impl Stored {
    fn samples(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height) * self.model.channels() as u64
    }
}

/// Opens a file, checks its header, and does the work on it.
fn guarded<T>(
    bytes: &[u8],
    limits: &ImageLimits,
    work: impl FnOnce(Box<dyn Opened + '_>, ImageFormat) -> Result<T, ImagingError>,
) -> Result<T, ImagingError> {
    limits.check_bytes(bytes)?;
    let format = ImageFormat::sniff(bytes).ok_or(ImagingError::UnsupportedFormat)?;
    contained(format, || {
        let mut opened: Box<dyn Opened + '_> = match format {
            ImageFormat::Png => image_crate::open_png(bytes, limits)?,
            ImageFormat::WebP => image_crate::open_webp(bytes)?,
            ImageFormat::Bmp => image_crate::open_bmp(bytes)?,
            ImageFormat::Jpeg => jpeg::open(bytes)?,
            ImageFormat::Tiff => tiff::open(bytes, limits)?,
        };
        let stored = opened.stored();
        if stored.samples() == 0 {
            return Err(corrupt(format, "an image without pixels"));
        }
        let bytes_per_pixel = stored.model.channels() * stored.depth.bytes();
        limits.check_pixels(
            stored.width.into(),
            stored.height.into(),
            bytes_per_pixel as u64,
            stored.working_bytes,
        )?;
        limits.check_frames(opened.frames()?)?;
        work(opened, format)
    })
}

/// The decoders are the work of many hands and are fed by strangers: should one of them panic,
/// then its file is damaged, and nothing of the half-done work is left to be seen.
fn contained<T>(
    format: ImageFormat,
    decode: impl FnOnce() -> Result<T, ImagingError>,
) -> Result<T, ImagingError> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(corrupt(format, "the decoder gave up")))
}

fn corrupt(format: ImageFormat, source: impl Into<super::Source>) -> ImagingError {
    ImagingError::Corrupt { format, source: source.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_decoder_is_a_damaged_file() {
        let result: Result<(), _> = contained(ImageFormat::Png, || panic!("index out of bounds"));
        assert!(matches!(result, Err(ImagingError::Corrupt { format: ImageFormat::Png, .. })));
    }
}
