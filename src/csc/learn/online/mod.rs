//! Learns convolutional filters from mini-batches of patches, in memory that does not depend on
//! how many there are.
//!
//! A batch is coded and fitted as [`Learner`] does it, a few outer iterations with momentum and
//! coupling, except that its filters are fitted to the sum of the batch and of all batches before
//! it, which fade away: `½ dᵀ A d − cᵀ d`, see [`surrogate`]. The codes of a batch are dropped with
//! it. Mairal, Bach, Ponce and Sapiro (2009), "Online dictionary learning for sparse coding", ICML;
//! for convolutions Liu, Garcia-Cardona, Wohlberg and Yin (2018), "First- and second-order methods
//! for online convolutional dictionary learning", SIAM Journal on Imaging Sciences 11.

mod checkpoint;
mod surrogate;

use serde::{Deserialize, Serialize};

use crate::numerics::{Control, Progress, Random, Threads};

use super::filters::{Source, random_taps};
use super::{Convergence, IterationReport, LearnError, LearnParameters, Learner, TrainingImage};
pub(super) use surrogate::Surrogate;

/// Settings of an [`OnlineLearner`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnlineParameters {
    /// How every batch is learned from: `iterations` and `tolerance` are those of one batch.
    pub batch: LearnParameters,
    /// How fast old batches fade: what was kept counts `(1 − 1/t)^forgetting` when batch `t` comes
    /// in. Zero never forgets.
    pub forgetting: f32,
    /// Passes over the images, at most.
    pub passes: usize,
    /// Stop early once the objective on what is held out changes by less than this share of
    /// itself in a pass; zero never does.
    pub tolerance: f64,
}

impl Default for OnlineParameters {
    fn default() -> Self {
        let batch = LearnParameters { iterations: 6, code_steps: 5, ..LearnParameters::default() };
        Self { batch, forgetting: 5.0, passes: 5, tolerance: 0.0 }
    }
}

/// Convolutional filters being learned from one batch after the other.
///
/// Memory: filters and statistics, and one batch while it is learned from; see [`Self::memory`].
pub struct OnlineLearner {
    parameters: OnlineParameters,
    taps: Vec<f32>,
    direction: Vec<f32>,
    /// What is kept of all batches.
    pub(super) history: Surrogate,
    /// The same with the present batch.
    next: Surrogate,
    batches: usize,
    passes: usize,
    convergence: Convergence,
    threads: Threads,
}

impl OnlineLearner {
    /// Starts from random filters.
    ///
    /// # Errors
    /// [`LearnError::Parameter`] if a parameter is out of range.
    pub fn new(parameters: OnlineParameters, threads: &Threads) -> Result<Self, LearnError> {
        parameters.validate()?;
        let batch = &parameters.batch;
        let shape = (batch.filters, batch.support);
        let (taps, direction) =
            random_taps(shape, batch.filter_set, &mut Random::seeded(batch.seed));
        Ok(Self {
            history: Surrogate::zero(shape.0, shape.1, threads),
            next: Surrogate::zero(shape.0, shape.1, threads),
            convergence: Convergence::new(parameters.tolerance),
            taps,
            direction,
            parameters,
            batches: 0,
            passes: 0,
            threads: threads.clone(),
        })
    }

    /// Learns from a batch of patches of one size. `control` hears of every outer iteration.
    /// After an error, the learner is what it was before.
    ///
    /// # Errors
    /// [`LearnError::Stopped`] if `control` says so; whatever is wrong with the patches, see
    /// [`LearnError`].
    pub fn absorb(
        &mut self,
        patches: &[TrainingImage],
        control: &dyn Control,
    ) -> Result<IterationReport, LearnError> {
        // Every batch has random controls of its own.
        let seed = self.parameters.batch.seed.wrapping_add(self.batches as u64);
        let parameters = LearnParameters { seed, ..self.parameters.batch.clone() };
        let (steps, total) = (parameters.filter_steps, parameters.iterations);
        let mut learner = Learner::prepare(patches, parameters, &self.threads)?;
        learner.filters.direction.copy_from_slice(&self.direction);
        learner.set_filters(&self.taps)?;
        let weight = self.parameters.weight_of_history(self.batches + 1);
        let report = loop {
            let (history, next) = (&self.history, &mut self.next);
            let report = learner.advance_by(|filters, fit| {
                next.gather(history, weight, fit, filters);
                filters.improve(next, fit.geometry, steps);
                filters.synthesize(fit, Source::Taps);
            })?;
            let (iteration, residual) = (learner.iteration(), learner.change());
            control.report(Progress { iteration, total, residual })?;
            if learner.is_finished() {
                break report;
            }
        };
        self.taps.copy_from_slice(&learner.filters.taps);
        self.direction.copy_from_slice(&learner.filters.direction);
        std::mem::swap(&mut self.history, &mut self.next);
        self.batches += 1;
        Ok(report)
    }

