//! `cogd learn`.

mod checkpoint;
mod course;
mod log;
mod training_set;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use serde_json::json;

use crate::cogd::Kernel;
use crate::csc::dictionary::{Dictionary, DictionaryKind, TrainingRecord};
use crate::csc::learn::{
    Coupling, CouplingForm, LearnParameters, Normalization, Sparsity, TransformParameters,
};
use crate::numerics::Threads;
use crate::worker::ThreadCount;

use super::files;
use checkpoint::Origin;
use course::{Course, FilterCourse, TransformCourse};
use log::Log;
use training_set::TrainingSet;

/// Learn a dictionary from the images of a folder
#[derive(Debug, clap::Args)]
pub(super) struct Learn {
    /// Folder of images; colour is turned into grey. May be given more than once
    #[arg(long, value_name = "DIR", required = true)]
    images: Vec<PathBuf>,

    /// Mask of the image, or folder of masks named like the images; bright pixels are not looked
    /// at. For filters only
    #[arg(long, value_name = "FILE|DIR")]
    mask: Option<PathBuf>,

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

    /// Iterations at most: of codes and filters, or passes over all images for a transform
    /// [default: 100 for filters, 4 for a transform]
    #[arg(long, value_name = "N")]
    iterations: Option<usize>,

    /// Stop early once an iteration changes the objective by less than this share of it; 0 never
    /// does
    #[arg(long, value_name = "SHARE", default_value_t = 1e-4)]
    tolerance: f64,

    /// Couple codes and filters by Cogradient Descent
    #[arg(long)]
    cogradient: bool,

    /// Seed of everything random
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,

    /// Threads to compute with; the result does not depend on them. A transform needs one
    #[arg(long, value_name = "N|auto", default_value = "auto")]
    threads: ThreadCount,

    /// Keep the state in this file; if it exists, go on from it
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,

    /// Iterations from one checkpoint to the next
    #[arg(long, value_name = "N", default_value = "5")]
    checkpoint_every: NonZeroUsize,

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

impl Learn {
    pub(super) fn run(self) -> anyhow::Result<()> {
        for file in [Some(&self.output), self.checkpoint.as_ref()].into_iter().flatten() {
            // Better now than after an hour.
            ensure_folder_of(file)?;
        }
        ensure!(
            self.mask.is_none() || self.kind == Kind::Filters,
            "a transform is learned from whole images; masks are for `--kind filters`"
        );
        let set = TrainingSet::open(&self.images, self.mask.as_deref(), self.size)?;
        let settings = self.settings()?;
        let origin = Origin { settings, data: set.fingerprint().to_owned() };
        let stored = match &self.checkpoint {
            Some(path) => checkpoint::load(path, &origin)?,
            None => None,
        };
        let mut course = self.course(&set, stored.as_deref())?;
        self.follow(course.as_mut(), &origin)?;
        let record = TrainingRecord {
            data: format!("{} images of {}", set.len(), self.folders()),
            seed: self.seed,
            iterations: course.iteration(),
            objective: course.objective(),
            parameters: origin.settings.into(),
        };
        let kind = match self.kind {
            Kind::Transform => DictionaryKind::Transform,
            Kind::Filters => DictionaryKind::Filters,
        };
        let dictionary = Dictionary::new(kind, self.size, course.atoms(), record)?;
        files::write(&self.output, &dictionary.to_bytes()?)
    }

    /// Runs to the end, with checkpoints on the way.
    fn follow(&self, course: &mut dyn Course, origin: &Origin) -> anyhow::Result<()> {
        let log = Log::new(self.iterations());
        if let (Some(path), true) = (&self.checkpoint, course.iteration() > 0) {
            log.say(&format!(
                "{}: going on after iteration {}",
                path.display(),
                course.iteration()
            ));
        }
        while !course.is_finished() {
            let step = course.advance()?;
            if let Some(path) = &self.checkpoint
                && (course.is_finished()
                    || course.iteration().is_multiple_of(self.checkpoint_every.get()))
            {
                checkpoint::save(path, origin, &course.state()?)?;
            }
            log.step(course.iteration(), &step);
        }
        log.finish();
        if course.iteration() < self.iterations() {
            let (done, share) = (course.iteration(), self.tolerance);
            let reason = format!("the last changed the objective by less than {share} of it");
            log.say(&format!("stopped after {done} iterations: {reason}"));
        }
        Ok(())
    }

    fn course<'a>(
        &self,
        set: &'a TrainingSet,
        state: Option<&[u8]>,
    ) -> anyhow::Result<Box<dyn Course + 'a>> {
        Ok(match self.kind {
            Kind::Transform => {
                let schedule = (self.iterations(), self.tolerance, self.seed);
                Box::new(TransformCourse::start(set, self.transform_parameters(), schedule, state)?)
            }
            Kind::Filters => {
                let threads = Threads::new(self.threads.resolve().get())?;
                Box::new(FilterCourse::start(set, self.filter_parameters(), state, &threads)?)
            }
        })
    }

    /// Everything on which the result depends but the images.
    fn settings(&self) -> anyhow::Result<serde_json::Map<String, serde_json::Value>> {
        let (mut settings, kind) = match self.kind {
            Kind::Transform => (serde_json::to_value(self.transform_parameters())?, "transform"),
            Kind::Filters => (serde_json::to_value(self.filter_parameters())?, "filters"),
        };
        settings["kind"] = json!(kind);
        settings["iterations"] = json!(self.iterations());
        settings["tolerance"] = json!(self.tolerance);
        settings["seed"] = json!(self.seed);
        serde_json::from_value(settings).context("settings have names")
    }

    fn iterations(&self) -> usize {
        self.iterations.unwrap_or(match self.kind {
            Kind::Transform => 4,
            Kind::Filters => 100,
        })
    }

    fn transform_parameters(&self) -> TransformParameters {
        let (side, threshold) = (self.size, self.lambda);
        TransformParameters { side, threshold, ..TransformParameters::default() }
    }

    fn filter_parameters(&self) -> LearnParameters {
        let coupling =
            self.cogradient.then(|| Coupling::new(CouplingForm::MapsWithFilters, Kernel::Linear));
        LearnParameters {
            filters: self.filters,
            support: self.size,
            sparsity: Sparsity::L1 { lambda: self.lambda },
            iterations: self.iterations(),
            tolerance: self.tolerance,
            normalization: Normalization::LOCAL_CONTRAST,
            coupling,
            seed: self.seed,
            ..LearnParameters::default()
        }
    }

    fn folders(&self) -> String {
        let names = self
            .images
            .iter()
            .map(|folder| folder.file_name().unwrap_or_default().to_string_lossy().into_owned());
        names.collect::<Vec<_>>().join(", ")
    }
}

fn ensure_folder_of(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    ensure!(folder.is_dir(), "cannot write {}: its folder does not exist", file.display());
    Ok(())
}
