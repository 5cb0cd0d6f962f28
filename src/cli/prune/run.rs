//! `cogd prune` at work.

use std::path::Path;

use anyhow::ensure;
use serde_json::json;

use crate::cli::files;
use crate::cli::log::Log;
use crate::cli::train::{Learning, OptimizerName, Origin, SavedNetwork, record};
use crate::network::{Graph, Parameters};
use crate::train::data::CIFAR_SIDE;
use crate::train::prune::PruneMethod;
use crate::train::{NetworkFile, Task, TrainSettings};

use super::{Choice, MethodName, Prune, PruneCifar, PruneRestoration, PruneTask, Pruning};

impl Prune {
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        match self.task {
            PruneTask::Restoration(command) => command.run(),
            PruneTask::Cifar10(command) => command.run(),
        }
    }
}

impl PruneRestoration {
    fn run(self) -> anyhow::Result<()> {
        files::ensure_folder_of(&self.output)?;
        let (graph, parameters) = SavedNetwork::read_whole(&self.network)?;
        let phases = [
            self.learning.settings(self.steps, OptimizerName::Adamw)?,
            self.learning.settings(self.fine_tune, OptimizerName::Adamw)?,
        ];
        let log = Log::new(0);
        let prepared = self.data.prepare(self.learning.seed, &log)?;
        let job = Job {
            choice: &self.choice,
            learning: &self.learning,
            phases,
            size: [self.data.crop; 2],
            task: &prepared.task,
            data: self.data.described(),
            fingerprint: prepared.fingerprint,
        };
        job.run(&graph, &parameters, &self.output, &log)
    }
}

impl PruneCifar {
    fn run(self) -> anyhow::Result<()> {
        files::ensure_folder_of(&self.output)?;
        ensure!(self.epochs > 0 && self.fine_tune > 0, "there must be at least one epoch");
        let (graph, parameters) = SavedNetwork::read_whole(&self.network)?;
        let (task, fingerprint) = self.data.load(self.learning.seed)?;
        let steps = |epochs: u64| epochs * task.steps_per_epoch();
        let phases = [
            self.learning.settings(steps(self.epochs), OptimizerName::Sgd)?,
            self.learning.settings(steps(self.fine_tune), OptimizerName::Sgd)?,
        ];
        let log = Log::new(0);
        let job = Job {
            choice: &self.choice,
            learning: &self.learning,
            phases,
            size: [CIFAR_SIDE; 2],
            task: &task,
            data: self.data.described(),
            fingerprint,
        };
        job.run(&graph, &parameters, &self.output, &log)
    }
}

struct Job<'a> {
    choice: &'a Choice,
    learning: &'a Learning,
    phases: [TrainSettings; 2],
    size: [usize; 2],
    task: &'a dyn Task,
    data: serde_json::Value,
    fingerprint: String,
}

impl Job<'_> {
    fn run(
        self,
        graph: &Graph,
        parameters: &Parameters,
        output: &Path,
        log: &Log,
    ) -> anyhow::Result<()> {
        let Self { choice, learning, phases, size, task, data, fingerprint } = self;
        let settings = json!({
            "task": "prune",
            "method": choice.method.method(),
            "keep": choice.keep,
            "shrinkage": choice.shrinkage,
            "data": data,
            "phases": phases,
            "seed": learning.seed,
        });
        let origin = Origin { settings, data: fingerprint };
        let (method, keep, shrinkage) = (choice.method.method(), choice.keep, choice.shrinkage);
        let pruning = Pruning { method, keep, shrinkage, learning, phases, size };
        let pruned = pruning.run(graph, parameters, task, &origin, log)?;
        crate::cli::print(&pruned.markdown())?;
        let record = record(&origin, &pruned.curves[1], &pruned.record());
        let (graph, parameters) = (pruned.graph, pruned.parameters);
        files::write(output, &NetworkFile { graph, parameters, record, state: None }.to_bytes()?)
    }
}

impl MethodName {
    pub(in crate::cli) fn method(self) -> PruneMethod {
        match self {
            Self::Cogradient => PruneMethod::Cogradient,
            Self::Masks => PruneMethod::Masks,
            Self::Slimming => PruneMethod::Slimming,
            Self::Magnitude => PruneMethod::Magnitude,
        }
    }
}
