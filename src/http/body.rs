//! Whole bodies: as long as they may be, in the time they may take.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use axum::response::IntoResponse;
use tokio::time::timeout;

use super::ApiState;
use super::error::ApiError;
use super::problem::ProblemCode;

/// Reads the whole body.
pub(super) async fn collect(request: Request, state: &ApiState) -> Result<Bytes, ApiError> {
    let limit = state.config.max_body_bytes;
    Bytes::from_request(request, state).await.map_err(|rejection| {
        match rejection.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(limit, None),
            _ => ApiError::new(ProblemCode::MalformedRequest, "the body was cut short"),
        }
    })
}

/// Reads a body that has not said that it is too large, for as long as it may take.
pub(super) async fn in_time<T>(
    request: Request,
    state: &ApiState,
    read: impl AsyncFnOnce(Request) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    refuse_declared_length(&request, state.config.max_body_bytes)?;
    let patience = state.config.body_timeout;
    timeout(patience, read(request)).await.map_err(|_| {
        ApiError::new(ProblemCode::RequestTimeout, "the body took too long to arrive")
            .with_limit(patience.as_secs_f64(), None)
    })?
}

/// Refuses a body that says it is too large before a byte of it is read.
fn refuse_declared_length(request: &Request, limit: u64) -> Result<(), ApiError> {
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    match declared.and_then(|length| length.parse::<u64>().ok()) {
        Some(length) if length > limit => Err(too_large(limit, Some(length))),
        _ => Ok(()),
    }
}

pub(super) fn too_large(limit: u64, actual: Option<u64>) -> ApiError {
    let detail = format!("the body has more than {limit} bytes");
    ApiError::new(ProblemCode::BodyTooLarge, detail)
        .with_limit(limit as f64, actual.map(|length| length as f64))
}
