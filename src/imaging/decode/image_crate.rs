//! PNG, WebP and BMP, by the `image` crate.

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::error::ImageError;
use image::metadata::Orientation;
use image::{ColorType, ImageDecoder, Limits};

use super::{Opened, Stored, corrupt};
use crate::imaging::{BitDepth, ColorModel, ImageFormat, ImageLimits, ImagingError, Metadata};

pub(super) fn open_png<'a>(
    bytes: &'a [u8],
    limits: &ImageLimits,
) -> Result<Box<dyn Opened + 'a>, ImagingError> {
    let format = ImageFormat::Png;
    // Before the decoder unpacks a profile or lays out a row, the size is checked here.
    let (width, height) = png_size(bytes).ok_or_else(|| corrupt(format, "no header"))?;
    limits.check_pixels(width.into(), height.into(), 1, 0)?;
    let mut allowed = Limits::no_limits();
    // A few rows of at most eight bytes a pixel, and the side data.
    allowed.max_alloc = Some(ImageLimits::MAX_METADATA_BYTES + u64::from(width) * 8 * 4);
    let decoder =
        PngDecoder::with_limits(Cursor::new(bytes), allowed).map_err(|e| error(format, e))?;
    let frames = png_frames(bytes);
    let stored = stored(format, &decoder, 0)?;
    Ok(Box::new(Open { decoder, format, stored, frames, shown_as_colors: false }))
}

pub(super) fn open_webp(bytes: &[u8]) -> Result<Box<dyn Opened + '_>, ImagingError> {
    let format = ImageFormat::WebP;
    let frames = webp_frames(bytes)?;
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(|e| error(format, e))?;
    // Lossless decodes by way of four bytes a pixel, lossy by one and a half.
    let stored = stored(format, &decoder, 4)?;
    Ok(Box::new(Open { decoder, format, stored, frames, shown_as_colors: false }))
}

pub(super) fn open_bmp(bytes: &[u8]) -> Result<Box<dyn Opened + '_>, ImagingError> {
    let format = ImageFormat::Bmp;
    let decoder = BmpDecoder::new(Cursor::new(bytes)).map_err(|e| error(format, e))?;
    let is_grey = |color: &[u8; 3]| color[0] == color[1] && color[1] == color[2];
    let mut stored = stored(format, &decoder, 0)?;
    // Bitmaps store grey as a palette, which the decoder shows as colours.
    let shown_as_colors = stored.model == ColorModel::Rgb
        && decoder.get_palette().is_some_and(|palette| palette.iter().all(is_grey));
    if shown_as_colors {
        stored.model = ColorModel::Grey;
        stored.working_bytes = 3 * stored.samples();
    }
    Ok(Box::new(Open { decoder, format, stored, frames: 1, shown_as_colors }))
}

struct Open<D> {
    decoder: D,
    format: ImageFormat,
    stored: Stored,
    frames: u64,
    /// Whether the decoder gives three equal samples for each grey one.
    shown_as_colors: bool,
}

impl<D: ImageDecoder> Opened for Open<D> {
    fn stored(&self) -> Stored {
        self.stored
    }

    fn frames(&mut self) -> Result<u64, ImagingError> {
        Ok(self.frames)
    }

    fn metadata(&mut self, metadata: &mut Metadata) -> Result<Orientation, ImagingError> {
        let profile = self.decoder.icc_profile().map_err(|e| error(self.format, e))?;
        let exif = self.decoder.exif_metadata().map_err(|e| error(self.format, e))?;
        if let Some(profile) = profile {
            metadata.set_icc(profile, self.stored.model);
        }
        Ok(exif.map_or(Orientation::NoTransforms, |exif| metadata.set_exif(exif)))
    }

    fn read(self: Box<Self>, samples: &mut [u8]) -> Result<(), ImagingError> {
        if !self.shown_as_colors {
            return self.decoder.read_image(samples).map_err(|e| error(self.format, e));
        }
        let mut colors = vec![0; 3 * samples.len()];
        self.decoder.read_image(&mut colors).map_err(|e| error(self.format, e))?;
        for (grey, color) in samples.iter_mut().zip(colors.chunks_exact(3)) {
            *grey = color[0];
        }
        Ok(())
    }
}

