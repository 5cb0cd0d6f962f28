//! `multipart/form-data`: pictures as parts, parameters flat or as one JSON part `params`.

use axum::extract::multipart::{Field as Part, MultipartError, MultipartRejection};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};

use super::draft::Draft;
use super::fields::Given;
use super::form::{Form, Slot};
use super::{Parcel, json};
use crate::http::ApiState;
use crate::http::body::too_large;
use crate::http::error::ApiError;
use crate::http::problem::ProblemCode;
use crate::imaging::ImagingError;

/// Longest parameter, or `params` as a whole.
const LONGEST_TEXT: u64 = 64 << 10;

/// Reads the body part by part; stops at the first that has no place.
pub(super) async fn read(
    request: Request,
    state: &ApiState,
    form: Form,
) -> Result<Parcel, ApiError> {
    let limit = state.config.max_body_bytes;
    let malformed = |error| broken(&error, limit);
    let mut parts = Multipart::from_request(request, state).await.map_err(no_boundary)?;
    let mut draft = Draft::new(form);
    while let Some(part) = parts.next_field().await.map_err(malformed)? {
        let name = part.name().unwrap_or_default().to_owned();
        if !draft.first(&name) {
            break;
        }
        match (name.as_str(), draft.slot(&name)) {
            (_, Some(Slot::Parameter(field))) => {
                let text = text(part, &name, limit).await?;
                draft.parameter(field, Given::Text(text));
            }
            (_, Some(Slot::Picture(picture))) => {
                let most = state.environment.limits.max_bytes;
                let bytes = collect(part, most, limit).await?;
                let bytes = bytes.map_err(|actual| {
                    ApiError::from(ImagingError::TooManyBytes { limit: most, actual })
                })?;
                draft.picture(picture, bytes);
            }
            ("params", None) => {
                let members = json::entries(text(part, &name, limit).await?.as_bytes())?;
                json::take_parameters(&mut draft, members);
            }
            (_, None) => {
                draft.unknown(&name);
                break;
            }
        }
    }
    draft.finish()
}

/// What a part of a form is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum PartKind {
    /// An encoded picture.
    File,
    /// A parameter.
    Text,
}

/// Most parts of a form that is read whatever its parts are called.
const MOST_PARTS: usize = 200;

/// Reads a form whose parts may have any names.
pub(in crate::http) async fn parts(
    request: Request,
    state: &ApiState,
    kind: impl Fn(&str) -> PartKind,
) -> Result<Vec<(String, Bytes)>, ApiError> {
    let limit = state.config.max_body_bytes;
    let mut form = Multipart::from_request(request, state).await.map_err(no_boundary)?;
    let mut collected = Vec::new();
    while let Some(part) = form.next_field().await.map_err(|error| broken(&error, limit))? {
        let name = part.name().unwrap_or_default().to_owned();
        if collected.len() == MOST_PARTS {
            let detail = format!("the form has more than {MOST_PARTS} parts");
            return Err(ApiError::new(ProblemCode::MalformedRequest, detail)
                .with_limit(MOST_PARTS as f64, None));
        }
        let bytes = match kind(&name) {
            PartKind::File => {
                let most = state.environment.limits.max_bytes;
                collect(part, most, limit).await?.map_err(|actual| {
                    ApiError::from(ImagingError::TooManyBytes { limit: most, actual })
                })?
            }
            PartKind::Text => text(part, &name, limit).await?.into(),
        };
        collected.push((name, bytes));
    }
    Ok(collected)
}

async fn text(part: Part<'_>, name: &str, body_limit: u64) -> Result<String, ApiError> {
    let bytes = collect(part, LONGEST_TEXT, body_limit).await?.map_err(|_| {
        ApiError::invalid_field(name, format!("is longer than {LONGEST_TEXT} bytes"))
    })?;
    String::from_utf8(bytes.into()).map_err(|_| ApiError::invalid_field(name, "is not UTF-8"))
}

/// All bytes of a part, or how many there were when they became more than `most`.
async fn collect(
    mut part: Part<'_>,
    most: u64,
    body_limit: u64,
) -> Result<Result<Bytes, u64>, ApiError> {
    let mut collected = BytesMut::new();
    while let Some(chunk) = part.chunk().await.map_err(|error| broken(&error, body_limit))? {
        collected.extend_from_slice(&chunk);
        if collected.len() as u64 > most {
            return Ok(Err(collected.len() as u64));
        }
    }
    Ok(Ok(collected.freeze()))
}

fn broken(error: &MultipartError, body_limit: u64) -> ApiError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large(body_limit, None);
    }
    ApiError::new(ProblemCode::MalformedRequest, "the multipart body is broken or cut short")
}

fn no_boundary(_: MultipartRejection) -> ApiError {
    ApiError::new(ProblemCode::MalformedRequest, "the Content-Type has no multipart boundary")
}
