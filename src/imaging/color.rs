//! Which channels a pixel has, and how many bits each of them.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which channels a pixel has, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColorModel {
    /// Grey.
    Grey,
    /// Grey, alpha.
    GreyAlpha,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue, alpha.
    RgbAlpha,
}

impl ColorModel {
    /// Every colour model.
    pub const ALL: [Self; 4] = [Self::Grey, Self::GreyAlpha, Self::Rgb, Self::RgbAlpha];

    /// Samples per pixel.
    pub fn channels(self) -> usize {
        self.color_channels() + usize::from(self.has_alpha())
    }

    /// Samples per pixel without alpha.
    pub fn color_channels(self) -> usize {
        match self {
            Self::Grey | Self::GreyAlpha => 1,
            Self::Rgb | Self::RgbAlpha => 3,
        }
    }

    /// Whether the last channel is alpha (not premultiplied).
    pub fn has_alpha(self) -> bool {
        matches!(self, Self::GreyAlpha | Self::RgbAlpha)
    }

    /// The same colours without alpha.
    #[must_use]
    pub fn without_alpha(self) -> Self {
        match self {
            Self::Grey | Self::GreyAlpha => Self::Grey,
            Self::Rgb | Self::RgbAlpha => Self::Rgb,
        }
    }
}

impl fmt::Display for ColorModel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Grey => "grey",
            Self::GreyAlpha => "grey and alpha",
            Self::Rgb => "RGB",
            Self::RgbAlpha => "RGB and alpha",
        })
    }
}

/// Bits per sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BitDepth {
    /// 0 to 255.
    Eight,
    /// 0 to 65535.
    Sixteen,
}

impl BitDepth {
    /// Bytes per sample.
    pub fn bytes(self) -> usize {
        match self {
            Self::Eight => 1,
            Self::Sixteen => 2,
        }
    }
}
