//! Networks at work: ONNX Runtime behind a queue.
//!
//! The life of a request: a [`ModelHandle`] checks the tensors against the [`Signature`] and puts
//! them into the model's bounded queue, or refuses at once. A thread that owns a session takes the
//! oldest request and those behind it that fit into one batch, and runs them together; meanwhile
//! the next batch gathers in the queue. There is no timer: a session that is free starts at once,
//! so batches form only under load, when they help.
//!
//! - A request whose caller left, or whose time is up, is dropped before it is computed.
//! - What the runtime refuses fails one request, a panic or a broken session fails one batch; the
//!   session is built anew once, and if that does not help the model is unhealthy.
//! - The numbers of a request do not depend on its neighbours in the batch beyond what the runtime
//!   itself makes of a larger batch.

mod backend;
mod batch;
mod command;
mod config;
mod device;
mod error;
mod executor;
pub mod fake;
mod handle;
mod instance;
mod library;
mod manifest;
mod memory;
mod name;
mod ort;
mod queue;
mod signature;
mod statistics;
mod tensor;

#[cfg(test)]
mod tests;

pub use self::ort::{ModelSource, Runtime, RuntimeError, SessionOptions};
pub use crate::onnx::{Dimension, ElementType, ValueInfo};
pub use backend::{Backend, BackendError, BackendFactory};
pub use command::{Answer, Timings};
pub use config::ExecutorConfig;
pub use device::{Device, Placement, UnknownDevice};
pub use error::{InferenceError, InputFault};
pub use executor::Executor;
pub use handle::ModelHandle;
pub use library::{LIBRARY_NAME, LibraryError, LibrarySearch};
pub use manifest::{
    Colour, Fill, HdStrategy, Hidden, ImageInput, Layout, Manifest, MaskInput, ModelTask, Pad,
    Place, Pruning, ResultOutput, SizePolicy,
};
pub use memory::resident_estimate;
pub use name::{InvalidName, InvalidVersion, ModelName, Version};
pub use signature::Signature;
pub use statistics::{BatchTally, Statistics, Tally};
pub use tensor::{Element, Tensor, TensorData, TensorError};
