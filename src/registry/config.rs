//! Settings of the models.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::inference::Device;

/// Which models there are, and how they are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelsConfig {
    /// Folder of models.
    pub dir: Option<PathBuf>,
    /// Whether there are models that come with the program, too.
    pub builtin: bool,
    /// Time between two looks at the folder; zero looks only at the start and when asked to.
    pub poll: Duration,
    /// Whether models are loaded as they appear, as far as they fit into the budget.
    pub preload: bool,
    /// Memory of all loaded models together, in bytes.
    pub memory_budget: u64,
    /// Largest file of a model, in bytes.
    pub max_bytes: u64,
    /// What models run on.
    pub device: Device,
    /// Sessions of one model that run side by side.
    pub instances: usize,
    /// Threads of one session; zero shares as many as this process may use among the sessions of
    /// a model.
    pub threads: usize,
    /// Requests that may wait for one model.
    pub queue_length: usize,
    /// Longest first axis of a batch.
    pub max_batch: usize,
    /// Longest time from the acceptance of a request to its answer.
    pub deadline: Duration,
    /// Library of ONNX Runtime, or its folder.
    pub onnxruntime: Option<PathBuf>,
}

impl Default for ModelsConfig {
    fn default() -> Self {
        Self {
            dir: None,
            builtin: true,
            poll: Duration::from_secs(5),
            preload: true,
            memory_budget: 4 << 30,
            max_bytes: 2 << 30,
            device: Device::Auto,
            instances: 1,
            threads: 0,
            queue_length: 64,
            max_batch: 16,
            deadline: Duration::from_mins(1),
            onnxruntime: None,
        }
    }
}

impl ModelsConfig {
    /// Sessions of one model, at least one.
    pub fn sessions_of_a_model(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.instances).unwrap_or(NonZeroUsize::MIN)
    }

    /// Threads of one session, at least one.
    pub fn threads_of_a_session(&self) -> NonZeroUsize {
        let sessions = self.sessions_of_a_model();
        let share = || thread::available_parallelism().map_or(1, NonZeroUsize::get) / sessions;
        NonZeroUsize::new(self.threads)
            .or_else(|| NonZeroUsize::new(share()))
            .unwrap_or(NonZeroUsize::MIN)
    }
}
