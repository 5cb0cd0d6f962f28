//! Pictures as people have them, restored by a model: files, or numbers of any size.

mod options;
mod sent;
mod tensors;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::infer::at_leisure;
use super::request::Inference;
use super::response::Outcome;
use super::value::Value;
use crate::engines::{EngineChoice, EngineError, NetworkName, Task};
use crate::http::ApiState;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::problem::ProblemCode;
use crate::inference::ModelTask;
use crate::registry::Lease;
use crate::worker::{Finished, JobFailure, Ticket, Watch};
use options::Asked;
use sent::{Restored, Sent};

/// The input that has the pictures.
pub(super) const IMAGE: &str = "image";
/// The input that says what is hidden.
pub(super) const MASK: &str = "mask";
/// The output.
pub(super) const RESTORED: &str = "restored";

/// What restores.
#[derive(Debug)]
pub(super) enum Engine {
    /// The solver that is built in.
    Solver,
    /// A network, which stays in memory meanwhile.
    Network(Lease),
}

impl Engine {
    fn choice(&self) -> EngineChoice {
        match self {
            Self::Solver => EngineChoice::Csc,
            Self::Network(lease) => EngineChoice::Network(NetworkName {
                model: lease.name().clone(),
                version: Some(lease.version()),
            }),
        }
    }

    /// What it does unless asked otherwise.
    fn task(&self) -> Task {
        match self {
            Self::Solver => Task::Inpaint,
            Self::Network(lease) => match lease.manifest().task {
                ModelTask::Denoise | ModelTask::Reconstruct => Task::Reconstruct,
                ModelTask::Inpaint | ModelTask::Refine | ModelTask::Classify | ModelTask::Raw => {
                    Task::Inpaint
                }
            },
        }
    }
}

/// Whether a request brings a network pictures, and not its own tensors: the network restores, and
/// `image` is of files, or is numbers that are a picture and not what the network takes.
pub(super) fn are_meant(inputs: &[(String, Value)], lease: &Lease) -> bool {
    match lease.manifest().task {
        ModelTask::Inpaint | ModelTask::Refine | ModelTask::Denoise | ModelTask::Reconstruct => {}
        ModelTask::Classify | ModelTask::Raw => return false,
    }
    match inputs.iter().find(|(name, _)| name == IMAGE) {
        None => false,
        Some((_, Value::Files(_))) => true,
        Some((_, Value::Numbers(tensor))) => {
            !lease.signature().takes(IMAGE, tensor) && tensors::layout(tensor).is_some()
        }
    }
}

/// Restores the pictures of a request where all restorations are done.
pub(super) async fn restore(
    state: &ApiState,
    caller: &Caller,
    engine: Engine,
    inference: Inference,
) -> Result<Outcome, ApiError> {
    let Inference { parameters, inputs, outputs, timeout, .. } = inference;
    let chosen = outputs.choose_among(&[RESTORED])?;
    let Asked { task, mut options } = Asked::read(&parameters, &engine)?;
    options.validate(task).map_err(|faults| told(EngineError::InvalidParameters(faults)))?;
    let size = inputs.iter().map(|(_, value)| value.length()).sum();
    let environment = Arc::clone(&state.environment);
    let (sent, pixels) = at_leisure(size, move || {
        let sent = Sent::read(inputs, task)?;
        let pixels = sent.pixels(&environment.limits)?;
        Ok((sent, pixels))
    })
    .await?;
    let dictionary = &mut options.restore.dictionary;
    state.workshop.library().resolve(caller.owner(), dictionary).await?;

    let (began, count) = (Instant::now(), sent.count());
    let environment = Arc::clone(&state.environment);
    let work = move |watch: &Watch| sent.restore(task, &options, &environment, watch);
    let ticket = state.pool.submit(pixels, work)?;
    let finished = wait(ticket, timeout).await;
    let finished = finished.map_err(ApiError::from).and_then(Finished::transpose);
    if matches!(engine, Engine::Solver) {
        match &finished {
            Ok(finished) => state.solver.answered(count, &finished.timings, began.elapsed()),
            Err(_) => state.solver.failed(began.elapsed()),
        }
    }
    let Restored { value, warnings } = finished?.value;
    Ok(Outcome { outputs: vec![(RESTORED.to_owned(), value)], chosen, warnings })
}

/// Waits for a result, and no longer than the caller does.
async fn wait<T>(ticket: Ticket<T>, patience: Option<Duration>) -> Result<Finished<T>, JobFailure> {
    let Some(allowed) = patience else { return ticket.wait().await };
    let waited = timeout(allowed, ticket.wait()).await;
    waited.unwrap_or(Err(JobFailure::Expired { allowed }))
}

/// What is wrong with a picture or an option, in the statuses and the words of this protocol.
fn told(error: impl Into<ApiError>) -> ApiError {
    use ProblemCode as C;
    let error = error.into();
    let code = match error.code() {
        C::FileTooLarge | C::TooManyPixels | C::TooManyFrames | C::TooMuchMemory => C::FileTooLarge,
        C::TooBusy => return error,
        code if code.describe().status.is_client_error() => C::InvalidTensors,
        _ => return error,
    };
    ApiError::new(code, error.in_one_line())
}
