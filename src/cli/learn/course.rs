//! The ways to learn, seen alike: steps that can be stored and continued.

use crate::csc::learn::{
    Convergence, IterationReport, LearnError, LearnParameters, Learner, OnlineLearner,
    OnlineParameters, TrainingImage, TransformLearner, TransformParameters,
};
use crate::numerics::{Random, Threads, Unobserved};

use super::training_set::{TrainingSet, ensure_fits};

/// Learning, one iteration after the other.
pub(super) trait Course {
    /// Iterations done.
    fn iteration(&self) -> usize;
    /// Whether there is nothing left to do.
    fn is_finished(&self) -> bool;
    /// The objective after the last iteration.
    fn objective(&self) -> Option<f64>;
    /// One iteration.
    fn advance(&mut self) -> anyhow::Result<Step>;
    /// All that is needed to go on later with the same result.
    fn state(&self) -> anyhow::Result<Vec<u8>>;
    /// The atoms: shape `(K, side, side)`.
    fn atoms(&self) -> Vec<f32>;
}

/// What an iteration came to.
pub(super) struct Step {
    pub(super) objective: f64,
    /// PSNR of the coded images in dB.
    pub(super) psnr: f64,
}

impl From<IterationReport> for Step {
    fn from(report: IterationReport) -> Self {
        Self { objective: report.objective, psnr: report.psnr }
    }
}

/// Convolutional filters from few images; an iteration improves all codes, then all filters.
pub(super) struct FilterCourse(Learner);

impl FilterCourse {
    pub(super) fn start(
        set: &TrainingSet,
        parameters: LearnParameters,
        state: Option<&[u8]>,
        threads: &Threads,
    ) -> anyhow::Result<Self> {
        parameters.validate()?;
        let (filters, images) = (parameters.filters, set.len());
        let memory = Learner::memory(&parameters, set.crop_size(), images);
        ensure_fits(memory, &format!("{filters} filters on {images} images"))?;
        let crops = set.crops(&mut Random::seeded(parameters.seed))?;
        Ok(Self(match state {
            Some(bytes) => Learner::resume(&crops, bytes, threads)?,
            None => Learner::new(&crops, parameters, threads)?,
        }))
    }
}

impl Course for FilterCourse {
    fn iteration(&self) -> usize {
        self.0.iteration()
    }

    fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    fn objective(&self) -> Option<f64> {
        self.0.objective()
    }

    fn advance(&mut self) -> anyhow::Result<Step> {
        Ok(self.0.advance()?.into())
    }

    fn state(&self) -> anyhow::Result<Vec<u8>> {
        Ok(self.0.checkpoint())
    }

    fn atoms(&self) -> Vec<f32> {
        self.0.filters().to_vec()
    }
}

/// Sizes of a pass over many images.
#[derive(Clone, Copy)]
pub(super) struct Batches {
    /// Patches in a batch.
    pub(super) size: usize,
    /// Patches of every image in a pass.
    pub(super) patches: usize,
}

/// Convolutional filters from many images; an iteration is a pass over all of them, patch by
/// patch in batches, and its figures are those of patches that are not learned from.
pub(super) struct BatchCourse<'a> {
    set: &'a TrainingSet,
    batches: Batches,
    held_out: Vec<TrainingImage>,
    learner: OnlineLearner,
}

impl<'a> BatchCourse<'a> {
    pub(super) fn start(
        set: &'a TrainingSet,
        parameters: OnlineParameters,
        batches: Batches,
        state: Option<&[u8]>,
        threads: &Threads,
    ) -> anyhow::Result<Self> {
        parameters.validate()?;
        let range =
            |parameter, actual| LearnError::Parameter { parameter, limit: "1 to 100000", actual };
        for (name, value) in [("batch", batches.size), ("patches", batches.patches)] {
            if !(1..=100_000).contains(&value) {
                return Err(range(name, value as f64).into());
            }
        }
        let (filters, size) = (parameters.batch.filters, batches.size);
        let memory = OnlineLearner::memory(&parameters.batch, set.crop_size(), size);
        ensure_fits(memory, &format!("{filters} filters on {size} patches at a time"))?;
        // Passes count from one, so this is the beginning of none of them.
        let mut random = pass_random(parameters.batch.seed, 0);
        let count = batches.size.min(set.len());
        let mut held_out = Vec::with_capacity(count);
        for index in 0..count {
            held_out.extend(set.patches(index * set.len() / count, 1, &mut random)?);
        }
        let learner = match state {
            Some(bytes) => OnlineLearner::resume(bytes, threads)?,
            None => OnlineLearner::new(parameters, threads)?,
        };
        Ok(Self { set, batches, held_out, learner })
    }
}

