//! A restoration as clients ask for it: multipart or JSON, in any order, nothing unknown.

mod draft;
mod fields;
mod json;
mod multipart;

#[cfg(test)]
mod tests;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use tokio::time::timeout;

use super::ApiState;
use super::error::ApiError;
use super::problem::ProblemCode;
use crate::engines::Options;

pub(super) use fields::FIELDS;

/// A restoration as asked for, not yet checked against its task.
#[derive(Debug)]
pub(super) struct Upload {
    /// The encoded image.
    pub(super) image: Bytes,
    /// The encoded mask.
    pub(super) mask: Option<Bytes>,
    /// Everything else.
    pub(super) options: Options,
}

impl FromRequest<ApiState> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        refuse_declared_length(&request, state.config.max_body_bytes)?;
        let patience = state.config.body_timeout;
        let late = |_| {
            ApiError::new(ProblemCode::RequestTimeout, "the body took too long to arrive")
                .with_limit(patience.as_secs_f64(), None)
        };
        match essence(&request).as_deref() {
            Some("multipart/form-data") => {
                timeout(patience, multipart::read(request, state)).await.map_err(late)?
            }
            Some("application/json") => {
                timeout(patience, json::read(request, state)).await.map_err(late)?
            }
            _ => Err(ApiError::new(
                ProblemCode::UnsupportedMediaType,
                "Content-Type must be multipart/form-data or application/json",
            )),
        }
    }
}

/// Refuses a body that says it is too large before a byte of it is read.
fn refuse_declared_length(request: &Request, limit: u64) -> Result<(), ApiError> {
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    match declared.and_then(|length| length.parse::<u64>().ok()) {
        Some(length) if length > limit => Err(too_large(limit, Some(length))),
        _ => Ok(()),
    }
}

fn too_large(limit: u64, actual: Option<u64>) -> ApiError {
    let detail = format!("the body has more than {limit} bytes");
    ApiError::new(ProblemCode::BodyTooLarge, detail)
        .with_limit(limit as f64, actual.map(|length| length as f64))
}

/// The media type of the body without its parameters.
fn essence(request: &Request) -> Option<String> {
    let value = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}
