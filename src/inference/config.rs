//! How the requests of one model are queued and batched.

use std::num::NonZeroUsize;
use std::time::Duration;

/// The queue and the batches of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutorConfig {
    /// Threads with a session of their own that share the queue.
    pub instances: NonZeroUsize,
    /// Requests that may wait.
    pub queue_length: usize,
    /// Longest first axis of a batch; one runs every request by itself.
    pub max_batch: usize,
    /// Elements of all inputs of a batch together. A larger request is refused.
    pub max_batch_elements: usize,
    /// Longest time from acceptance to answer.
    pub deadline: Duration,
    /// Shapes of all inputs, in order, that are run with zeros before the model counts as ready,
    /// and again to see whether it is still sound after a fault.
    pub warm_up: Vec<Vec<Vec<usize>>>,
}

impl Default for ExecutorConfig {
    fn default() -> Self {
        Self {
            instances: NonZeroUsize::MIN,
            queue_length: 64,
            max_batch: 16,
            max_batch_elements: 1 << 27,
            deadline: Duration::from_mins(1),
            warm_up: Vec::new(),
        }
    }
}
