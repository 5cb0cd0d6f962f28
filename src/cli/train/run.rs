//! `cogd train` at work.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::cli::files;
use crate::cli::log::Log;
use crate::network::{Cost, Graph, Parameters, grow, zoo};
use crate::train::coupling::{CouplingSettings, Factors};
use crate::train::data::CIFAR_CLASSES;
use crate::train::{NetworkFile, Task, TrainSettings};

use super::course::{Origin, record};
use super::options::OptimizerName;
use super::saved::SavedNetwork;
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
        let Some(path) = &self.from else {
            let (graph, mut parameters) = self.random()?;
            silence(&graph, &mut parameters);
            return Ok(Beginning { graph, parameters, digest: None });
        };
        let named = || path.display().to_string();
        let SavedNetwork { graph, parameters, digest } = SavedNetwork::read(path)?;
        let digest = Some(digest);
        let is_to_grow = self.width.is_some() && self.depth.is_some();
        match graph {
            _ if is_to_grow => {
                let (graph, wide) = self.random()?;
                let parameters = grow(&graph, &wide, &parameters).with_context(named)?;
                Ok(Beginning { graph, parameters, digest })
            }
            Some(graph) if self.width.is_none() && self.depth.is_none() => {
                ensure!(self.architecture.is_none(), "--architecture needs --width and --depth");
                Ok(Beginning { graph, parameters, digest })
            }
            _ => anyhow::bail!("{}: say with --width and --depth what it is to become", named()),
        }
    }

    fn random(&self) -> anyhow::Result<(Graph, Parameters)> {
        let (width, depth) = (self.width.unwrap_or(16), self.depth.unwrap_or(2));
        let graph = match self.architecture.unwrap_or(Architecture::Unet) {
            Architecture::Unet => zoo::unet(2, 1, width, depth)?,
            Architecture::Residual => zoo::residual(2, 1, width, depth)?,
        };
        let parameters = Parameters::initial(&graph, self.learning.seed);
        Ok((graph, parameters))
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
