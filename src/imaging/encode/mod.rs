//! Pixels to bytes.

mod jpeg;
mod tiff;

use std::borrow::Cow;
use std::fmt;

use image::codecs::bmp::BmpEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::metadata::describes;
use super::{
    BitDepth, ColorModel, ImageFormat, ImagingError, Metadata, MetadataPolicy, OptionFault,
    Picture, Raster, Samples,
};

/// How a picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodeOptions {
    /// The format to write.
    pub format: ImageFormat,
    /// JPEG quality, 1 to 100. From 90 on colour is kept at full resolution (4:4:4), below it is
    /// halved in both directions (4:2:0). The other formats are written without loss.
    pub quality: u8,
    /// Whether profile and EXIF block are written.
    pub metadata: MetadataPolicy,
}

impl EncodeOptions {
    /// JPEG quality unless asked otherwise.
    pub const DEFAULT_QUALITY: u8 = 92;

    /// The format, with default quality and all metadata.
    pub fn new(format: ImageFormat) -> Self {
        Self { format, quality: Self::DEFAULT_QUALITY, metadata: MetadataPolicy::Keep }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// Every option outside its range.
    pub fn validate(&self) -> Result<(), Vec<OptionFault>> {
        let fault = OptionFault::check("quality", 1..=100, self.quality.into());
        fault.map_or(Ok(()), |fault| Err(vec![fault]))
    }
}

/// An encoded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The file.
    pub bytes: Vec<u8>,
    /// What was in the picture, or in the file it came from, and is not in this file. The loss of
    /// JPEG compression is not counted.
    pub losses: Vec<Loss>,
}

/// Something that a file could not carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Transparency was laid over white.
    AlphaDropped,
    /// 16 bits a sample became 8.
    DepthReduced,
    /// The colour profile was left out.
    ProfileDropped,
    /// The EXIF block was left out.
    ExifDropped,
    /// Printing inks (CMYK) became RGB, by the plain formula.
    InkConverted,
}

impl fmt::Display for Loss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AlphaDropped => "the format has no transparency: it was laid over white",
            Self::DepthReduced => "the format has no 16-bit samples: they were rounded to 8 bits",
            Self::ProfileDropped => "the colour profile could not be kept",
            Self::ExifDropped => "the EXIF block could not be kept",
            Self::InkConverted => "the CMYK colours were converted to RGB without a profile",
        })
    }
}

/// Writes a picture.
///
/// Whatever the format cannot hold is converted and reported in [`Encoded::losses`]: transparency
/// is laid over white, 16 bits are rounded to 8. PNG and TIFF hold everything but, in TIFF, EXIF.
/// WebP is written without loss, and reads back as RGB where the picture was grey.
///
/// # Errors
/// [`ImagingError::Option`] for a quality outside its range;
/// [`ImagingError::TooLongForFormat`] if a side is longer than the format can store;
/// [`ImagingError::Encoding`] if the encoder refuses otherwise.
pub fn encode(picture: &Picture, options: &EncodeOptions) -> Result<Encoded, ImagingError> {
    let format = options.format;
    if let Err(mut faults) = options.validate() {
        return Err(faults.remove(0).into());
    }
    let actual = picture.raster.width().max(picture.raster.height());
    if actual > format.longest_side() {
        return Err(ImagingError::TooLongForFormat {
            format,
            limit: format.longest_side(),
            actual,
        });
    }
    let mut losses = Vec::new();
    let raster = storable(&picture.raster, format, &mut losses);
    let metadata = match options.metadata {
        MetadataPolicy::Keep => {
            losses.extend(&picture.metadata.losses);
            storable_metadata(&picture.metadata, &raster, format, &mut losses)
        }
        MetadataPolicy::Strip => {
            let pixels = |loss: &&Loss| **loss == Loss::InkConverted;
            losses.extend(picture.metadata.losses.iter().filter(pixels));
            Sidecar::default()
        }
    };
    let mut bytes = Vec::new();
    match format {
        ImageFormat::Jpeg => {
            jpeg::write(&raster, metadata, options.quality, &mut bytes, &mut losses)?;
        }
        ImageFormat::Tiff => tiff::write(&raster, metadata, &mut bytes)?,
        ImageFormat::Png => {
            // On photographs the slower settings take four to seventeen times as long for files
            // that are at most a few per cent smaller.
            let encoder = PngEncoder::new_with_quality(
                &mut bytes,
                CompressionType::Fast,
                FilterType::Adaptive,
            );
            by_image_crate(&raster, metadata, format, encoder)?;
        }
        ImageFormat::WebP => {
            by_image_crate(&raster, metadata, format, WebPEncoder::new_lossless(&mut bytes))?;
        }
        ImageFormat::Bmp => {
            by_image_crate(&raster, metadata, format, BmpEncoder::new(&mut bytes))?;
        }
    }
    Ok(Encoded { bytes, losses })
}

/// The metadata to write.
#[derive(Clone, Copy, Default)]
struct Sidecar<'a> {
    icc: Option<&'a [u8]>,
    exif: Option<&'a [u8]>,
}

