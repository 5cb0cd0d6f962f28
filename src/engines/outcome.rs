//! What a restoration gives back.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::imaging::{ImageFormat, Loss, MaskReading};

use super::explain::Explanation;
use super::spec::Task;

/// The repaired picture and what was done to it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The image file.
    pub bytes: Vec<u8>,
    /// Its format.
    pub format: ImageFormat,
    /// What was done.
    pub report: Report,
    /// How it came about, if that was asked for.
    pub explanation: Option<Explanation>,
}

/// What was done to a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The task.
    pub task: Task,
    /// The engine that did the work.
    #[schema(example = "csc")]
    pub engine: String,
    /// The dictionary it used; networks use none.
    #[schema(example = "dct")]
    pub dictionary: Option<String>,
    /// Width of the upright picture in pixels.
    #[schema(minimum = 1, example = 512)]
    pub width: usize,
    /// Height of the upright picture in pixels.
    #[schema(minimum = 1, example = 512)]
    pub height: usize,
    /// Iterations done at every place that was worked on; 0 for a network.
    #[schema(example = 70)]
    pub iterations: usize,
    /// Separate places that were worked on.
    #[schema(example = 1)]
    pub regions: usize,
    /// Share of the pixels that the mask lets change, from 0 to 1.
    #[schema(minimum = 0, maximum = 1, example = 0.07)]
    pub mask_coverage: f64,
    /// What counted as a hole in the mask, if there was one: bright pixels (`luma`), dark ones
    /// (`luma-inverted`), opaque ones (`alpha`) or transparent ones (`alpha-inverted`).
    pub mask_interpretation: Option<MaskReading>,
    /// Root-mean-square change of the unknown samples in the last iteration, of full range.
    #[schema(minimum = 0, example = 0.0004)]
    pub residual: f32,
    /// Standard deviation of the noise that was removed, in 8-bit levels.
    #[schema(minimum = 0)]
    pub sigma: Option<f32>,
    /// What the caller should know.
    pub warnings: Vec<Warning>,
}

/// Something that the caller should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Warning {
    /// The mask has no hole: the picture was given back as it came.
    EmptyMask,
    /// Too few neighbouring pixels are known to estimate the noise: none was removed.
    NoiseUnknown,
    /// Transparency was laid over white, because the format has none.
    AlphaDropped,
    /// 16 bits a sample became 8, because the format has no more.
    DepthReduced,
    /// The colour profile could not be kept.
    ProfileDropped,
    /// The EXIF block could not be kept.
    ExifDropped,
    /// CMYK colours were converted to RGB without a profile.
    InkConverted,
    /// A hole is larger than the network takes: it was filled on a smaller copy and enlarged.
    Enlarged,
}

impl Warning {
    /// A short name that does not change.
    pub fn slug(self) -> &'static str {
        match self {
            Self::EmptyMask => "empty-mask",
            Self::NoiseUnknown => "noise-unknown",
            Self::AlphaDropped => "alpha-dropped",
            Self::DepthReduced => "depth-reduced",
            Self::ProfileDropped => "profile-dropped",
            Self::ExifDropped => "exif-dropped",
            Self::InkConverted => "ink-converted",
            Self::Enlarged => "enlarged",
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyMask => formatter.write_str("the mask has no hole: nothing was changed"),
            Self::NoiseUnknown => {
                formatter.write_str("too little is known to estimate the noise: none was removed")
            }
            Self::AlphaDropped => Loss::AlphaDropped.fmt(formatter),
            Self::DepthReduced => Loss::DepthReduced.fmt(formatter),
            Self::ProfileDropped => Loss::ProfileDropped.fmt(formatter),
            Self::ExifDropped => Loss::ExifDropped.fmt(formatter),
            Self::InkConverted => Loss::InkConverted.fmt(formatter),
            Self::Enlarged => formatter
                .write_str("what was hidden was filled on a smaller copy, and lacks fine detail"),
        }
    }
}

impl From<Loss> for Warning {
    fn from(loss: Loss) -> Self {
        match loss {
            Loss::AlphaDropped => Self::AlphaDropped,
            Loss::DepthReduced => Self::DepthReduced,
            Loss::ProfileDropped => Self::ProfileDropped,
            Loss::ExifDropped => Self::ExifDropped,
            Loss::InkConverted => Self::InkConverted,
        }
    }
}
