//! JPEG, by `jpeg-encoder`: with AVX2 several times as fast as the encoder of the `image` crate.

use jpeg_encoder::{ColorType, Encoder, EncodingError, SamplingFactor};

use super::{Loss, Sidecar, encoding, over_white, with_eight_bits};
use crate::imaging::{ColorModel, ImageFormat, ImagingError, Raster, Samples};

/// From this quality on, colour is kept at full resolution.
const FULL_COLOR_QUALITY: u8 = 90;

/// Writes an opaque 8-bit raster.
pub(super) fn write(
    raster: &Raster,
    metadata: Sidecar<'_>,
    quality: u8,
    bytes: &mut Vec<u8>,
    losses: &mut Vec<Loss>,
) -> Result<(), ImagingError> {
    let (samples, color) = match (raster.samples(), raster.model()) {
        (Samples::Eight(samples), ColorModel::Grey) => (samples, ColorType::Luma),
        (Samples::Eight(samples), ColorModel::Rgb) => (samples, ColorType::Rgb),
        (Samples::Sixteen(_), _) => {
            return write(&with_eight_bits(raster), metadata, quality, bytes, losses);
        }
        _ => return write(&over_white(raster), metadata, quality, bytes, losses),
    };
    let mut encoder = Encoder::new(bytes, quality);
    encoder.set_sampling_factor(if quality >= FULL_COLOR_QUALITY {
        SamplingFactor::F_1_1
    } else {
        SamplingFactor::F_2_2
    });
    // Both are stored in segments of at most 64 KiB: a profile may take 254 of them, EXIF one.
    if metadata.exif.is_some_and(|exif| encoder.add_exif_metadata(exif).is_err()) {
        losses.push(Loss::ExifDropped);
    }
    if metadata.icc.is_some_and(|icc| encoder.add_icc_profile(icc).is_err()) {
        losses.push(Loss::ProfileDropped);
    }
    let side = |length: usize| u16::try_from(length).map_err(|e| encoding(ImageFormat::Jpeg, e));
    let (width, height) = (side(raster.width())?, side(raster.height())?);
    encoder
        .encode(samples, width, height, color)
        .map_err(|error: EncodingError| encoding(ImageFormat::Jpeg, error))
}
