//! JPEG, by `zune-jpeg` in its strict mode.
//!
//! The `image` crate drives the same decoder in a lenient mode, which paints what is missing
//! grey and says nothing. A picture to be repaired must not come with damage of our making.

use image::metadata::Orientation;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::{Opened, Stored, corrupt};
use crate::imaging::{BitDepth, ColorModel, ImageFormat, ImagingError, Loss, Metadata};

/// Scans of a progressive file. Encoders write about ten; each costs a pass over the whole image,
/// however few bytes it takes in the file.
const MAX_SCANS: usize = 32;

pub(super) fn open(bytes: &[u8]) -> Result<Box<dyn Opened + '_>, ImagingError> {
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_max_scans(MAX_SCANS);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(error)?;
    let missing = || corrupt(ImageFormat::Jpeg, "no frame header");
    let color = decoder.input_colorspace().ok_or_else(missing)?;
    let info = decoder.info().ok_or_else(missing)?;
    let model = match color {
        ColorSpace::Luma => ColorModel::Grey,
        ColorSpace::YCbCr | ColorSpace::RGB | ColorSpace::CMYK | ColorSpace::YCCK => {
            ColorModel::Rgb
        }
        other => {
            return Err(ImagingError::UnsupportedColor {
                format: ImageFormat::Jpeg,
                color: format!("{other:?}"),
            });
        }
    };
    let output = if model == ColorModel::Grey { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(options.jpeg_set_out_colorspace(output));
    // A progressive file is collected as coefficients of two bytes before it becomes pixels, and
    // so is one with a scan for each component, which only shows when it is decoded.
    let pixels = u64::from(info.width) * u64::from(info.height);
    let stored = Stored {
        width: info.width.into(),
        height: info.height.into(),
        model,
        depth: BitDepth::Eight,
        working_bytes: pixels * 2 * u64::from(info.components),
    };
    Ok(Box::new(Open { bytes, decoder, color, stored }))
}

struct Open<'a> {
    bytes: &'a [u8],
    decoder: JpegDecoder<ZCursor<&'a [u8]>>,
    color: ColorSpace,
    stored: Stored,
}

impl Opened for Open<'_> {
    fn stored(&self) -> Stored {
        self.stored
    }

    fn metadata(&mut self, metadata: &mut Metadata) -> Result<Orientation, ImagingError> {
        if let Some(profile) = self.decoder.icc_profile() {
            metadata.set_icc(profile, self.stored.model);
        }
        if matches!(self.color, ColorSpace::CMYK | ColorSpace::YCCK) {
            metadata.losses.push(Loss::InkConverted);
        }
        let exif = self.decoder.exif().cloned();
        Ok(exif.map_or(Orientation::NoTransforms, |exif| metadata.set_exif(exif)))
    }

    fn read(&mut self, samples: &mut [u8]) -> Result<(), ImagingError> {
        // The decoder forgives an end that comes within the last row of blocks.
        if !has_end(self.bytes) {
            return Err(corrupt(ImageFormat::Jpeg, "no end-of-image marker"));
        }
        self.decoder.decode_into(samples).map_err(error)
    }
}

/// Whether an end-of-image marker follows the first scan header. Within the scan no other `FF`
/// can precede a `D9`; before it there may be a thumbnail with an end of its own.
fn has_end(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(2..).unwrap_or_default();
    while let [0xff, marker, tail @ ..] = rest {
        match marker {
            0xff => rest = &rest[1..],
            0xd8 | 0x01 | 0xd0..=0xd7 => rest = tail,
            0xd9 => return false,
            0xda => return tail.windows(2).any(|pair| pair == [0xff, 0xd9]),
            _ => {
                let Some(length) = tail.first_chunk() else { return false };
                let length = usize::from(u16::from_be_bytes(*length));
                rest = tail.get(length..).unwrap_or_default();
            }
        }
    }
    false
}

fn error(error: DecodeErrors) -> ImagingError {
    let format = ImageFormat::Jpeg;
    match error {
        DecodeErrors::Unsupported(_) => {
            ImagingError::UnsupportedFeature { format, source: Box::new(error) }
        }
        error => corrupt(format, error),
    }
}
