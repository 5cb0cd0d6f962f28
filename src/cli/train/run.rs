//! `cogd train` at work.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::cli::files;
use crate::cli::log::Log;
use crate::network::{Cost, Graph, Parameters, zoo};
use crate::train::coupling::{CouplingSettings, Factors};
use crate::train::data::CIFAR_CLASSES;
use crate::train::{NetworkFile, Task, TrainSettings};

use super::course::{Origin, hexadecimal, record};
use super::options::OptimizerName;
use super::{Architecture, Learning, Train, TrainCifar, TrainRestoration, TrainTask};

impl Train {
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        match self.task {
            TrainTask::Restoration(command) => command.run(),
            TrainTask::Cifar10(command) => command.run(),
        }
    }
}

impl TrainRestoration {
    fn run(self) -> anyhow::Result<()> {
        files::ensure_folder_of(&self.output)?;
        let Beginning { graph, parameters, digest } = self.beginning()?;
        // Before pictures are prepared for minutes.
        Cost::of(&graph, [self.data.patch; 2])?;
        Cost::of(&graph, [self.data.crop; 2])?;
        let settings = self.learning.settings(self.steps, OptimizerName::Adamw)?;
        let log = Log::new(self.steps);
        let prepared = self.data.prepare(self.learning.seed, &log)?;
        let described = json!({
            "task": "restoration",
            "graph": graph,
            "from_sha256": digest,
            "data": self.data.described(),
            "train": settings,
            "seed": self.learning.seed,
        });
        let origin = Origin { settings: described, data: prepared.fingerprint };
        let (used, left_out) = prepared.images;
        let more = json!({ "images": used, "images_left_out": left_out });
        let job = Job { graph, parameters, settings, origin, more };
        let file = job.run(&self.learning, &prepared.task, &log)?;
        files::write(&self.output, &file.to_bytes()?)
    }
}

/// What a run begins with.
struct Beginning {
    graph: Graph,
    parameters: Parameters,
    /// SHA-256 of the file that it comes from, if it comes from one.
    digest: Option<String>,
}

impl TrainRestoration {
    fn beginning(&self) -> anyhow::Result<Beginning> {
        if let Some(path) = &self.from {
            let bytes = files::read(path)?;
            let file =
                NetworkFile::from_bytes(&bytes).with_context(|| path.display().to_string())?;
            let digest = Some(hexadecimal(Sha256::new_with_prefix(&bytes)));
            return Ok(Beginning { graph: file.graph, parameters: file.parameters, digest });
        }
        let graph = match self.architecture {
            Architecture::Unet => zoo::unet(2, 1, self.width, self.depth)?,
            Architecture::Residual => zoo::residual(2, 1, self.width, self.depth)?,
        };
        let mut parameters = Parameters::initial(&graph, self.learning.seed);
        silence(&graph, &mut parameters);
        Ok(Beginning { graph, parameters, digest: None })
    }
}

impl TrainCifar {
    fn run(self) -> anyhow::Result<()> {
        files::ensure_folder_of(&self.output)?;
        ensure!(self.epochs > 0, "there must be at least one epoch");
        let graph = zoo::resnet((self.layers - 2) / 6, self.width, CIFAR_CLASSES)?;
        let (task, fingerprint) = self.data.load(self.learning.seed)?;
        let steps = self.epochs * task.steps_per_epoch();
        let mut settings = self.learning.settings(steps, OptimizerName::Sgd)?;
        settings.coupling = self.cogradient.then(|| CouplingSettings::new(Factors::Scales));
        let log = Log::new(steps);
        let parameters = Parameters::initial(&graph, self.learning.seed);
        let described = json!({
            "task": "cifar10",
            "graph": graph,
            "data": self.data.described(),
            "train": settings,
            "seed": self.learning.seed,
        });
        let origin = Origin { settings: described, data: fingerprint };
        let job = Job { graph, parameters, settings, origin, more: Value::Null };
        let file = job.run(&self.learning, &task, &log)?;
        files::write(&self.output, &file.to_bytes()?)
    }
}

/// One network to train.
struct Job {
    graph: Graph,
    parameters: Parameters,
    settings: TrainSettings,
    origin: Origin,
    more: Value,
}

impl Job {
    fn run(self, learning: &Learning, task: &dyn Task, log: &Log) -> anyhow::Result<NetworkFile> {
        let Self { graph, parameters, settings, origin, more } = self;
        let place = (learning.checkpoint.as_deref(), log);
        let (parameters, curve) =
            learning.follow(&graph, &parameters, &settings, task, &origin, place)?;
        let record = record(&origin, &curve, &more);
        Ok(NetworkFile { graph, parameters, record, state: None })
    }
}

/// Makes the last layer compute nothing, so that a network begins by changing nothing: what it
/// learns is what it adds to its start.
fn silence(graph: &Graph, parameters: &mut Parameters) {
    let name = format!("{}.weight", graph.node(graph.output()).name);
    if let Some(last) = parameters.0.get_mut(&name) {
        last.values.fill(0.0);
    }
}
