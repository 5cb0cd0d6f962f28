//! Runs a model.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use tokio::task::spawn_blocking;

use super::HEADER_LENGTH;
use super::errors::{BodyErrors, KeyErrors, ModelErrors};
use super::request::{self, InferRequest, invalid};
use super::response::{self, InferResponse, Letterhead};
use super::target::Target;
use crate::http::ApiState;
use crate::http::body;
use crate::http::error::ApiError;
use crate::worker::Refused;

/// Bytes that are read and written at once, without keeping other requests waiting.
const AT_ONCE: usize = 64 << 10;

/// Run a model.
///
/// JSON, or JSON followed by tensors as bytes (`Inference-Header-Content-Length`), plain or with
/// `Content-Encoding: gzip` or `deflate`. With `Accept-Encoding` the answer is compressed.
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
    let lease = target.lease(&state).await?;
    let signature = lease.signature().clone();
    let size = body.len();
    let parsed = at_leisure(size, move || request::parse(&body, header, &signature)).await?;
    let chosen = parsed.outputs.choose(lease.signature())?;
    let patience = parsed.timeout.map_or(lease.patience(), |time| time.min(lease.patience()));
    let answer = lease.run(parsed.inputs, Instant::now() + patience).await?;
    let head = Letterhead {
        name: lease.name().to_string(),
        version: lease.version().to_string(),
        id: parsed.id,
    };
    let size = answer.outputs.iter().map(|(_, tensor)| tensor.len()).sum();
    at_leisure(size, move || response::write(&head, &answer.outputs, &chosen)).await
}

/// Does small work at once, and large work where it holds nobody up.
async fn at_leisure<T: Send + 'static>(
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
