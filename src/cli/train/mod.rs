//! `cogd train`, and what all commands that train have in common.

#[cfg(feature = "train")]
mod cifar;
#[cfg(feature = "train")]
mod course;
mod options;
#[cfg(feature = "train")]
mod pictures;
#[cfg(feature = "train")]
mod run;
#[cfg(feature = "train")]
mod saved;

use std::path::PathBuf;

#[cfg(feature = "train")]
pub(super) use course::{Curve, Origin, record};
#[cfg(feature = "train")]
pub(super) use options::OptimizerName;
pub(super) use options::{CifarData, Learning, PictureData, layers};
#[cfg(feature = "train")]
pub(super) use saved::SavedNetwork;

/// Train a network
///
/// Steps, patches and damage follow from the seed. A run that is interrupted goes on from its
/// checkpoint and ends in the same bits.
#[derive(Debug, clap::Args)]
pub(super) struct Train {
    #[command(subcommand)]
    task: TrainTask,
}

#[derive(Debug, clap::Subcommand)]
enum TrainTask {
    Restoration(TrainRestoration),
    Cifar10(TrainCifar),
}

/// Train a network that repairs pictures
#[derive(Debug, clap::Args)]
pub(super) struct TrainRestoration {
    #[command(flatten)]
    data: PictureData,

    /// Begin with this network, the checkpoint of a run, or what `cogd export` wrote, in place of
    /// random numbers: what was learned from one start helps with another. With --width and
    /// --depth, channels are added to it
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,

    /// What kind of network [default: unet]
    #[arg(long, value_enum)]
    architecture: Option<Architecture>,

    /// Channels at full size [default: 16]
    #[arg(long, value_name = "N")]
    width: Option<usize>,

    /// Times that a U-net halves the picture, or blocks of a residual network
    /// [default: 2]
    #[arg(long, value_name = "N")]
    depth: Option<usize>,

    #[command(flatten)]
    learning: Learning,

    /// Steps to train for
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    steps: u64,

    /// The network to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Train a network that tells the pictures of CIFAR-10 apart
#[derive(Debug, clap::Args)]
pub(super) struct TrainCifar {
    #[command(flatten)]
    data: CifarData,

    /// Layers of the residual network: 20, 32, 44 or 56, or any other 6 n + 2
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = layers)]
    layers: usize,

    /// Channels of its first stage
    #[arg(long, value_name = "N", default_value_t = 16)]
    width: usize,

    #[command(flatten)]
    learning: Learning,

    /// Epochs to train for
    #[arg(long, value_name = "N", default_value_t = 160)]
    epochs: u64,

    /// Couple the scales of norms with filters by Cogradient Descent
    #[arg(long)]
    cogradient: bool,

    /// The network to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Architecture {
    /// Halves the picture and doubles the channels, and back
    Unet,
    /// Blocks of two convolutions at full size
    Residual,
}

impl Train {
    #[cfg(not(feature = "train"))]
    pub(super) fn run(self) -> anyhow::Result<()> {
        absent(&self)
    }
}

/// The answer of a program that was built without training.
#[cfg(not(feature = "train"))]
pub(super) fn absent(command: &impl std::fmt::Debug) -> anyhow::Result<()> {
    tracing::debug!(?command, "not in this build");
    anyhow::bail!(
        "this program was built without training; `cargo build --release --features train` builds \
         one with it"
    )
}
