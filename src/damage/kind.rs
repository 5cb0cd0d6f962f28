//! The test masks: what is missing, by kind, drawn from a seed.

use crate::numerics::{Plane, Random};

use super::shapes;

/// A kind of damage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaskKind {
    /// Every pixel is missing with this probability.
    Random(f32),
    /// Lines of capital letters, two pixels a stroke.
    Text,
    /// Long bent lines, five pixels wide.
    Scratches,
    /// Squares of 16×16 pixels, about 2 % of the image.
    Holes,
}

impl MaskKind {
    /// The kinds of the published tables, in their order.
    pub const TABLE: [Self; 7] = [
        Self::Random(0.25),
        Self::Random(0.5),
        Self::Random(0.75),
        Self::Random(0.9),
        Self::Text,
        Self::Scratches,
        Self::Holes,
    ];

    /// A short name for tables and file names.
    pub fn name(self) -> String {
        match self {
            Self::Random(rate) => format!("random-{:.0}", rate * 100.0),
            Self::Text => "text".to_owned(),
            Self::Scratches => "scratches".to_owned(),
            Self::Holes => "holes".to_owned(),
        }
    }

    /// Draws the mask: `true` where a pixel is missing.
    pub fn draw(self, height: usize, width: usize, seed: u64) -> Plane<bool> {
        let mut random = Random::seeded(seed);
        match self {
            Self::Random(rate) => shapes::pixels(height, width, rate, &mut random),
            Self::Text => shapes::text(height, width, 2, &mut random),
            Self::Scratches => {
                let count = (height * width / 10_000).max(1);
                shapes::scratches(height, width, 2, count, &mut random)
            }
            Self::Holes => {
                const SIDE: usize = 16;
                let count = (height * width / 50 / (SIDE * SIDE)).max(1);
                shapes::squares(height, width, SIDE, count, &mut random)
            }
        }
    }
}
