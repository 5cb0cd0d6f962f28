//! `cogd bench batches`.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};

use crate::bench::{self, BatchBench, BatchMethod};
use crate::cogd::Kernel;
use crate::csc::learn::{
    Coupling, CouplingForm, LearnParameters, OnlineParameters, Sparsity, TrainingImage,
};
use crate::imaging::{ImageLimits, decode};
use crate::numerics::{Plane, Random};

use super::files;

/// Side of the patches.
const SIDE: usize = 64;

/// Compare filters from mini-batches with filters from all patches at once, at equal CPU time
#[derive(Debug, clap::Args)]
pub(super) struct Batches {
    /// Folder of images to learn from
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// Folder of images to measure on
    #[arg(long, value_name = "DIR")]
    held_out: PathBuf,

    /// Patches of every image to learn from; one of them is for learning all at once
    #[arg(long, value_name = "N", default_value_t = 4)]
    patches: usize,

    /// Number of filters
    #[arg(long, value_name = "K", default_value_t = 32)]
    filters: usize,

    /// Side of the filters in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 8)]
    size: usize,

    /// Sparsity of the codes
    #[arg(long, value_name = "LAMBDA", default_value_t = 0.2)]
    lambda: f32,

    /// Sizes of the batches
    #[arg(long, value_name = "SIZES", value_delimiter = ',', default_value = "16")]
    batch: Vec<usize>,

    /// How fast old batches are forgotten; 1000 keeps nothing of them
    #[arg(long, value_name = "POWERS", value_delimiter = ',', default_value = "5")]
    forgetting: Vec<f32>,

    /// Iterations on a batch
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "6")]
    rounds: Vec<usize>,

    /// Steps on the codes in an iteration on a batch
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "5")]
    code_steps: Vec<usize>,

    /// Hide this share of the pixels
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    hidden: f32,

    /// With Cogradient Descent as well
    #[arg(long)]
    cogradient: bool,

    /// CPU seconds after which filters are measured, separated by commas
    #[arg(long, value_name = "SECONDS", value_delimiter = ',', default_value = "10,20,40,80")]
    times: Vec<f64>,

    /// Seed of first filters and patches
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
}

impl Batches {
    pub(super) fn run(self) -> anyhow::Result<()> {
        ensure!(self.times.is_sorted(), "the times must rise");
        let mut random = Random::seeded(self.seed);
        let images = Self::load(&self.data)?;
        let mut patches = Vec::new();
        for _ in 0..self.patches {
            patches.extend(images.iter().map(|image| self.patch(image, &mut random)));
        }
        let held_out = Self::load(&self.held_out)?;
        let held_out = held_out.iter().map(|image| self.patch(image, &mut random)).collect();
        let full = LearnParameters {
            filters: self.filters,
            support: self.size,
            sparsity: Sparsity::L1 { lambda: self.lambda },
            seed: self.seed,
            ..LearnParameters::default()
        };
        let bench = BatchBench {
            patches,
            at_once: images.len(),
            held_out,
            times: self.times.clone(),
            methods: self.methods(&full),
            measure: LearnParameters { iterations: 20, code_steps: 5, ..full },
        };
        let rows = bench.run()?;
        super::print(&bench.markdown(&rows))
    }

    fn methods(&self, full: &LearnParameters) -> Vec<BatchMethod> {
        let all = OnlineParameters { batch: full.clone(), ..OnlineParameters::default() };
        let name = format!("all at once, {} steps", full.code_steps);
        let mut methods = vec![BatchMethod { name, parameters: all.clone(), batch: None }];
        let coupling = Coupling::new(CouplingForm::MapsWithFilters, Kernel::Linear);
        let couplings = if self.cogradient { vec![None, Some(coupling)] } else { vec![None] };
        for &size in &self.batch {
            for &forgetting in &self.forgetting {
                for &rounds in &self.rounds {
                    for &code_steps in &self.code_steps {
                        for &coupling in &couplings {
                            let batch = LearnParameters {
                                iterations: rounds,
                                code_steps,
                                coupling,
                                ..full.clone()
                            };
                            let cogd = if coupling.is_some() { ", CoGD" } else { "" };
                            let name = format!(
                                "{size} patches, forgetting {forgetting}, {rounds} times \
                                 {code_steps} steps{cogd}"
                            );
                            let parameters = OnlineParameters { batch, forgetting, ..all.clone() };
                            methods.push(BatchMethod { name, parameters, batch: Some(size) });
                        }
                    }
                }
            }
        }
        methods
    }

    fn load(folder: &PathBuf) -> anyhow::Result<Vec<Plane<f32>>> {
        let load = |path: PathBuf| {
            let picture = decode(&files::read(&path)?, &ImageLimits::default())
                .with_context(|| path.display().to_string())?;
            let raster = bench::to_grey(&picture.raster);
            let image = raster.read(0, raster.region());
            let side = image.height().min(image.width());
            ensure!(side >= SIDE, "{} is smaller than a patch of {SIDE}", path.display());
            Ok(image)
        };
        files::images(std::slice::from_ref(folder))?.into_iter().map(load).collect()
    }

    fn patch(&self, image: &Plane<f32>, random: &mut Random) -> TrainingImage {
        let top = random.below(image.height() - SIDE + 1);
        let left = random.below(image.width() - SIDE + 1);
        let samples = Plane::from_fn(SIDE, SIDE, |y, x| image.at(top + y, left + x));
        let known = (self.hidden > 0.0)
            .then(|| Plane::from_fn(SIDE, SIDE, |_, _| random.unit() >= self.hidden));
        TrainingImage { samples, known }
    }
}