    /// Ends a pass over the images: measures the filters on patches that are not learned from.
    ///
    /// # Errors
    /// As [`evaluate`].
    pub fn finish_pass(
        &mut self,
        held_out: &[TrainingImage],
    ) -> Result<IterationReport, LearnError> {
        let report = evaluate(held_out, &self.taps, &self.parameters.batch, &self.threads)?;
        self.convergence.observe(report.objective);
        self.passes += 1;
        Ok(report)
    }

    /// Bytes that learning holds at most, for batches of `patches` patches of the given height and
    /// width, but for small change.
    pub fn memory(parameters: &LearnParameters, size: (usize, usize), patches: usize) -> usize {
        let kept = Surrogate::bytes(parameters.filters, parameters.support);
        Learner::memory(parameters, size, patches).saturating_add(kept.saturating_mul(2))
    }

    /// The filters: shape `(K, s, s)`.
    pub fn filters(&self) -> &[f32] {
        &self.taps
    }

    /// The settings.
    pub fn parameters(&self) -> &OnlineParameters {
        &self.parameters
    }

    /// Passes finished.
    pub fn passes(&self) -> usize {
        self.passes
    }

    /// Whether all passes are done or the objective on what is held out has converged.
    pub fn is_finished(&self) -> bool {
        self.passes >= self.parameters.passes || self.convergence.is_reached()
    }

    /// The objective on what is held out after the last pass, if there was one.
    pub fn objective(&self) -> Option<f64> {
        self.convergence.objective()
    }
}

/// How well given filters (shape `(K, s, s)`) code images: only codes are computed, by as many
/// outer iterations as `parameters` say.
///
/// # Errors
/// Whatever is wrong with images, filters or parameters, see [`LearnError`].
pub fn evaluate(
    images: &[TrainingImage],
    taps: &[f32],
    parameters: &LearnParameters,
    threads: &Threads,
) -> Result<IterationReport, LearnError> {
    let parameters = LearnParameters { coupling: None, ..parameters.clone() };
    let mut learner = Learner::prepare(images, parameters, threads)?;
    learner.set_filters(taps)?;
    loop {
        let report = learner.advance_by(|_, _| {})?;
        if learner.is_finished() {
            return Ok(report);
        }
    }
}

impl OnlineParameters {
    /// Checks every range.
    ///
    /// # Errors
    /// [`LearnError::Parameter`] for the first that is out of range.
    pub fn validate(&self) -> Result<(), LearnError> {
        self.batch.validate()?;
        let forgetting = f64::from(self.forgetting);
        let checks = [
            ("forgetting", forgetting, "0 to 1000", (0.0..=1000.0).contains(&forgetting)),
            ("iterations", self.passes as f64, "1 to 100000", {
                (1..=100_000).contains(&self.passes)
            }),
            ("tolerance", self.tolerance, "0 to 1", (0.0..=1.0).contains(&self.tolerance)),
        ];
        match checks.into_iter().find(|check| !check.3) {
            Some((parameter, actual, limit, _)) => {
                Err(LearnError::Parameter { parameter, limit, actual })
            }
            None => Ok(()),
        }
    }

    /// The weight of what was kept when batch number `batch`, from one, comes in.
    fn weight_of_history(&self, batch: usize) -> f32 {
        (1.0 - 1.0 / batch as f32).powf(self.forgetting)
    }
}
