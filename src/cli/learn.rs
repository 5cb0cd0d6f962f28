//! `cogd learn`.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::ValueEnum;

use crate::bench::to_grey;
use crate::cogd::Kernel;
use crate::csc::dictionary::{Dictionary, DictionaryKind, TrainingRecord};
use crate::csc::learn::{
    Coupling, CouplingForm, LearnError, LearnParameters, Learner, Normalization, Sparsity,
    TrainingImage, TransformLearner, TransformParameters,
};
use crate::imaging::{ImageLimits, decode};
use crate::numerics::{Plane, Random, Threads};

use super::files;

/// Learn a dictionary from the images of a folder
#[derive(Debug, clap::Args)]
pub(super) struct Learn {
    /// Folder of images; colour is turned into grey. May be given more than once
    #[arg(long, value_name = "DIR", required = true)]
    images: Vec<PathBuf>,

    /// What to learn
    #[arg(long, value_enum, default_value_t = Kind::Transform)]
    kind: Kind,

    /// Number of filters; a transform has as many atoms as a block has pixels
    #[arg(long, value_name = "K", default_value_t = 32)]
    filters: usize,

    /// Side of the atoms in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 8)]
    size: usize,

    /// Sparsity: lambda of the filters' codes, or the threshold of the transform's
    #[arg(long, value_name = "LAMBDA", default_value_t = 0.05)]
    lambda: f32,

    /// Outer iterations for filters; passes over all images for a transform
    #[arg(long, value_name = "N", default_value_t = 4)]
    iterations: usize,

    /// Couple codes and filters by Cogradient Descent
    #[arg(long)]
    cogradient: bool,

    /// Seed of everything random
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,

    /// Keep the state in this file after every pass and continue from it if it exists
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// The dictionary to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// An orthonormal transform of blocks, in mini-batches of one image
    Transform,
    /// Convolutional filters, from one crop of every image
    Filters,
}

/// Side of the crop of every image from which filters are learned: codes take `16 K` bytes a
/// pixel.
const CROP: usize = 64;
/// Blocks taken from an image in one pass.
const BLOCKS: usize = 4000;

