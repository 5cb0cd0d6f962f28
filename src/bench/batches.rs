//! Filters from mini-batches against filters from all patches at once, at equal CPU time.

use std::fmt::Write as _;

use cpu_time::ProcessTime;
use serde::Serialize;

use crate::csc::learn::{
    IterationReport, LearnParameters, Learner, OnlineLearner, OnlineParameters, TrainingImage,
    evaluate,
};
use crate::numerics::{Random, Threads, Unobserved};

use super::experiment::BenchError;

/// What is compared on what.
#[derive(Clone, Debug)]
pub struct BatchBench {
    /// Patches of one size to learn from.
    pub patches: Vec<TrainingImage>,
    /// How many of them, the first ones, are learned from at once.
    pub at_once: usize,
    /// Patches of the same size that no learner sees.
    pub held_out: Vec<TrainingImage>,
    /// CPU seconds after which filters are measured, rising.
    pub times: Vec<f64>,
    /// The learners; one without batches learns from all patches at once.
    pub methods: Vec<BatchMethod>,
    /// How filters are measured: iterations on the codes of what is held out.
    pub measure: LearnParameters,
}

/// A named learner.
#[derive(Clone, Debug)]
pub struct BatchMethod {
    /// Its name in tables.
    pub name: String,
    /// Its settings.
    pub parameters: OnlineParameters,
    /// Patches in a batch; `None` is all at once.
    pub batch: Option<usize>,
}

/// What a learner came to.
#[derive(Clone, Debug, Serialize)]
pub struct BatchRow {
    /// Name of the learner.
    pub method: String,
    /// Largest memory of its buffers in bytes.
    pub memory: usize,
    /// At every time: mean objective of a patch that is held out, and PSNR in dB.
    pub measured: Vec<(f64, f64)>,
}

impl BatchBench {
    /// Runs all learners on one thread.
    ///
    /// # Errors
    /// [`BenchError`] if a learner fails.
    pub fn run(&self) -> Result<Vec<BatchRow>, BenchError> {
        self.methods.iter().map(|method| self.row(method)).collect()
    }

    fn row(&self, method: &BatchMethod) -> Result<BatchRow, BenchError> {
        let size = self
            .held_out
            .first()
            .map_or((0, 0), |patch| (patch.samples.height(), patch.samples.width()));
        let batch = &method.parameters.batch;
        let (measured, memory) = match method.batch {
            Some(count) => {
                (self.in_batches(method, count)?, OnlineLearner::memory(batch, size, count))
            }
            None => (self.all_at_once(method)?, Learner::memory(batch, size, self.at_once)),
        };
        Ok(BatchRow { method: method.name.clone(), memory, measured })
    }

    fn all_at_once(&self, method: &BatchMethod) -> Result<Vec<(f64, f64)>, BenchError> {
        let count = self.at_once.min(self.patches.len());
        let start = ProcessTime::now();
        let parameters = LearnParameters { iterations: 100_000, ..method.parameters.batch.clone() };
        let mut learner = Learner::new(&self.patches[..count], parameters, &Threads::single())?;
        let first = start.elapsed().as_secs_f64();
        self.follow(first, || {
            learner.advance()?;
            Ok(learner.filters().to_vec())
        })
    }

    fn in_batches(&self, method: &BatchMethod, size: usize) -> Result<Vec<(f64, f64)>, BenchError> {
        let mut learner = OnlineLearner::new(method.parameters.clone(), &Threads::single())?;
        let mut random = Random::seeded(method.parameters.batch.seed);
        self.follow(0.0, || {
            let draw = |_| self.patches[random.below(self.patches.len())].clone();
            let batch: Vec<_> = (0..size).map(draw).collect();
            learner.absorb(&batch, &Unobserved)?;
            Ok(learner.filters().to_vec())
        })
    }

    /// Takes steps until the last time has come; measures the filters at every time.
    fn follow(
        &self,
        mut spent: f64,
        mut step: impl FnMut() -> Result<Vec<f32>, BenchError>,
    ) -> Result<Vec<(f64, f64)>, BenchError> {
        let mut measured = Vec::new();
        for &time in &self.times {
            let mut filters = None;
            while spent < time {
                let start = ProcessTime::now();
                filters = Some(step()?);
                spent += start.elapsed().as_secs_f64();
            }
            match (filters, measured.last()) {
                (None, Some(&same)) => measured.push(same),
                (None, None) => measured.push((f64::NAN, f64::NAN)),
                (Some(filters), _) => {
                    let report = self.measure(&filters)?;
                    let share = 1.0 / self.held_out.len() as f64;
                    measured.push((share * report.objective, report.psnr));
                }
            }
        }
        Ok(measured)
    }

    fn measure(&self, filters: &[f32]) -> Result<IterationReport, BenchError> {
        Ok(evaluate(&self.held_out, filters, &self.measure, &Threads::single())?)
    }

    /// The table as Markdown.
    pub fn markdown(&self, rows: &[BatchRow]) -> String {
        let mut text = String::from("| learner | memory MB |");
        // Writing to a string cannot fail.
        for time in &self.times {
            let _ = write!(text, " {time:.0} CPU s |");
        }
        let _ = writeln!(text, "\n|---|---|{}", "---|".repeat(self.times.len()));
        for row in rows {
            let _ = write!(text, "| {} | {:.0} |", row.method, row.memory as f64 / 1e6);
            for (objective, psnr) in &row.measured {
                let _ = write!(text, " {objective:.2}, {psnr:.2} dB |");
            }
            text.push('\n');
        }
        text
    }
}
