//! Damage for training: of every kind and strength, so that a network sees more than the tables.

use serde::{Deserialize, Serialize};

use crate::numerics::{Plane, Random};

use super::shapes;

/// What happens to a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DamageKind {
    /// Pixels missing at random, of any rate.
    Random,
    /// Text written over it, small or large.
    Text,
    /// Thin scratches.
    Scratches,
    /// Broad strokes of a brush.
    Strokes,
    /// Square blocks missing.
    Blocks,
    /// Noise on every pixel.
    Noise,
}

impl DamageKind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Random, Self::Text, Self::Scratches, Self::Strokes, Self::Blocks, Self::Noise];

    /// A short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Text => "text",
            Self::Scratches => "scratches",
            Self::Strokes => "strokes",
            Self::Blocks => "blocks",
            Self::Noise => "noise",
        }
    }
}

/// One picture's damage.
#[derive(Clone, Debug, PartialEq)]
pub enum Damage {
    /// Pixels are missing where `true`; never all of them.
    Missing(Plane<bool>),
    /// Noise was added to every pixel.
    Noise {
        /// What was added.
        noise: Plane<f32>,
        /// Its standard deviation, of full range.
        sigma: f32,
    },
}

impl Damage {
    /// Draws damage of a kind, with a strength drawn from what users bring: 10 to 95 % of the
    /// pixels, letters of 1 to 3 pixels a stroke, scratches of 3 to 7 pixels, strokes up to 17
    /// pixels, blocks of 6 to 24 pixels, noise of 2 to 20 % of full range.
    pub fn draw(kind: DamageKind, height: usize, width: usize, seed: u64) -> Self {
        let mut random = Random::seeded(seed);
        let r = &mut random;
        let area = height * width;
        let mask = match kind {
            DamageKind::Random => {
                let rate = 0.1 + 0.85 * r.unit();
                shapes::pixels(height, width, rate, r)
            }
            DamageKind::Text => {
                let scale = 1 + r.below(3);
                shapes::text(height, width, scale, r)
            }
            DamageKind::Scratches => {
                let radius = 1 + r.below(3);
                let count = 1 + area / 20_000 + r.below(area / 10_000 + 1);
                shapes::scratches(height, width, radius, count, r)
            }
            DamageKind::Strokes => {
                let radius = 4 + r.below(5);
                let count = 1 + area / 60_000 + r.below(area / 40_000 + 1);
                shapes::scratches(height, width, radius, count, r)
            }
            DamageKind::Blocks => {
                let side = 6 + r.below(19);
                let share = 0.01 + 0.09 * r.unit();
                let count = area as f32 * share / (side * side) as f32;
                shapes::squares(height, width, side, at_least_one(count), r)
            }
            DamageKind::Noise => {
                let sigma = 0.02 + 0.18 * r.unit();
                let noise = Plane::from_fn(height, width, |_, _| sigma * r.normal());
                return Self::Noise { noise, sigma };
            }
        };
        Self::Missing(with_something_known(mask))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
fn at_least_one(count: f32) -> usize {
    (count as usize).max(1)
}

/// Gives back one pixel if none is left.
fn with_something_known(mut mask: Plane<bool>) -> Plane<bool> {
    if mask.as_slice().iter().all(|&hidden| hidden)
        && let Some(first) = mask.as_mut_slice().first_mut()
    {
        *first = false;
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::{Damage, DamageKind};

    #[test]
    fn damage_of_every_kind_hides_some_of_a_picture_and_never_all_of_it() {
        for kind in DamageKind::ALL {
            for seed in 0..20 {
                match Damage::draw(kind, 96, 64, seed) {
                    Damage::Missing(mask) => {
                        let hidden = mask.as_slice().iter().filter(|&&hidden| hidden).count();
                        assert!(hidden < 96 * 64, "{kind:?} {seed}");
                        assert!(hidden > 0 || kind == DamageKind::Text, "{kind:?} {seed}");
                    }
                    Damage::Noise { noise, sigma } => {
                        let squares = noise.as_slice().iter().map(|n| n * n).sum::<f32>();
                        let deviation = (squares / (96.0 * 64.0)).sqrt();
                        // Five standard errors of a standard deviation of 6144 numbers.
                        assert!((deviation / sigma - 1.0).abs() < 0.045, "{deviation} {sigma}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_damage_and_another_seed_another() {
        for kind in DamageKind::ALL {
            assert_eq!(Damage::draw(kind, 64, 64, 5), Damage::draw(kind, 64, 64, 5), "{kind:?}");
            assert_ne!(Damage::draw(kind, 64, 64, 5), Damage::draw(kind, 64, 64, 6), "{kind:?}");
        }
    }
}