impl Course for BatchCourse<'_> {
    fn iteration(&self) -> usize {
        self.learner.passes()
    }

    fn is_finished(&self) -> bool {
        self.learner.is_finished()
    }

    fn objective(&self) -> Option<f64> {
        self.learner.objective()
    }

    fn advance(&mut self) -> anyhow::Result<Step> {
        // Order and places depend on nothing but the seed and the pass.
        let mut random = pass_random(self.learner.parameters().batch.seed, self.iteration() + 1);
        let mut order: Vec<usize> = (0..self.set.len()).collect();
        for last in (1..order.len()).rev() {
            order.swap(last, random.below(last + 1));
        }
        let mut waiting = Vec::new();
        for index in order {
            for patch in self.set.patches(index, self.batches.patches, &mut random)? {
                waiting.push(patch);
                if waiting.len() == self.batches.size {
                    self.learner.absorb(&waiting, &Unobserved)?;
                    waiting.clear();
                }
            }
        }
        if !waiting.is_empty() {
            self.learner.absorb(&waiting, &Unobserved)?;
        }
        Ok(self.learner.finish_pass(&self.held_out)?.into())
    }

    fn state(&self) -> anyhow::Result<Vec<u8>> {
        Ok(self.learner.checkpoint())
    }

    fn atoms(&self) -> Vec<f32> {
        self.learner.filters().to_vec()
    }
}

fn pass_random(seed: u64, pass: usize) -> Random {
    Random::seeded(seed.wrapping_add((pass as u64) << 32))
}

/// A transform of blocks; an iteration is a pass over all images, each of them a batch.
pub(super) struct TransformCourse<'a> {
    set: &'a TrainingSet,
    seed: u64,
    passes: usize,
    learner: TransformLearner,
    convergence: Convergence,
}

impl<'a> TransformCourse<'a> {
    pub(super) fn start(
        set: &'a TrainingSet,
        parameters: TransformParameters,
        (passes, tolerance, seed): (usize, f64, u64),
        state: Option<&[u8]>,
    ) -> anyhow::Result<Self> {
        let range = |parameter, limit, actual| LearnError::Parameter { parameter, limit, actual };
        if !(1..=100_000).contains(&passes) {
            return Err(range("iterations", "1 to 100000", passes as f64).into());
        }
        if !(0.0..=1.0).contains(&tolerance) {
            return Err(range("tolerance", "0 to 1", tolerance).into());
        }
        let (learner, convergence) = match state {
            Some(bytes) => serde_json::from_slice(bytes)?,
            None => (TransformLearner::new(parameters)?, Convergence::new(tolerance)),
        };
        Ok(Self { set, seed, passes, learner, convergence })
    }
}

impl Course for TransformCourse<'_> {
    fn iteration(&self) -> usize {
        self.learner.batches() / self.set.len()
    }

    fn is_finished(&self) -> bool {
        self.iteration() >= self.passes || self.convergence.is_reached()
    }

    fn objective(&self) -> Option<f64> {
        self.convergence.objective()
    }

    fn advance(&mut self) -> anyhow::Result<Step> {
        let (mut objective, mut error) = (0.0, 0.0);
        let share = 1.0 / self.set.len() as f64;
        for index in 0..self.set.len() {
            // The places of the blocks depend on nothing but the seed and the batch.
            let batch = self.learner.batches() as u64;
            let mut random = Random::seeded(self.seed.wrapping_add(batch));
            let side = self.learner.parameters().side;
            let report = self.learner.absorb(&self.set.blocks(index, side, &mut random)?)?;
            objective += share * report.objective;
            error += share * report.error;
        }
        self.convergence.observe(objective);
        Ok(Step { objective, psnr: -10.0 * error.log10() })
    }

    fn state(&self) -> anyhow::Result<Vec<u8>> {
        Ok(serde_json::to_vec(&(&self.learner, &self.convergence))?)
    }

    fn atoms(&self) -> Vec<f32> {
        self.learner.atoms()
    }
}