/// The raster as the format can hold it; borrowed if that is as it is.
fn storable<'a>(
    raster: &'a Raster,
    format: ImageFormat,
    losses: &mut Vec<Loss>,
) -> Cow<'a, Raster> {
    let mut raster = Cow::Borrowed(raster);
    if raster.depth() == BitDepth::Sixteen
        && matches!(format, ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Bmp)
    {
        losses.push(Loss::DepthReduced);
        raster = Cow::Owned(with_eight_bits(&raster));
    }
    // The encoder would write the greys alone.
    if raster.model() == ColorModel::GreyAlpha && format == ImageFormat::Bmp {
        raster = Cow::Owned(with_equal_colors(&raster));
    }
    if raster.model().has_alpha() && format == ImageFormat::Jpeg {
        losses.push(Loss::AlphaDropped);
        raster = Cow::Owned(over_white(&raster));
    }
    raster
}

fn storable_metadata<'a>(
    metadata: &'a Metadata,
    raster: &Raster,
    format: ImageFormat,
    losses: &mut Vec<Loss>,
) -> Sidecar<'a> {
    let mut icc = metadata.icc.as_deref();
    let mut exif = metadata.exif.as_deref();
    // A grey picture becomes an RGB one in WebP, which a profile for grey does not describe.
    let model = if format == ImageFormat::WebP { ColorModel::Rgb } else { raster.model() };
    if icc.is_some_and(|icc| format == ImageFormat::Bmp || !describes(icc, model)) {
        icc = None;
        losses.push(Loss::ProfileDropped);
    }
    if exif.is_some() && matches!(format, ImageFormat::Bmp | ImageFormat::Tiff) {
        exif = None;
        losses.push(Loss::ExifDropped);
    }
    Sidecar { icc, exif }
}

/// Rounds to the nearest of 256 levels.
fn with_eight_bits(raster: &Raster) -> Raster {
    let samples = match raster.samples() {
        Samples::Eight(samples) => samples.clone(),
        #[expect(clippy::cast_possible_truncation, reason = "at most 65535 / 257 = 255")]
        Samples::Sixteen(samples) => {
            samples.iter().map(|v| ((u32::from(*v) + 128) / 257) as u8).collect()
        }
    };
    Raster::assembled(raster.height(), raster.width(), raster.model(), Samples::Eight(samples))
}

/// An 8-bit raster of grey and alpha as one of red, green, blue and alpha.
fn with_equal_colors(raster: &Raster) -> Raster {
    let Samples::Eight(samples) = raster.samples() else {
        return with_equal_colors(&with_eight_bits(raster));
    };
    let pixels = samples.chunks_exact(2);
    let samples = pixels.flat_map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]]).collect();
    let (height, width) = (raster.height(), raster.width());
    Raster::assembled(height, width, ColorModel::RgbAlpha, Samples::Eight(samples))
}

/// Lays an 8-bit raster over white.
fn over_white(raster: &Raster) -> Raster {
    let Samples::Eight(samples) = raster.samples() else {
        return over_white(&with_eight_bits(raster));
    };
    let model = raster.model().without_alpha();
    let colors = model.channels();
    let mut opaque = Vec::with_capacity(raster.height() * raster.width() * colors);
    for pixel in samples.chunks_exact(raster.model().channels()) {
        let alpha = u32::from(pixel[colors]);
        #[expect(clippy::cast_possible_truncation, reason = "a mean of two bytes is a byte")]
        opaque.extend(
            pixel[..colors]
                .iter()
                .map(|color| ((u32::from(*color) * alpha + 255 * (255 - alpha) + 127) / 255) as u8),
        );
    }
    Raster::assembled(raster.height(), raster.width(), model, Samples::Eight(opaque))
}

/// Writes by the `image` crate.
fn by_image_crate(
    raster: &Raster,
    metadata: Sidecar<'_>,
    format: ImageFormat,
    mut encoder: impl ImageEncoder,
) -> Result<(), ImagingError> {
    if let Some(icc) = metadata.icc {
        encoder.set_icc_profile(icc.to_vec()).map_err(|error| encoding(format, error))?;
    }
    if let Some(exif) = metadata.exif {
        encoder.set_exif_metadata(exif.to_vec()).map_err(|error| encoding(format, error))?;
    }
    let color = match (raster.model(), raster.depth()) {
        (ColorModel::Grey, BitDepth::Eight) => ExtendedColorType::L8,
        (ColorModel::GreyAlpha, BitDepth::Eight) => ExtendedColorType::La8,
        (ColorModel::Rgb, BitDepth::Eight) => ExtendedColorType::Rgb8,
        (ColorModel::RgbAlpha, BitDepth::Eight) => ExtendedColorType::Rgba8,
        (ColorModel::Grey, BitDepth::Sixteen) => ExtendedColorType::L16,
        (ColorModel::GreyAlpha, BitDepth::Sixteen) => ExtendedColorType::La16,
        (ColorModel::Rgb, BitDepth::Sixteen) => ExtendedColorType::Rgb16,
        (ColorModel::RgbAlpha, BitDepth::Sixteen) => ExtendedColorType::Rgba16,
    };
    let samples = match raster.samples() {
        Samples::Eight(samples) => samples,
        Samples::Sixteen(samples) => bytemuck::cast_slice(samples),
    };
    let (width, height) = dimensions(raster, format)?;
    encoder.write_image(samples, width, height, color).map_err(|error| encoding(format, error))
}

/// Width and height for encoders that count in 32 bits.
fn dimensions(raster: &Raster, format: ImageFormat) -> Result<(u32, u32), ImagingError> {
    let side = |length: usize| u32::try_from(length).map_err(|error| encoding(format, error));
    Ok((side(raster.width())?, side(raster.height())?))
}

fn encoding(format: ImageFormat, source: impl Into<super::Source>) -> ImagingError {
    ImagingError::Encoding { format, source: source.into() }
}
