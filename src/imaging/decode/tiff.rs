//! TIFF and `BigTIFF`, by the `tiff` crate.
//!
//! Directly rather than through the `image` crate, which decodes into a buffer of its own first,
//! and reads neither grey with alpha nor greys of 2 and 4 bits.

use std::io::Cursor;

use ::tiff::decoder::{Decoder as TiffDecoder, Limits};
use ::tiff::tags::{SampleFormat, Tag};
use ::tiff::{ColorType, TiffError};
use image::metadata::Orientation;

use super::{Opened, Stored, corrupt};
use crate::imaging::{
    BitDepth, ColorModel, ImageFormat, ImageLimits, ImagingError, Loss, Metadata,
};

/// Directories looked at to count pages: a chain of thumbnails has to end somewhere.
const MAX_DIRECTORIES: u64 = 1024;

pub(super) fn open<'a>(
    bytes: &'a [u8],
    limits: &ImageLimits,
) -> Result<Box<dyn Opened + 'a>, ImagingError> {
    let mut allowed = Limits::default();
    allowed.decoding_buffer_size = usize::try_from(limits.max_allocation).unwrap_or(usize::MAX);
    allowed.intermediate_buffer_size = allowed.decoding_buffer_size;
    allowed.ifd_value_size = usize::try_from(ImageLimits::MAX_METADATA_BYTES).unwrap_or(usize::MAX);
    let mut decoder = TiffDecoder::new(Cursor::new(bytes)).map_err(error)?.with_limits(allowed);
    let (width, height) = decoder.dimensions().map_err(error)?;
    let color = decoder.colortype().map_err(error)?;
    let (packing, model, depth) = kind(color)?;
    let formats = decoder.find_tag_unsigned_vec::<u16>(Tag::SampleFormat).map_err(error)?;
    if formats.unwrap_or_default().iter().any(|format| *format != SampleFormat::Uint.to_u16()) {
        return Err(unsupported(&format!("{color:?} samples that are not unsigned integers")));
    }
    let pixels = u64::from(width) * u64::from(height);
    let working_bytes = match packing {
        Packing::Plain => 0,
        Packing::Bits(_) => pixels,
        Packing::Ink => pixels.saturating_mul(4 * depth.bytes() as u64),
    };
    let stored = Stored { width, height, model, depth, working_bytes };
    Ok(Box::new(Open { decoder, packing, stored, max_frames: limits.max_frames.into() }))
}

/// How samples lie in the decoded strips.
#[derive(Clone, Copy, PartialEq)]
enum Packing {
    /// As in a raster.
    Plain,
    /// Greys of 1, 2 or 4 bits, rows padded to whole bytes.
    Bits(u8),
    /// Cyan, magenta, yellow, black.
    Ink,
}

fn kind(color: ColorType) -> Result<(Packing, ColorModel, BitDepth), ImagingError> {
    let depth = |bits| match bits {
        8 => Ok(BitDepth::Eight),
        16 => Ok(BitDepth::Sixteen),
        _ => Err(unsupported(&format!("{color:?}"))),
    };
    Ok(match color {
        ColorType::Gray(bits @ (1 | 2 | 4)) => {
            (Packing::Bits(bits), ColorModel::Grey, BitDepth::Eight)
        }
        ColorType::Gray(bits) => (Packing::Plain, ColorModel::Grey, depth(bits)?),
        ColorType::GrayA(bits) | ColorType::Multiband { bit_depth: bits, num_samples: 2 } => {
            (Packing::Plain, ColorModel::GreyAlpha, depth(bits)?)
        }
        ColorType::RGB(bits) => (Packing::Plain, ColorModel::Rgb, depth(bits)?),
        ColorType::RGBA(bits) => (Packing::Plain, ColorModel::RgbAlpha, depth(bits)?),
        ColorType::CMYK(bits) => (Packing::Ink, ColorModel::Rgb, depth(bits)?),
        _ => return Err(unsupported(&format!("{color:?}"))),
    })
}

struct Open<'a> {
    decoder: TiffDecoder<Cursor<&'a [u8]>>,
    packing: Packing,
    stored: Stored,
    max_frames: u64,
}

