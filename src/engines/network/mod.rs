//! Restoration through a network: a model from outside that fills holes or removes noise.
//!
//! A picture becomes tensors as the [`Manifest`] of the model says, in pieces that the model
//! takes, and what comes out is written back by the same rules as everything else: only where the
//! mask has weight, never into alpha. What stands in hidden pixels is replaced by what the known
//! ones suggest *before* anything is scaled or handed over, so no network can see it.
//!
//! Who has the networks and runs them is told by [`Networks`]; here is no clock and no queue.

mod convert;
mod denoise;
mod error;
mod features;
mod fit;
mod inpaint;
mod name;
mod pieces;
mod refine;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

pub use error::NetworkError;
pub use features::{Features, features};
pub use name::{InvalidNetwork, NetworkName};

pub(super) use denoise::denoise;
pub(super) use inpaint::inpaint;
pub(super) use refine::Refiner;

use super::error::EngineError;
use super::spec::{self, EngineChoice, Task};
use crate::inference::{InferenceError, Manifest, ModelName, ModelTask, Signature, Tensor};

/// The networks there are.
pub trait Networks: fmt::Debug + Send + Sync {
    /// All that have a manifest, by name; of several versions the newest.
    fn list(&self) -> Vec<(ModelName, Manifest)>;

    /// Why none of them can be run at present, as far as that can be told without running one.
    fn obstacle(&self) -> Option<String> {
        None
    }

    /// What a network is for. Does not load it.
    ///
    /// # Errors
    /// [`NetworkError`] if there is none of this name, or its manifest cannot be read.
    fn look_up(&self, name: &NetworkName) -> Result<Manifest, NetworkError>;

    /// A network to run; loads it if need be, which may take a while.
    ///
    /// # Errors
    /// [`NetworkError`] if it cannot be had.
    fn find(&self, name: &NetworkName) -> Result<Arc<dyn Network>, NetworkError>;
}

/// A network at work.
pub trait Network: Send + Sync {
    /// The model and its version, as `lama:2`.
    fn name(&self) -> String;

    /// What its numbers mean.
    fn manifest(&self) -> &Manifest;

    /// What goes in and comes out.
    fn signature(&self) -> &Signature;

    /// Computes the outputs for named inputs; waits for them.
    ///
    /// # Errors
    /// [`InferenceError`]; a full queue is told at once.
    fn run(&self, inputs: Vec<(String, Tensor)>) -> Result<Vec<(String, Tensor)>, InferenceError>;
}

/// No networks: for who has no folder of models.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNetworks;

impl Networks for NoNetworks {
    fn list(&self) -> Vec<(ModelName, Manifest)> {
        Vec::new()
    }

    fn look_up(&self, name: &NetworkName) -> Result<Manifest, NetworkError> {
        Err(NetworkError::Unknown { name: name.clone(), known: Vec::new() })
    }

    fn find(&self, name: &NetworkName) -> Result<Arc<dyn Network>, NetworkError> {
        Err(NetworkError::Unknown { name: name.clone(), known: Vec::new() })
    }
}

/// Whether the engine is there and does the task. Reads a manifest at most; nothing is loaded.
///
/// # Errors
/// [`EngineError::Network`] if there is no such network, [`EngineError::InvalidParameters`] if it
/// is for something else.
pub fn check_engine(
    engine: &EngineChoice,
    task: Task,
    networks: &dyn Networks,
) -> Result<(), EngineError> {
    match engine {
        EngineChoice::Auto | EngineChoice::Csc => Ok(()),
        EngineChoice::Network(name) => check_task(&networks.look_up(name)?, name, task),
    }
}

/// A network to run that does the task.
pub(super) fn find(
    name: &NetworkName,
    task: Task,
    networks: &dyn Networks,
) -> Result<Arc<dyn Network>, EngineError> {
    let network = networks.find(name)?;
    check_task(network.manifest(), name, task)?;
    Ok(network)
}

fn check_task(manifest: &Manifest, name: &NetworkName, task: Task) -> Result<(), EngineError> {
    if tasks(manifest).contains(&task) {
        return Ok(());
    }
    let message = format!("`{name}` is a network for the task {}", manifest.task.name());
    Err(EngineError::InvalidParameters(vec![spec::fault("engine", message)]))
}

/// What can be asked of a network as an engine.
pub(super) fn tasks(manifest: &Manifest) -> &'static [Task] {
    match manifest.task {
        ModelTask::Inpaint | ModelTask::Refine => &[Task::Inpaint],
        ModelTask::Denoise | ModelTask::Reconstruct => &[Task::Reconstruct],
        ModelTask::Classify | ModelTask::Raw => &[],
    }
}
