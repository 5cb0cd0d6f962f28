//! Runs a model.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use tokio::task::spawn_blocking;

use super::HEADER_LENGTH;
use super::errors::{BodyErrors, KeyErrors, ModelErrors, shown};
use super::request::{self, InferRequest, Inference, invalid};
use super::response::{self, InferResponse, Outcome};
use super::target::{Model, Target};
use super::value::Value;
use super::{pictures, raw, solver};
use crate::http::ApiState;
use crate::http::body;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::registry::Lease;
use crate::worker::Refused;

/// Bytes that are read and written at once, without keeping other requests waiting.
const AT_ONCE: usize = 64 << 10;

/// Run a model.
///
/// JSON, or JSON followed by tensors as bytes (`Inference-Header-Content-Length`), plain or with
/// `Content-Encoding: gzip` or `deflate`. With `Accept-Encoding` the answer is compressed.
///
/// `csc` and every network that restores also take pictures: `image` and `mask` as encoded files
/// in tensors of `BYTES`, or as plain numbers of any size. They answer `restored`.
#[utoipa::path(
    post, path = "/v2/models/{model}/infer", tag = "inference",
    params(
        ("model" = String, Path, description = "Name of the model", max_length = 128),
        (
            "Inference-Header-Content-Length" = Option<u64>, Header,
            description = "Bytes of the body that are JSON, if tensors follow as bytes",
        ),
    ),
    request_body(content((InferRequest = "application/json"), (Vec<u8> = "application/octet-stream"))),
    responses(
        (
            status = 200, description = "The outputs",
            content((InferResponse<'_> = "application/json"), (Vec<u8> = "application/octet-stream")),
        ),
        KeyErrors, ModelErrors, BodyErrors,
    ),
)]
pub(super) async fn infer(
    State(state): State<ApiState>,
    caller: Caller,
    target: Target,
    request: Request,
) -> Result<Response, ApiError> {
    if state.pool.is_draining() {
        return Err(Refused::Draining.into());
    }
    target.exists(&state)?;
    let header = header_length(request.headers())?;
    let read = async |request| body::collect(request, &state).await;
    let body = body::in_time(request, &state, read).await?;
    let size = body.len();
    let model = target.model(&state).await?;
    let parsed = match &model {
        Model::Network(lease) if header == Some(0) => {
            let signature = lease.signature().clone();
            at_leisure(size, move || raw::parse(&body, &signature)).await?
        }
        Model::Solver if header == Some(0) => return Err(solver::refuse_raw()),
        _ => at_leisure(size, move || request::parse(body, header)).await?,
    };
    let head = model.letterhead(parsed.id.clone());
    let outcome = match model {
        Model::Network(lease) if !pictures::are_meant(&parsed.inputs, &lease) => {
            run(&lease, parsed).await?
        }
        Model::Network(lease) => {
            let engine = pictures::Engine::Network(lease);
            pictures::restore(&state, &caller, engine, parsed).await?
        }
        Model::Solver => {
            pictures::restore(&state, &caller, pictures::Engine::Solver, parsed).await?
        }
    };
    let size = outcome.outputs.iter().map(|(_, value)| value.length()).sum();
    at_leisure(size, move || response::write(&head, &outcome)).await
}

/// Runs a network on its own tensors.
async fn run(lease: &Lease, inference: Inference) -> Result<Outcome, ApiError> {
    let chosen = inference.outputs.choose(lease.signature())?;
    let numbers = |(name, value): (String, Value)| match value {
        Value::Numbers(tensor) => Ok((name, tensor)),
        Value::Files(_) => {
            let name = shown(&name);
            Err(invalid(format!(
                "input `{name}`: BYTES is not supported: this model takes numbers"
            )))
        }
    };
    let inputs = inference.inputs.into_iter().map(numbers).collect::<Result<_, _>>()?;
    let patience = inference.timeout.map_or(lease.patience(), |time| time.min(lease.patience()));
    let answer = lease.run(inputs, Instant::now() + patience).await?;
    let outputs = answer.outputs.into_iter();
    let outputs = outputs.map(|(name, tensor)| (name, Value::Numbers(tensor))).collect();
    Ok(Outcome { outputs, chosen, warnings: Vec::new() })
}

/// Does small work at once, and large work where it holds nobody up.
pub(super) async fn at_leisure<T: Send + 'static>(
    size: usize,
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    if size <= AT_ONCE {
        return work();
    }
    spawn_blocking(work).await.map_err(ApiError::internal)?
}

/// How many bytes of the body are JSON, if that is said.
fn header_length(headers: &HeaderMap) -> Result<Option<usize>, ApiError> {
    let mut values = headers.get_all(HEADER_LENGTH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match (text.and_then(|text| text.parse().ok()), values.next()) {
        (Some(length), None) => Ok(Some(length)),
        _ => Err(invalid(format!("{HEADER_LENGTH} must be one whole number of bytes"))),
    }
}
