//! What is learned and in which way, settled before anything is computed.

use anyhow::Context as _;
use serde_json::json;

use crate::csc::dictionary::DictionaryKind;
use crate::csc::learn::{LearnParameters, OnlineParameters, TransformParameters};
use crate::numerics::Threads;

use super::course::{BatchCourse, Batches, Course, FilterCourse, TransformCourse};
use super::training_set::TrainingSet;

/// Everything on which the result depends but the images.
pub(super) struct Plan {
    pub(super) way: Way,
    /// Iterations at most.
    pub(super) iterations: usize,
    pub(super) tolerance: f64,
    pub(super) seed: u64,
}

/// The ways to learn.
pub(super) enum Way {
    /// An orthonormal transform, in passes.
    Transform(TransformParameters),
    /// Convolutional filters from one crop of every image at once.
    Filters(LearnParameters),
    /// Convolutional filters from mini-batches, in passes.
    Batches(OnlineParameters, Batches),
}

impl Plan {
    pub(super) fn kind(&self) -> DictionaryKind {
        match self.way {
            Way::Transform(_) => DictionaryKind::Transform,
            Way::Filters(_) | Way::Batches(..) => DictionaryKind::Filters,
        }
    }

    /// The settings by name.
    pub(super) fn settings(&self) -> anyhow::Result<serde_json::Map<String, serde_json::Value>> {
        let (mut settings, kind) = match &self.way {
            Way::Transform(parameters) => (serde_json::to_value(parameters)?, "transform"),
            Way::Filters(parameters) => (serde_json::to_value(parameters)?, "filters"),
            Way::Batches(parameters, batches) => {
                let mut settings = serde_json::to_value(&parameters.batch)?;
                settings["rounds"] = json!(parameters.batch.iterations);
                settings["forgetting"] = json!(parameters.forgetting);
                settings["batch"] = json!(batches.size);
                settings["patches"] = json!(batches.patches);
                (settings, "filters")
            }
        };
        settings["kind"] = json!(kind);
        settings["iterations"] = json!(self.iterations);
        settings["tolerance"] = json!(self.tolerance);
        settings["seed"] = json!(self.seed);
        serde_json::from_value(settings).context("settings have names")
    }

    /// Starts, or goes on from a state.
    pub(super) fn course<'a>(
        &self,
        set: &'a TrainingSet,
        state: Option<&[u8]>,
        threads: &Threads,
    ) -> anyhow::Result<Box<dyn Course + 'a>> {
        Ok(match &self.way {
            Way::Transform(parameters) => {
                let schedule = (self.iterations, self.tolerance, self.seed);
                Box::new(TransformCourse::start(set, *parameters, schedule, state)?)
            }
            Way::Filters(parameters) => {
                Box::new(FilterCourse::start(set, parameters.clone(), state, threads)?)
            }
            Way::Batches(parameters, batches) => {
                Box::new(BatchCourse::start(set, parameters.clone(), *batches, state, threads)?)
            }
        })
    }
}
