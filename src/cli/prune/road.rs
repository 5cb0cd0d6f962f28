//! The road of every pruned network: trained with masks, cut, trained again, measured.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::log::Log;
use crate::cli::session::{measure, session};
use crate::cli::train::{Curve, Learning, Origin};
use crate::inference::{Device, Tensor};
use crate::network::{Cost, Graph, Parameters, export};
use crate::train::prune::PruneMethod;
use crate::train::{Score, Task, TrainSettings, TrainingDevice, score};

/// One network on its way.
pub(in crate::cli) struct Pruning<'a> {
    pub(in crate::cli) method: PruneMethod,
    /// The share of the multiplications to keep.
    pub(in crate::cli) keep: f64,
    /// What the l1 term takes off masks or scales.
    pub(in crate::cli) shrinkage: f32,
    pub(in crate::cli) learning: &'a Learning,
    /// The settings of the first phase, without what the method adds, and of the second.
    pub(in crate::cli) phases: [TrainSettings; 2],
    /// Rows and columns of the image that costs and times are told for.
    pub(in crate::cli) size: [usize; 2],
}

/// What a network costs and how well it does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(in crate::cli) struct Figures {
    pub(in crate::cli) parameters: u64,
    pub(in crate::cli) multiplications: u64,
    pub(in crate::cli) score: Score,
    /// Median milliseconds for one image in ONNX Runtime; none where that is not installed.
    pub(in crate::cli) latency_ms: Option<f64>,
}

/// A pruned network and how it came about.
pub(in crate::cli) struct Pruned {
    pub(in crate::cli) graph: Graph,
    pub(in crate::cli) parameters: Parameters,
    pub(in crate::cli) curves: [Curve; 2],
    /// Before anything; after the first phase; right after the cut; at the end.
    pub(in crate::cli) before: Figures,
    pub(in crate::cli) sparse: Score,
    pub(in crate::cli) cut: Score,
    pub(in crate::cli) after: Figures,
}

impl Pruning<'_> {
    pub(in crate::cli) fn run(
        &self,
        graph: &Graph,
        parameters: &Parameters,
        task: &dyn Task,
        origin: &Origin,
        log: &Log,
    ) -> anyhow::Result<Pruned> {
        let device = self.learning.device()?;
        let before = Figures::of(graph, parameters, self.size, task, device)?;
        log.say(&format!("before: {}", before.score));
        let [first, second] = &self.phases;
        let checkpoints = ["", ".cut"].map(|suffix| self.checkpoint(suffix));

        let settings = self.method.settings(first, self.shrinkage);
        let (masked, start) = self.method.prepare(graph, parameters)?;
        let place = (checkpoints[0].as_deref(), log);
        let (learned, first) =
            self.learning.follow(&masked, &start, &settings, task, origin, place)?;
        let sparse = score(&masked, &learned, task, device)?;
        let (graph, learned) = self.method.cut(&masked, &learned, self.keep, self.size)?;
        let cut = score(&graph, &learned, task, device)?;
        log.say(&format!("{}: {sparse}; cut: {cut}", self.method.name()));

        let place = (checkpoints[1].as_deref(), log);
        let (parameters, second) =
            self.learning.follow(&graph, &learned, second, task, origin, place)?;
        let after = Figures::of(&graph, &parameters, self.size, task, device)?;
        log.say(&format!("after: {}", after.score));
        Ok(Pruned { graph, parameters, curves: [first, second], before, sparse, cut, after })
    }

    fn checkpoint(&self, suffix: &str) -> Option<PathBuf> {
        self.learning.checkpoint.as_deref().map(|path: &Path| {
            let mut name = OsString::from(path);
            name.push(suffix);
            PathBuf::from(name)
        })
    }
}

impl Figures {
    /// Of a network on images of one size.
    pub(in crate::cli) fn of(
        graph: &Graph,
        parameters: &Parameters,
        size: [usize; 2],
        task: &dyn Task,
        device: TrainingDevice,
    ) -> anyhow::Result<Self> {
        let cost = Cost::of(graph, size)?;
        Ok(Self {
            parameters: cost.parameters,
            multiplications: cost.multiplications,
            score: score(graph, parameters, task, device)?,
            latency_ms: latency(graph, parameters, size).ok(),
        })
    }
}

fn latency(graph: &Graph, parameters: &Parameters, size: [usize; 2]) -> anyhow::Result<f64> {
    /// Long enough for a median of many runs of a small network.
    const TIME: Duration = Duration::from_millis(500);
    let model = export("network", graph, parameters)?;
    let shape = vec![1, graph.channels(graph.input()), size[0], size[1]];
    let zeros = vec![0.0_f32; shape.iter().product()];
    let mut session = session(&model, Device::Cpu)?;
    Ok(measure(&mut *session, &[Tensor::new(shape, zeros)?], TIME)?.1)
}

impl Pruned {
    /// What is told of it, as a table.
    pub(in crate::cli) fn markdown(&self) -> String {
        let row = |name: &str, figures: &Figures| {
            let Figures { parameters, multiplications, score, latency_ms } = figures;
            let latency = latency_ms.map_or("-".to_owned(), |ms| format!("{ms:.2}"));
            format!("| {name} | {parameters} | {multiplications} | {score} | {latency} |\n")
        };
        format!(
            "| | parameters | multiplications | held-out pictures | ONNX Runtime ms |\n\
             |---|---:|---:|---:|---:|\n{}{}",
            row("before", &self.before),
            row("after", &self.after)
        )
    }

    /// What is kept of it.
    pub(in crate::cli) fn record(&self) -> Value {
        json!({
            "before": self.before,
            "sparse": self.sparse,
            "cut": self.cut,
            "after": self.after,
            "first_phase": self.curves[0],
        })
    }
}
