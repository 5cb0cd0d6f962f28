//! A run from its start, or its checkpoint, to its end.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::cli::files;
use crate::cli::log::Log;
use crate::network::{Graph, Parameters};
use crate::telemetry::BuildInfo;
use crate::train::{
    NetworkFile, OptimizerSettings, Precision, Schedule, Score, Task, TrainSettings, Trainer,
    TrainingDevice,
};

use super::options::{Learning, OptimizerName};

/// What a run depends on: a checkpoint is of no use to one that differs in any of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Origin {
    /// All settings by name.
    pub(in crate::cli) settings: Value,
    /// SHA-256 of the data.
    pub(in crate::cli) data: String,
}

/// What a network had learned at some step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Judgement {
    step: u64,
    /// Mean loss since the last judgement.
    loss: f32,
    score: Score,
    /// Spent until then, by all threads.
    cpu_s: f64,
}

/// How a run went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Curve(pub(in crate::cli) Vec<Judgement>);

impl Curve {
    /// Judgements since the best one.
    fn since_best(&self) -> usize {
        let values = self.0.iter().map(|judgement| judgement.score.value());
        let best = values.enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
        best.map_or(0, |(index, _)| self.0.len() - 1 - index)
    }
}

/// What is written beside the state.
#[derive(Serialize, Deserialize)]
struct Diary {
    origin: Origin,
    curve: Curve,
}

impl Learning {
    pub(in crate::cli) fn device(&self) -> anyhow::Result<TrainingDevice> {
        let device: TrainingDevice = self.device.parse()?;
        let precision = if self.mixed { Precision::Mixed } else { Precision::Single };
        Ok(device.with(precision)?)
    }

    /// The settings of a run of so many steps; `usual` is the optimiser if none was named.
    pub(in crate::cli) fn settings(
        &self,
        steps: u64,
        usual: OptimizerName,
    ) -> anyhow::Result<TrainSettings> {
        ensure!((0.0..1.0).contains(&self.warm_up), "--warm-up must lie in 0..1");
        let weight_decay = self.weight_decay;
        let (optimizer, rate) = match self.optimizer.unwrap_or(usual) {
            OptimizerName::Sgd => (OptimizerSettings::Sgd { momentum: 0.9, weight_decay }, 0.1),
            OptimizerName::Adamw => (OptimizerSettings::AdamW { weight_decay }, 0.001),
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "below `steps`"
        )]
        let warm_up = (steps as f64 * self.warm_up) as u64;
        let schedule = Schedule { rate: self.rate.unwrap_or(rate), warm_up, steps };
        Ok(TrainSettings {
            schedule,
            optimizer,
            averaging: self.averaging,
            sparsity: None,
            coupling: None,
        })
    }

    /// Trains to the end: from the checkpoint, if there is one, or from the start.
    pub(in crate::cli) fn follow(
        &self,
        graph: &Graph,
        parameters: &Parameters,
        settings: &TrainSettings,
        task: &dyn Task,
        origin: &Origin,
        (checkpoint, log): (Option<&Path>, &Log),
    ) -> anyhow::Result<(Parameters, Curve)> {
        let device = self.device()?;
        let mut trainer = Trainer::new(graph.clone(), parameters, settings.clone(), device)?;
        let mut curve = Curve::default();
        log.begin(settings.schedule.steps);
        if let Some(path) = checkpoint
            && let Some((state, diary)) = load(path, graph, origin)?
        {
            trainer.resume(state)?;
            curve = diary.curve;
            log.say(&format!("{}: going on after step {}", path.display(), trainer.steps()));
        }
        let before = curve.0.last().map_or(0.0, |judgement| judgement.cpu_s);
        let start = ProcessTime::now();
        let (mut sum, mut count) = (0.0_f32, 0.0_f32);
        while !trainer.is_finished() {
            let loss = trainer.advance(task)?;
            sum += loss;
            count += 1.0;
            let step = trainer.steps();
            let is_due = step.is_multiple_of(self.every.get() as u64) || trainer.is_finished();
            if !is_due {
                log.at(step);
                continue;
            }
            let score = trainer.evaluate(task)?;
            let cpu_s = before + start.elapsed().as_secs_f64();
            let loss = sum / count;
            (sum, count) = (0.0, 0.0);
            log.step(step, &format!("loss {loss:.4}, {score}"));
            curve.0.push(Judgement { step, loss, score, cpu_s });
            if let Some(path) = checkpoint {
                let diary = Diary { origin: origin.clone(), curve: curve.clone() };
                let file = NetworkFile {
                    graph: graph.clone(),
                    parameters: trainer.result(),
                    record: serde_json::to_value(&diary)?,
                    state: Some(trainer.state()),
                };
                files::write(path, &file.to_bytes()?)?;
            }
            if self.patience.is_some_and(|patience| curve.since_best() >= patience.get()) {
                log.say(&format!("stopped after {step} steps: it does not get better"));
                break;
            }
        }
        log.finish();
        Ok((trainer.result(), curve))
    }
}

fn load(
    path: &Path,
    graph: &Graph,
    origin: &Origin,
) -> anyhow::Result<Option<(crate::train::TrainState, Diary)>> {
    if !path.exists() {
        return Ok(None);
    }
    let file =
        NetworkFile::from_bytes(&files::read(path)?).with_context(|| path.display().to_string())?;
    let diary: Option<Diary> = serde_json::from_value(file.record).ok();
    let (Some(state), Some(diary)) = (file.state, diary) else {
        anyhow::bail!("{} is no checkpoint: nothing can go on from it", path.display());
    };
    for (name, wanted) in origin.settings.as_object().into_iter().flatten() {
        let found = diary.origin.settings.get(name).unwrap_or(&Value::Null);
        ensure!(
            found == wanted,
            "{} was made with other settings: {name} was {found} and is {wanted} now",
            path.display()
        );
    }
    ensure!(diary.origin == *origin, "{} was made with other data", path.display());
    ensure!(file.graph == *graph, "{} is of another network", path.display());
    Ok(Some((state, diary)))
}

/// What is kept of how a network came about.
pub(in crate::cli) fn record(origin: &Origin, curve: &Curve, more: &Value) -> Value {
    json!({
        "version": BuildInfo::CURRENT.version,
        "settings": origin.settings,
        "data_sha256": origin.data,
        "curve": curve,
        "more": more,
    })
}

/// A digest as text.
pub(super) fn hexadecimal(hash: Sha256) -> String {
    let mut text = String::new();
    for byte in hash.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
