//! What is learned from: pictures to restore and pictures to tell apart.

mod cifar;
mod restoration;

pub use cifar::{CIFAR_CLASSES, CIFAR_SIDE, Cifar, Labelled};
pub use restoration::{Example, Restoration, Start};

use crate::numerics::Random;

/// The random numbers of one step: others for every step and seed, the same in every run.
fn of_step(seed: u64, step: u64) -> Random {
    Random::seeded(Random::seeded(seed).bits() ^ step.wrapping_mul(0xd6e8_feb8_6659_fd93))
}