impl Opened for Open<'_> {
    fn stored(&self) -> Stored {
        self.stored
    }

    /// Pages, without the thumbnails and reduced copies that are marked as such.
    fn frames(&mut self) -> Result<u64, ImagingError> {
        let (mut pages, mut directories) = (0, 0);
        let mut next = self.decoder.ifd_pointer();
        while let Some(pointer) = next {
            let directory = self.decoder.read_directory(pointer).map_err(error)?;
            let kind = self
                .decoder
                .read_directory_tags(&directory)
                .find_tag_unsigned::<u32>(Tag::NewSubfileType)
                .map_err(error)?;
            directories += 1;
            pages += u64::from(kind.unwrap_or(0) & 1 == 0);
            if directories > MAX_DIRECTORIES {
                return Err(corrupt(ImageFormat::Tiff, "too many directories"));
            }
            if pages > self.max_frames {
                break;
            }
            next = directory.next();
        }
        Ok(pages.max(1))
    }

    fn metadata(&mut self, metadata: &mut Metadata) -> Result<Orientation, ImagingError> {
        if let Some(profile) = self.decoder.find_tag(Tag::IccProfile).map_err(error)? {
            metadata.set_icc(profile.into_u8_vec().map_err(error)?, self.stored.model);
        }
        // The block is scattered over the file, by offsets that hold nowhere else.
        if self.decoder.find_tag(Tag::ExifDirectory).map_err(error)?.is_some() {
            metadata.losses.push(Loss::ExifDropped);
        }
        if self.packing == Packing::Ink {
            metadata.losses.push(Loss::InkConverted);
        }
        let orientation =
            self.decoder.find_tag_unsigned::<u8>(Tag::Orientation).unwrap_or_default();
        Ok(orientation.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms))
    }

    fn read(mut self: Box<Self>, samples: &mut [u8]) -> Result<(), ImagingError> {
        let layout = self.decoder.image_buffer_layout().map_err(error)?;
        if layout.planes > 1 {
            return Err(unsupported("one plane for each channel"));
        }
        if self.packing == Packing::Plain {
            if layout.complete_len != samples.len() {
                return Err(unsupported("an unusual layout of samples"));
            }
            return self.decoder.read_image_bytes(samples).map_err(error);
        }
        let mut packed = vec![0; layout.complete_len];
        self.decoder.read_image_bytes(&mut packed).map_err(error)?;
        match (self.packing, self.stored.depth) {
            (Packing::Bits(bits), _) => expand(&packed, samples, self.stored.width as usize, bits),
            (_, BitDepth::Eight) => ink_to_light(&packed, samples, 255),
            (_, BitDepth::Sixteen) => ink_to_light::<u16>(
                // Of bytes: the alignment of a vector of bytes is too small for anything else.
                &bytemuck::pod_collect_to_vec::<u8, u16>(&packed),
                bytemuck::cast_slice_mut(samples),
                65_535,
            ),
        }
        Ok(())
    }
}

/// Spreads levels of `bits` bits evenly over 0 to 255.
fn expand(packed: &[u8], samples: &mut [u8], width: usize, bits: u8) {
    let top = (1_u8 << bits) - 1;
    let per_byte = usize::from(8 / bits);
    let row_bytes = width.div_ceil(per_byte);
    for (packed, row) in packed.chunks_exact(row_bytes).zip(samples.chunks_exact_mut(width)) {
        for (x, sample) in row.iter_mut().enumerate() {
            let shift = 8 - bits as usize * (x % per_byte + 1);
            *sample = ((packed[x / per_byte] >> shift) & top) * (255 / top);
        }
    }
}

/// Cyan, magenta, yellow and black to red, green and blue: each ink takes its share of the light.
fn ink_to_light<T: Copy + Into<u64> + TryFrom<u64> + Default>(
    ink: &[T],
    light: &mut [T],
    top: u64,
) {
    for (ink, light) in ink.chunks_exact(4).zip(light.chunks_exact_mut(3)) {
        let key = top - ink[3].into();
        for (light, ink) in light.iter_mut().zip(ink) {
            let product = (top - (*ink).into()) * key;
            *light = T::try_from((product + top / 2) / top).unwrap_or_default();
        }
    }
}

fn unsupported(color: &str) -> ImagingError {
    ImagingError::UnsupportedColor { format: ImageFormat::Tiff, color: color.to_owned() }
}

fn error(error: TiffError) -> ImagingError {
    let format = ImageFormat::Tiff;
    match error {
        TiffError::UnsupportedError(_) => {
            ImagingError::UnsupportedFeature { format, source: Box::new(error) }
        }
        TiffError::LimitsExceeded => {
            ImagingError::MetadataTooLarge { limit: ImageLimits::MAX_METADATA_BYTES }
        }
        error => corrupt(format, error),
    }
}
