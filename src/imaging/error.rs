//! What can be wrong with an image.

use super::{ColorModel, ImageFormat};

/// What a decoder or encoder of one format said.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why an image or a mask cannot be read, used, compared or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImagingError {
    /// The file is longer than allowed.
    #[error("the file has {actual} bytes, but at most {limit} are allowed")]
    TooManyBytes {
        /// Bytes allowed.
        limit: u64,
        /// Bytes received.
        actual: u64,
    },
    /// The header announces more pixels than allowed.
    #[error("the image has {actual} pixels, but at most {limit} are allowed")]
    TooManyPixels {
        /// Pixels allowed.
        limit: u64,
        /// Width times height.
        actual: u64,
    },
    /// The file is an animation or holds several pages.
    #[error("the file holds {actual} pictures, but at most {limit} are allowed")]
    TooManyFrames {
        /// Frames or pages allowed.
        limit: u64,
        /// Frames or pages found; counting stops once it is clear that there are too many.
        actual: u64,
    },
    /// Decoding would take more memory than allowed.
    #[error("decoding would take {actual} bytes of memory, but at most {limit} are allowed")]
    TooMuchMemory {
        /// Bytes allowed.
        limit: u64,
        /// Bytes that decoding would take.
        actual: u64,
    },
    /// A profile, comment or other side data would take more memory than allowed.
    #[error("the side data of the file takes more than {limit} bytes of memory")]
    MetadataTooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// The first bytes belong to no format that is read here.
    #[error("not a PNG, JPEG, WebP, TIFF or BMP file")]
    UnsupportedFormat,
    /// The file may be sound, but uses a part of its format that is not read here.
    #[error("this kind of {format} file is not supported: {source}")]
    UnsupportedFeature {
        /// The format of the file.
        format: ImageFormat,
        /// What the decoder said.
        source: Source,
    },
    /// The samples of the file are of a kind that is not read here.
    #[error("{format} files with {color} are not supported")]
    UnsupportedColor {
        /// The format of the file.
        format: ImageFormat,
        /// The kind of samples, in words.
        color: String,
    },
    /// The file is damaged or cut short.
    #[error("the {format} file is damaged or cut short: {source}")]
    Corrupt {
        /// The format of the file.
        format: ImageFormat,
        /// What the decoder said.
        source: Source,
    },
    /// The picture is wider or higher than the format can store.
    #[error("{format} files have at most {limit} pixels a side, not {actual}")]
    TooLongForFormat {
        /// The format to write.
        format: ImageFormat,
        /// Pixels a side that the format can store.
        limit: usize,
        /// The longer side of the picture.
        actual: usize,
    },
    /// The encoder failed.
    #[error("the picture cannot be written as {format}: {source}")]
    Encoding {
        /// The format to write.
        format: ImageFormat,
        /// What the encoder said.
        source: Source,
    },
    /// An option lies outside its range.
    #[error(transparent)]
    Option(#[from] OptionFault),
    /// The mask does not have the size of the image, both upright.
    #[error(
        "the mask is {} x {} pixels, but the image is {} x {}",
        actual.0, actual.1, expected.0, expected.1
    )]
    MaskSize {
        /// Width and height of the image.
        expected: (usize, usize),
        /// Width and height of the mask.
        actual: (usize, usize),
    },
    /// The alpha channel of the mask was asked for, but it has none.
    #[error("the mask has no alpha channel")]
    MaskWithoutAlpha,
    /// Two images to compare differ in size.
    #[error(
        "images of {} x {} and {} x {} pixels cannot be compared",
        first.0, first.1, second.0, second.1
    )]
    ComparedSize {
        /// Width and height of the first image.
        first: (usize, usize),
        /// Width and height of the second image.
        second: (usize, usize),
    },
    /// Two images to compare differ in colour model.
    #[error("a {first} image cannot be compared with a {second} image")]
    ComparedColor {
        /// Colour model of the first image.
        first: ColorModel,
        /// Colour model of the second image.
        second: ColorModel,
    },
    /// There is nothing to compare: the image is smaller than the window, or no pixel is selected.
    #[error("there are no pixels to compare")]
    NothingToCompare,
}

/// An option that lies outside its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} must lie between {minimum} and {maximum}, not {actual}")]
pub struct OptionFault {
    /// The field as it is spelled in JSON and in the configuration file.
    pub field: &'static str,
    /// Smallest value allowed.
    pub minimum: u64,
    /// Largest value allowed.
    pub maximum: u64,
    /// The value given.
    pub actual: u64,
}

impl OptionFault {
    /// The fault of `actual`, if it lies outside `range`.
    pub(super) fn check(
        field: &'static str,
        range: std::ops::RangeInclusive<u64>,
        actual: u64,
    ) -> Option<Self> {
        let (minimum, maximum) = (*range.start(), *range.end());
        (!range.contains(&actual)).then_some(Self { field, minimum, maximum, actual })
    }
}
