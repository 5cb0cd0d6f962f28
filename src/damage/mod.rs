//! Damage to pictures, drawn from a seed: the masks of the tables, and any other for training.

mod kind;
mod shapes;
mod training;

pub use kind::MaskKind;
pub use training::{Damage, DamageKind};
