//! `cogd prune`, and the road of every pruned network.

#[cfg(feature = "train")]
mod road;
#[cfg(feature = "train")]
mod run;

use std::path::PathBuf;

use super::train::{CifarData, Learning, PictureData};

#[cfg(feature = "train")]
pub(super) use road::{Figures, Pruning};

/// Remove the channels that a trained network needs least
///
/// The network is trained on for some steps in which the method finds out which channels matter;
/// the others are removed, and what is left is trained again. The result is a smaller network of
/// the same kind, which `cogd export` writes as ONNX.
#[derive(Debug, clap::Args)]
pub(super) struct Prune {
    #[command(subcommand)]
    task: PruneTask,
}

#[derive(Debug, clap::Subcommand)]
enum PruneTask {
    Restoration(PruneRestoration),
    Cifar10(PruneCifar),
}

/// Prune a network that repairs pictures
#[derive(Debug, clap::Args)]
struct PruneRestoration {
    /// The trained network, the checkpoint of a run, or what `cogd export` wrote
    #[arg(value_name = "FILE")]
    network: PathBuf,

    #[command(flatten)]
    data: PictureData,

    #[command(flatten)]
    choice: Choice,

    #[command(flatten)]
    learning: Learning,

    /// Steps that find out which channels matter
    #[arg(long, value_name = "N", default_value_t = 2000)]
    steps: u64,

    /// Steps that train what is left
    #[arg(long, value_name = "N", default_value_t = 4000)]
    fine_tune: u64,

    /// The network to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Prune a network that tells the pictures of CIFAR-10 apart
#[derive(Debug, clap::Args)]
struct PruneCifar {
    /// The trained network, the checkpoint of a run, or what `cogd export` wrote
    #[arg(value_name = "FILE")]
    network: PathBuf,

    #[command(flatten)]
    data: CifarData,

    #[command(flatten)]
    choice: Choice,

    #[command(flatten)]
    learning: Learning,

    /// Epochs that find out which channels matter
    #[arg(long, value_name = "N", default_value_t = 40)]
    epochs: u64,

    /// Epochs that train what is left
    #[arg(long, value_name = "N", default_value_t = 80)]
    fine_tune: u64,

    /// The network to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// What is removed
#[derive(Debug, clap::Args)]
struct Choice {
    /// How channels are chosen
    #[arg(long, value_enum, default_value_t = MethodName::Cogradient)]
    method: MethodName,

    /// The share of the multiplications to keep
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    keep: f64,

    /// How much an l1 term takes off every mask or scale, which begin at about one, in all steps
    /// together where nothing works against it
    #[arg(long, value_name = "AMOUNT", default_value_t = SHRINKAGE)]
    shrinkage: f32,
}

/// A way to choose channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum MethodName {
    /// Soft masks, coupled with the filters they multiply by Cogradient Descent
    Cogradient,
    /// Soft masks alone
    Masks,
    /// Scales of norms (network slimming)
    Slimming,
    /// The l1 norm of filters
    Magnitude,
}

/// What masks and scales lose where nothing works against it, if nothing else is said.
pub(super) const SHRINKAGE: f32 = 0.3;

#[cfg(not(feature = "train"))]
impl Prune {
    pub(super) fn run(self) -> anyhow::Result<()> {
        super::train::absent(&self)
    }
}