fn stored(
    format: ImageFormat,
    decoder: &impl ImageDecoder,
    working_bytes_per_pixel: u64,
) -> Result<Stored, ImagingError> {
    let (width, height) = decoder.dimensions();
    let (model, depth) = match decoder.color_type() {
        ColorType::L8 => (ColorModel::Grey, BitDepth::Eight),
        ColorType::La8 => (ColorModel::GreyAlpha, BitDepth::Eight),
        ColorType::Rgb8 => (ColorModel::Rgb, BitDepth::Eight),
        ColorType::Rgba8 => (ColorModel::RgbAlpha, BitDepth::Eight),
        ColorType::L16 => (ColorModel::Grey, BitDepth::Sixteen),
        ColorType::La16 => (ColorModel::GreyAlpha, BitDepth::Sixteen),
        ColorType::Rgb16 => (ColorModel::Rgb, BitDepth::Sixteen),
        ColorType::Rgba16 => (ColorModel::RgbAlpha, BitDepth::Sixteen),
        other => {
            return Err(ImagingError::UnsupportedColor { format, color: format!("{other:?}") });
        }
    };
    let pixels = u64::from(width) * u64::from(height);
    let working_bytes = pixels.saturating_mul(working_bytes_per_pixel);
    Ok(Stored { width, height, model, depth, working_bytes })
}

fn error(format: ImageFormat, error: ImageError) -> ImagingError {
    match error {
        ImageError::Unsupported(error) => {
            ImagingError::UnsupportedFeature { format, source: error.into() }
        }
        // Pixels have been counted before: only side data is left to be too large.
        ImageError::Limits(_) => {
            ImagingError::MetadataTooLarge { limit: ImageLimits::MAX_METADATA_BYTES }
        }
        error => corrupt(format, error),
    }
}

/// Width and height in the first chunk, which must be the header.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let (kind, header) = png_chunks(bytes).next()?;
    let (width, rest) = header.split_first_chunk()?;
    let (height, _) = rest.split_first_chunk()?;
    (kind == b"IHDR").then_some((u32::from_be_bytes(*width), u32::from_be_bytes(*height)))
}

/// The number of frames that the animation control chunk announces, which has to come before
/// the pixels.
fn png_frames(bytes: &[u8]) -> u64 {
    png_chunks(bytes)
        .take_while(|(kind, _)| *kind != b"IDAT")
        .find(|(kind, _)| *kind == b"acTL")
        .and_then(|(_, control)| control.first_chunk())
        .map_or(1, |frames| u32::from_be_bytes(*frames).into())
}

/// The chunks of a PNG file, up to the first one that is cut short.
fn png_chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, body) = rest.split_first_chunk()?;
        let (kind, body) = body.split_first_chunk()?;
        let (data, after) = body.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        // Four bytes of checksum follow, which the decoder looks at.
        rest = after.get(4..).unwrap_or_default();
        Some((kind, data))
    })
}

/// The number of frames, and that no chunk is cut short: the decoder would set aside memory for
/// whatever length a chunk announces.
fn webp_frames(bytes: &[u8]) -> Result<u64, ImagingError> {
    let mut rest = bytes.get(12..).unwrap_or_default();
    let (mut animated, mut frames) = (false, 0);
    while let Some((kind, body)) = rest.split_first_chunk::<4>() {
        let Some((length, body)) = body.split_first_chunk() else { break };
        let length = u32::from_le_bytes(*length) as usize;
        let Some((_, after)) = body.split_at_checked(length) else {
            return Err(corrupt(ImageFormat::WebP, "the last chunk is cut short"));
        };
        animated |= kind == b"ANIM";
        frames += u64::from(kind == b"ANMF");
        rest = after.get(length % 2..).unwrap_or_default();
    }
    Ok(if animated { frames.max(1) } else { 1 })
}
