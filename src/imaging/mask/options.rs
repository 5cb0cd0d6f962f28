//! How a mask file is read.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::imaging::OptionFault;

/// The channel of a mask file that says where the holes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MaskChannel {
    /// Brightness; bright is a hole, whatever the alpha channel says.
    #[default]
    Luma,
    /// The alpha channel; opaque is a hole.
    Alpha,
    /// The alpha channel if anything is transparent there, and then transparent is a hole; else
    /// brightness. Pictures with the hole rubbed out and white-on-black masks both mean what they
    /// seem to mean.
    Auto,
}

/// What counted as a hole in a mask file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MaskReading {
    /// Bright pixels.
    Luma,
    /// Dark pixels.
    LumaInverted,
    /// Opaque pixels.
    Alpha,
    /// Transparent pixels.
    AlphaInverted,
}

impl MaskReading {
    /// The name in reports and headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Luma => "luma",
            Self::LumaInverted => "luma-inverted",
            Self::Alpha => "alpha",
            Self::AlphaInverted => "alpha-inverted",
        }
    }

    pub(super) fn new(is_alpha: bool, is_inverted: bool) -> Self {
        match (is_alpha, is_inverted) {
            (false, false) => Self::Luma,
            (false, true) => Self::LumaInverted,
            (true, false) => Self::Alpha,
            (true, true) => Self::AlphaInverted,
        }
    }
}

/// How a mask file is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MaskOptions {
    /// Where the holes are looked for.
    pub channel: MaskChannel,
    /// Exchanges holes and known pixels, whatever the channel.
    pub invert: bool,
    /// Widens the holes by this many pixels, as the crow flies; 0 to 1024.
    #[schema(maximum = 1024)]
    pub dilate: u32,
    /// Width of the rim around the widened holes, in pixels, across which the repaired picture
    /// passes over into the original one; 0 to 250.
    #[schema(maximum = 250)]
    pub feather: u32,
}

impl MaskOptions {
    /// The largest [`Self::dilate`].
    pub const MAX_DILATE: u32 = 1024;
    /// The largest [`Self::feather`]: a wider rim would have weights that differ by less than one.
    pub const MAX_FEATHER: u32 = 250;

    /// Checks the ranges.
    ///
    /// # Errors
    /// Every option outside its range.
    pub fn validate(&self) -> Result<(), Vec<OptionFault>> {
        let faults: Vec<_> = [
            ("dilate", Self::MAX_DILATE, self.dilate),
            ("feather", Self::MAX_FEATHER, self.feather),
        ]
        .into_iter()
        .filter_map(|(field, maximum, actual)| {
            OptionFault::check(field, 0..=maximum.into(), actual.into())
        })
        .collect();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}
