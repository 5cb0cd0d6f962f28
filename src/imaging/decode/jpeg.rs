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

/// What a scan is continued with where it ends: eight bytes of ones, each followed by the zero
/// that marks it as data. No code word consists of ones alone (ITU-T T.81, annex C), and eight
/// bytes are more than the bits that can belong to a word begun before. A decoder that has all
/// its blocks does not look there; one that has not must fail instead of inventing the rest.
const ONES: [u8; 16] = [0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0];

const END_OF_IMAGE: u8 = 0xd9;

pub(super) fn open(bytes: &[u8]) -> Result<Box<dyn Opened + '_>, ImagingError> {
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_max_scans(MAX_SCANS);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| header_error(bytes, error))?;
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
    Ok(Box::new(Open { bytes, options, decoder, color, stored }))
}

struct Open<'a> {
    bytes: &'a [u8],
    options: DecoderOptions,
    /// Has read the header, and reads no more.
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

    fn read(self: Box<Self>, samples: &mut [u8]) -> Result<(), ImagingError> {
        let end = markers(self.bytes)
            .find_map(|(marker, at)| (marker == END_OF_IMAGE).then_some(at))
            .ok_or_else(|| corrupt(ImageFormat::Jpeg, "no end-of-image marker"))?;
        let complete = [&self.bytes[..end], &ONES, &[0xff, END_OF_IMAGE]].concat();
        let color = match self.stored.model {
            ColorModel::Grey => ColorSpace::Luma,
            _ => ColorSpace::RGB,
        };
        let options = self.options.jpeg_set_out_colorspace(color);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&complete[..]), options);
        decoder.decode_into(samples).map_err(error)
    }
}

/// The markers after the first one and where they are, those in thumbnails left out. Within scans
/// these are the markers that end the scan: neither restarts nor stuffed data.
fn markers(bytes: &[u8]) -> impl Iterator<Item = (u8, usize)> {
    let mut next = 2;
    std::iter::from_fn(move || {
        loop {
            let at = next + bytes.get(next..)?.iter().position(|byte| *byte == 0xff)?;
            let marker = *bytes.get(at + 1)?;
            match marker {
                0xff => next = at + 1,
                0 | 1 | 0xd0..=0xd8 => next = at + 2,
                _ => {
                    let length = bytes.get(at + 2..).and_then(<[u8]>::first_chunk);
                    next = at + 2 + length.map_or(0, |length| u16::from_be_bytes(*length).into());
                    return Some((marker, at));
                }
            }
        }
    })
}

fn header_error(bytes: &[u8], error: DecodeErrors) -> ImagingError {
    // Lossless, differential and arithmetic coding: sound files that hardly any reader knows.
    let unusual = |marker| matches!(marker, 0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf);
    if markers(bytes).take(256).any(|(marker, _)| unusual(marker)) {
        let (format, source) = (ImageFormat::Jpeg, Box::new(error));
        return ImagingError::UnsupportedFeature { format, source };
    }
    self::error(error)
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
