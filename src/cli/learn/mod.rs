//! `cogd learn`.

mod checkpoint;
mod course;
mod plan;
mod training_set;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::ensure;
use clap::ValueEnum;

use crate::cogd::Kernel;
use crate::csc::dictionary::{Dictionary, TrainingRecord};
use crate::csc::learn::{
    Coupling, CouplingForm, LearnParameters, Normalization, OnlineParameters, Sparsity,
    TransformParameters,
};
use crate::numerics::Threads;
use crate::worker::ThreadCount;

use super::files;
use super::log::Log;
use checkpoint::Origin;
use course::{Batches, Course};
use plan::{Plan, Way};
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

    /// Iterations at most: passes over all images, or improvements of all codes and all filters if
    /// filters are learned from one batch [default: 4 passes, or 100]
    #[arg(long, value_name = "N")]
    iterations: Option<usize>,

    /// Stop early once an iteration changes the objective by less than this share of it; 0 never
    /// does
    #[arg(long, value_name = "SHARE", default_value_t = 1e-4)]
    tolerance: f64,

    /// Patches in a mini-batch; memory depends on this, not on the images. Filters are learned from
    /// one crop of every image, all at once, if there are no more images
    #[arg(long, value_name = "N", default_value_t = 16)]
    batch: usize,

    /// Patches of every image in a pass
    #[arg(long, value_name = "N", default_value_t = 4)]
    patches: usize,

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
    /// Convolutional filters, in mini-batches of patches
    Filters,
}

impl Learn {
    pub(super) fn run(self) -> anyhow::Result<()> {
        for file in [Some(&self.output), self.checkpoint.as_ref()].into_iter().flatten() {
            // Better now than after an hour.
            files::ensure_folder_of(file)?;
        }
        ensure!(
            self.mask.is_none() || self.kind == Kind::Filters,
            "a transform is learned from whole images; masks are for `--kind filters`"
        );
        let set = TrainingSet::open(&self.images, self.mask.as_deref(), self.size)?;
        let plan = self.plan(set.len());
        let origin = Origin { settings: plan.settings()?, data: set.fingerprint().to_owned() };
        let stored = match &self.checkpoint {
            Some(path) => checkpoint::load(path, &origin)?,
            None => None,
        };
        let threads = Threads::new(self.threads.resolve().get())?;
        let mut course = plan.course(&set, stored.as_deref(), &threads)?;
        self.follow(course.as_mut(), plan.iterations, &origin)?;
        let record = TrainingRecord {
            data: format!("{} images of {}", set.len(), self.folders()),
            seed: self.seed,
            iterations: course.iteration(),
            objective: course.objective(),
            parameters: origin.settings.into(),
        };
        let dictionary = Dictionary::new(plan.kind(), self.size, course.atoms(), record)?;
        files::write(&self.output, &dictionary.to_bytes()?)
    }

    /// Runs to the end, with checkpoints on the way.
    fn follow(
        &self,
        course: &mut dyn Course,
        iterations: usize,
        origin: &Origin,
    ) -> anyhow::Result<()> {
        let log = Log::new(iterations as u64);
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
            let figures = format!("objective {:.6}, PSNR {:.2} dB", step.objective, step.psnr);
            log.step(course.iteration() as u64, &figures);
        }
        log.finish();
        if course.iteration() < iterations {
            let (done, share) = (course.iteration(), self.tolerance);
            let reason = format!("the last changed the objective by less than {share} of it");
            log.say(&format!("stopped after {done} iterations: {reason}"));
        }
        Ok(())
    }

    fn plan(&self, images: usize) -> Plan {
        let at_once = images <= self.batch;
        let iterations = self.iterations.unwrap_or(match self.kind {
            Kind::Filters if at_once => 100,
            _ => 4,
        });
        let way = match self.kind {
            Kind::Transform => Way::Transform(TransformParameters {
                side: self.size,
                threshold: self.lambda,
                ..TransformParameters::default()
            }),
            Kind::Filters if at_once => Way::Filters(LearnParameters {
                iterations,
                tolerance: self.tolerance,
                ..self.filter_parameters(&LearnParameters::default())
            }),
            Kind::Filters => {
                let defaults = OnlineParameters::default();
                let parameters = OnlineParameters {
                    batch: self.filter_parameters(&defaults.batch),
                    passes: iterations,
                    tolerance: self.tolerance,
                    ..defaults
                };
                Way::Batches(parameters, Batches { size: self.batch, patches: self.patches })
            }
        };
        Plan { way, iterations, tolerance: self.tolerance, seed: self.seed }
    }

    fn filter_parameters(&self, defaults: &LearnParameters) -> LearnParameters {
        let coupling =
            self.cogradient.then(|| Coupling::new(CouplingForm::MapsWithFilters, Kernel::Linear));
        LearnParameters {
            filters: self.filters,
            support: self.size,
            sparsity: Sparsity::L1 { lambda: self.lambda },
            normalization: Normalization::LOCAL_CONTRAST,
            coupling,
            seed: self.seed,
            ..defaults.clone()
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
