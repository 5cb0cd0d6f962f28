//! Encoded images in, encoded images out, and what lies between.
//!
//! Bytes are sniffed by content, checked against [`ImageLimits`] from the header alone, and only
//! then decoded into a [`Raster`] that keeps the colour model and bit depth of the file.
//! EXIF orientation is applied on the way in, so that every other module sees the picture upright.
//! Hostile bytes give an [`ImagingError`], never a panic and never half a picture.
//!
//! Pure: byte slices in, values out. The crates that know file formats are named only here.

mod color;
mod decode;
mod encode;
mod error;
mod format;
mod limits;
mod mask;
mod metadata;
mod orientation;
mod preview;
pub mod quality;
mod raster;

pub use color::{BitDepth, ColorModel};
pub use decode::{Header, Picture, decode, inspect};
pub use encode::{EncodeOptions, Encoded, Loss, encode};
pub use error::{ImagingError, OptionFault, Source};
pub use format::ImageFormat;
pub use limits::ImageLimits;
pub use mask::{Mask, MaskChannel, MaskOptions, MaskReading};
pub use metadata::{Metadata, MetadataPolicy};
pub use raster::{Raster, Region, Samples, SamplesMut};