impl Learn {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let files = files::images(&self.images)?;
        let dictionary = match self.kind {
            Kind::Transform => self.transform(&files)?,
            Kind::Filters => self.convolutional(&files)?,
        };
        files::write(&self.output, &dictionary.to_bytes()?)
    }

    fn record(&self, count: usize, iterations: usize, objective: f64) -> TrainingRecord {
        let names = self
            .images
            .iter()
            .map(|folder| folder.file_name().unwrap_or_default().to_string_lossy().into_owned());
        let names = names.collect::<Vec<_>>().join(", ");
        TrainingRecord {
            data: format!("{count} images of {names}"),
            seed: self.seed,
            iterations,
            objective: Some(objective),
            parameters: serde_json::Value::Null,
        }
    }

    fn transform(&self, files: &[PathBuf]) -> anyhow::Result<Dictionary> {
        let parameters = TransformParameters {
            side: self.size,
            threshold: self.lambda,
            ..TransformParameters::default()
        };
        let mut learner = match self.stored()? {
            Some(bytes) => serde_json::from_slice(&bytes).context("the state cannot be read")?,
            None => TransformLearner::new(parameters)?,
        };
        ensure!(learner.parameters() == parameters, "the state was made with other settings");
        let total = self.iterations * files.len();
        let mut objective = f64::NAN;
        while learner.batches() < total {
            // Block positions depend on the seed and the batch alone, so a resumed run sees the
            // same ones.
            let batch = learner.batches();
            let image = grey(&files[batch % files.len()])?;
            let mut random = Random::seeded(self.seed.wrapping_add(batch as u64));
            objective = learner.absorb(&blocks(&image, self.size, &mut random)?)?.objective;
            if learner.batches().is_multiple_of(files.len()) {
                self.store(&serde_json::to_vec(&learner)?)?;
                super::print(&format!(
                    "{}/{total}: objective {objective:.6}\n",
                    learner.batches()
                ))?;
            }
        }
        let mut record = self.record(files.len(), learner.batches(), objective);
        record.objective = objective.is_finite().then_some(objective);
        record.parameters = serde_json::to_value(parameters)?;
        Ok(Dictionary::new(DictionaryKind::Transform, self.size, learner.atoms(), record)?)
    }

    fn convolutional(&self, files: &[PathBuf]) -> anyhow::Result<Dictionary> {
        let coupling =
            self.cogradient.then(|| Coupling::new(CouplingForm::MapsWithFilters, Kernel::Linear));
        let parameters = LearnParameters {
            filters: self.filters,
            support: self.size,
            sparsity: Sparsity::L1 { lambda: self.lambda },
            iterations: self.iterations,
            normalization: Normalization::LOCAL_CONTRAST,
            coupling,
            seed: self.seed,
            ..LearnParameters::default()
        };
        let mut random = Random::seeded(self.seed);
        let crops = files.iter().map(|file| crop(&grey(file)?, CROP, &mut random));
        let crops = crops.collect::<anyhow::Result<Vec<_>>>()?;
        let mut learner = match self.stored()? {
            Some(bytes) => Learner::resume(&crops, &bytes, &Threads::single())?,
            None => Learner::new(&crops, parameters.clone(), &Threads::single())?,
        };
        ensure!(*learner.parameters() == parameters, "the state was made with other settings");
        let mut objective = f64::NAN;
        while learner.iteration() < self.iterations {
            let report = learner.advance()?;
            objective = report.objective;
            let (done, total) = (report.iteration, self.iterations);
            super::print(&format!("{done}/{total}: objective {objective:.3}\n"))?;
            if self.state.is_some() {
                self.store(&learner.checkpoint())?;
            }
        }
        let mut record = self.record(files.len(), learner.iteration(), objective);
        record.objective = objective.is_finite().then_some(objective);
        record.parameters = serde_json::to_value(learner.parameters())?;
        let taps = learner.filters().to_vec();
        Ok(Dictionary::new(DictionaryKind::Filters, self.size, taps, record)?)
    }

    fn stored(&self) -> anyhow::Result<Option<Vec<u8>>> {
        match &self.state {
            Some(path) if path.exists() => files::read(path).map(Some),
            _ => Ok(None),
        }
    }

    fn store(&self, bytes: &[u8]) -> anyhow::Result<()> {
        self.state.as_ref().map_or(Ok(()), |path| files::write(path, bytes))
    }
}

fn grey(path: &std::path::Path) -> anyhow::Result<Plane<f32>> {
    let picture = decode(&files::read(path)?, &ImageLimits::default())
        .with_context(|| path.display().to_string())?;
    let raster = to_grey(&picture.raster);
    Ok(raster.read(0, raster.region()))
}

/// Blocks at random places, one after the other.
fn blocks(image: &Plane<f32>, side: usize, random: &mut Random) -> anyhow::Result<Vec<f32>> {
    let (height, width) = (image.height(), image.width());
    ensure!(
        height >= side && width >= side,
        LearnError::TooSmall { image: 0, height, width, support: side }
    );
    let mut blocks = Vec::with_capacity(BLOCKS * side * side);
    for _ in 0..BLOCKS {
        let (top, left) = (random.below(height - side + 1), random.below(width - side + 1));
        for y in top..top + side {
            blocks.extend_from_slice(&image.row(y)[left..left + side]);
        }
    }
    Ok(blocks)
}

fn crop(image: &Plane<f32>, side: usize, random: &mut Random) -> anyhow::Result<TrainingImage> {
    let (height, width) = (image.height(), image.width());
    ensure!(
        height >= side && width >= side,
        LearnError::TooSmall { image: 0, height, width, support: side }
    );
    let (top, left) = (random.below(height - side + 1), random.below(width - side + 1));
    let samples = Plane::from_fn(side, side, |y, x| image.at(top + y, left + x));
    Ok(TrainingImage { samples, known: None })
}
