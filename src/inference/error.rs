//! What can go wrong between a request and its answer.

use std::time::Duration;

use super::{BackendError, Dimension, ElementType};

/// What is wrong with the tensors of a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputFault {
    /// An input of the model is not given.
    #[error("input `{name}` is missing")]
    Missing {
        /// The input.
        name: String,
    },
    /// The model has no such input.
    #[error("the model has no input `{name}`; it has {}", known.join(", "))]
    Unknown {
        /// What was given.
        name: String,
        /// The inputs of the model.
        known: Vec<String>,
    },
    /// An input is given more than once.
    #[error("input `{name}` is given twice")]
    Twice {
        /// The input.
        name: String,
    },
    /// An input has elements of another type.
    #[error("input `{name}` takes {expected}, but was given {actual}")]
    Element {
        /// The input.
        name: String,
        /// What the model takes.
        expected: ElementType,
        /// What was given.
        actual: ElementType,
    },
    /// An input has another shape.
    #[error("input `{name}` takes the shape [{}], but was given {actual:?}", axes(expected))]
    Shape {
        /// The input.
        name: String,
        /// What the model takes.
        expected: Vec<Dimension>,
        /// What was given.
        actual: Vec<usize>,
    },
    /// An input has an axis of length zero.
    #[error("input `{name}` is empty")]
    Empty {
        /// The input.
        name: String,
    },
    /// The request alone is larger than a batch may be.
    #[error("the inputs have {actual} elements, but at most {limit} are allowed")]
    TooLarge {
        /// Elements allowed.
        limit: usize,
        /// Elements given.
        actual: usize,
    },
}

fn axes(shape: &[Dimension]) -> String {
    shape.iter().map(Dimension::to_string).collect::<Vec<_>>().join(", ")
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InferenceError {
    /// The queue is full.
    #[error("{queued} requests are waiting for the model, and at most {limit} may")]
    Overloaded {
        /// Requests that may wait.
        limit: usize,
        /// Requests that wait.
        queued: usize,
    },
    /// The tensors are not what the model takes.
    #[error(transparent)]
    BadInput(#[from] InputFault),
    /// The tensors are what the model says it takes, but it cannot compute them: a size that its
    /// layers do not divide, say. The model itself is sound.
    #[error("the model cannot compute these inputs: {reason}")]
    Rejected {
        /// What the runtime said.
        reason: String,
    },
    /// The time was up, in the queue or at work.
    #[error("not finished within {} s", allowed.as_secs_f64())]
    Expired {
        /// The time that was given.
        allowed: Duration,
    },
    /// The model is being unloaded.
    #[error("the model is being unloaded")]
    Closed,
    /// The model failed, was loaded anew, and failed again.
    #[error("the model is out of order")]
    Unhealthy,
    /// The model could not be loaded or warmed up.
    #[error("the model cannot be loaded")]
    Load(#[source] BackendError),
    /// The model failed with these inputs and needed to be loaded anew.
    #[error("the model failed")]
    Failed(#[source] BackendError),
    /// The system refused a thread.
    #[error("no thread could be started for the model: {reason}")]
    Thread {
        /// What the system said.
        reason: String,
    },
}
