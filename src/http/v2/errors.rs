//! Errors as this protocol writes them.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoResponses, ToSchema};

use crate::http::error::ApiError;
use crate::http::openapi::error_answers;

/// Longest name or message that is repeated in an answer.
const LONGEST_SHOWN: usize = 120;

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct V2Error {
    /// In words.
    #[schema(example = "there is no model `lama`")]
    error: String,
}

/// An error in this protocol.
pub(in crate::http) fn body(error: &ApiError) -> Json<V2Error> {
    Json(V2Error { error: error.detail().to_owned() })
}

/// What was sent, as far as it is worth repeating.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What every route may answer.
pub(super) struct CommonErrors;

impl IntoResponses for CommonErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        error_answers::<V2Error>(&[(StatusCode::INTERNAL_SERVER_ERROR, "A fault of the service")])
    }
}

/// What routes may answer that take a key.
pub(super) struct KeyErrors;

impl IntoResponses for KeyErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        error_answers::<V2Error>(&[
            (StatusCode::UNAUTHORIZED, "An API key is needed"),
            (StatusCode::FORBIDDEN, "The key lacks a scope"),
            (StatusCode::TOO_MANY_REQUESTS, "Too many requests; Retry-After says when to return"),
            (StatusCode::INTERNAL_SERVER_ERROR, "A fault of the service"),
            (StatusCode::SERVICE_UNAVAILABLE, "Not now: the model or the service is not ready"),
        ])
    }
}

/// What routes may answer that name a model.
pub(super) struct ModelErrors;

impl IntoResponses for ModelErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        error_answers::<V2Error>(&[
            (StatusCode::BAD_REQUEST, "The request cannot be read"),
            (StatusCode::NOT_FOUND, "There is no such model or version"),
        ])
    }
}

/// What routes may answer that take a body.
pub(super) struct BodyErrors;

impl IntoResponses for BodyErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        error_answers::<V2Error>(&[
            (StatusCode::BAD_REQUEST, "The body is not what this route takes"),
            (StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time"),
            (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The Content-Encoding is not read here"),
            (StatusCode::GATEWAY_TIMEOUT, "The work was not finished in time"),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_not_repeated_in_full() {
        assert_eq!(shown("short"), "short");
        assert_eq!(shown(&"ä".repeat(100_000)).chars().count(), LONGEST_SHOWN + 1);
    }
}
