//! Models run by ONNX Runtime, outside of the service.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::config::library_search;
use crate::inference::{Backend, Device, ModelSource, Runtime, SessionOptions, Tensor};
use crate::onnx::Model;

/// A model on a device, with all threads of this computer.
pub(super) fn session(model: &Model, device: Device) -> anyhow::Result<Box<dyn Backend>> {
    let runtime = Runtime::load(&library_search(None))?;
    let options = SessionOptions { device, threads: threads(), ..SessionOptions::default() };
    Ok(runtime.factory(ModelSource::Memory(Arc::from(model.encode())), options)()?)
}

/// Runs again and again for some time; gives the first output and the milliseconds of the run in
/// the middle.
pub(super) fn measure(
    session: &mut dyn Backend,
    inputs: &[Tensor],
    time: Duration,
) -> anyhow::Result<(Vec<f32>, f64)> {
    // The first run chooses algorithms and sets memory aside.
    let given = session.run(inputs)?;
    let given = given[0].as_slice::<f32>().unwrap_or_default().to_vec();
    let (began, mut times) = (Instant::now(), Vec::new());
    while times.is_empty() || began.elapsed() < time {
        let start = Instant::now();
        session.run(inputs)?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok((given, times[times.len() / 2].as_secs_f64() * 1e3))
}

/// Threads of this computer.
pub(super) fn threads() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
