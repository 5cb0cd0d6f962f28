//! The two ways to learn, seen alike: steps that can be stored and continued.

use crate::csc::learn::{
    Convergence, LearnError, LearnParameters, Learner, TransformLearner, TransformParameters,
};
use crate::numerics::{Random, Threads};

use super::training_set::TrainingSet;

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

/// Convolutional filters; an iteration improves all codes, then all filters.
pub(super) struct FilterCourse(Learner);

impl FilterCourse {
    pub(super) fn start(
        set: &TrainingSet,
        parameters: LearnParameters,
        state: Option<&[u8]>,
        threads: &Threads,
    ) -> anyhow::Result<Self> {
        parameters.validate()?;
        let crops = set.crops(parameters.filters, &mut Random::seeded(parameters.seed))?;
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
        let report = self.0.advance()?;
        Ok(Step { objective: report.objective, psnr: report.psnr })
    }

    fn state(&self) -> anyhow::Result<Vec<u8>> {
        Ok(self.0.checkpoint())
    }

    fn atoms(&self) -> Vec<f32> {
        self.0.filters().to_vec()
    }
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
