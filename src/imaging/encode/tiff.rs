//! TIFF, by the `tiff` crate: LZW after differences along each row, which every reader knows.
//!
//! Directly rather than through the `image` crate, which knows no grey with alpha, does not
//! compress, and does not say what the fourth channel is.

use std::io::Cursor;

use tiff::TiffError;
use tiff::encoder::colortype::{ColorType, Gray8, Gray16, RGB8, RGB16, RGBA8, RGBA16};
use tiff::encoder::{Compression, Predictor, TiffEncoder, TiffValue};
use tiff::tags::{ExtraSamples, PhotometricInterpretation, SampleFormat, Tag};

use super::{Sidecar, dimensions, encoding};
use crate::imaging::{ColorModel, ImageFormat, ImagingError, Raster, Samples};

pub(super) fn write(
    raster: &Raster,
    metadata: Sidecar<'_>,
    bytes: &mut Vec<u8>,
) -> Result<(), ImagingError> {
    match (raster.samples(), raster.model()) {
        (Samples::Eight(v), ColorModel::Grey) => write_as::<Gray8>(raster, v, metadata, bytes),
        (Samples::Eight(v), ColorModel::GreyAlpha) => {
            write_as::<GreyAlpha8>(raster, v, metadata, bytes)
        }
        (Samples::Eight(v), ColorModel::Rgb) => write_as::<RGB8>(raster, v, metadata, bytes),
        (Samples::Eight(v), ColorModel::RgbAlpha) => write_as::<RGBA8>(raster, v, metadata, bytes),
        (Samples::Sixteen(v), ColorModel::Grey) => write_as::<Gray16>(raster, v, metadata, bytes),
        (Samples::Sixteen(v), ColorModel::GreyAlpha) => {
            write_as::<GreyAlpha16>(raster, v, metadata, bytes)
        }
        (Samples::Sixteen(v), ColorModel::Rgb) => write_as::<RGB16>(raster, v, metadata, bytes),
        (Samples::Sixteen(v), ColorModel::RgbAlpha) => {
            write_as::<RGBA16>(raster, v, metadata, bytes)
        }
    }
}

fn write_as<C: ColorType>(
    raster: &Raster,
    samples: &[C::Inner],
    metadata: Sidecar<'_>,
    bytes: &mut Vec<u8>,
) -> Result<(), ImagingError>
where
    [C::Inner]: TiffValue,
{
    let failed = |error: TiffError| encoding(ImageFormat::Tiff, error);
    let (width, height) = dimensions(raster, ImageFormat::Tiff)?;
    let mut encoder = TiffEncoder::new(Cursor::new(bytes))
        .map_err(failed)?
        .with_compression(Compression::Lzw)
        .with_predictor(Predictor::Horizontal);
    let mut page = encoder.new_image::<C>(width, height).map_err(failed)?;
    if raster.model().has_alpha() {
        let alpha = [ExtraSamples::UnassociatedAlpha.to_u16()];
        page.encoder().write_tag(Tag::ExtraSamples, &alpha[..]).map_err(failed)?;
    }
    if let Some(icc) = metadata.icc {
        page.encoder().write_tag(Tag::IccProfile, icc).map_err(failed)?;
    }
    page.write_data(samples).map_err(failed)
}

struct GreyAlpha8;

impl ColorType for GreyAlpha8 {
    type Inner = u8;
    const TIFF_VALUE: PhotometricInterpretation = PhotometricInterpretation::BlackIsZero;
    const BITS_PER_SAMPLE: &'static [u16] = &[8; 2];
    const SAMPLE_FORMAT: &'static [SampleFormat] = &[SampleFormat::Uint; 2];

    fn horizontal_predict(row: &[u8], result: &mut Vec<u8>) {
        result.extend_from_slice(&row[..2]);
        result.extend(row.iter().zip(&row[2..]).map(|(left, here)| here.wrapping_sub(*left)));
    }
}

struct GreyAlpha16;

impl ColorType for GreyAlpha16 {
    type Inner = u16;
    const TIFF_VALUE: PhotometricInterpretation = PhotometricInterpretation::BlackIsZero;
    const BITS_PER_SAMPLE: &'static [u16] = &[16; 2];
    const SAMPLE_FORMAT: &'static [SampleFormat] = &[SampleFormat::Uint; 2];

    fn horizontal_predict(row: &[u16], result: &mut Vec<u16>) {
        result.extend_from_slice(&row[..2]);
        result.extend(row.iter().zip(&row[2..]).map(|(left, here)| here.wrapping_sub(*left)));
    }
}
