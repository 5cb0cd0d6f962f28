//! ONNX Runtime for tests, where it is installed.

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cogd::config::library_search;
use cogd::inference::{
    Device, Executor, ExecutorConfig, ModelHandle, ModelSource, Runtime, SessionOptions, Tensor,
};
use cogd::onnx::Model;

/// The runtime, found as the service finds it; says so if a test must be skipped without it.
pub(crate) fn runtime() -> Option<&'static Runtime> {
    match Runtime::load(&library_search(None)) {
        Ok(runtime) => Some(runtime),
        Err(error) => {
            let test = thread::current();
            let test = test.name().unwrap_or_default();
            // Straight to the stream: what a test prints by macro is shown only when it fails.
            let mut terminal = std::io::stderr();
            writeln!(terminal, "SKIPPED {test}: {error}").unwrap();
            None
        }
    }
}

/// On the processor, with one thread.
pub(crate) const PLAIN: SessionOptions =
    SessionOptions { device: Device::Cpu, threads: NonZeroUsize::MIN, arena: true, spin: false };

/// Loads a model for the processor.
pub(crate) fn start(runtime: &'static Runtime, model: &Model, config: ExecutorConfig) -> Executor {
    let factory = runtime.factory(ModelSource::Memory(Arc::from(model.encode())), PLAIN);
    Executor::start("test", &factory, config).unwrap()
}

/// Runs a model on named tensors and gives its outputs in order.
pub(crate) fn run(handle: &ModelHandle, inputs: Vec<(&str, Tensor)>) -> Vec<Tensor> {
    let inputs = inputs.into_iter().map(|(name, tensor)| (name.to_owned(), tensor)).collect();
    let answer = handle.run_blocking(inputs, Instant::now() + Duration::from_mins(1)).unwrap();
    answer.outputs.into_iter().map(|(_, tensor)| tensor).collect()
}
