//! Errors as `OpenAI` writes them.
//!
//! Its SDKs try 408, 409, 429 and all of 5xx again unless they are told not to: whatever would fail
//! the same way another time says so.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoResponses, ToSchema};

use crate::http::dialect::{JSON, Words};
use crate::http::error::ApiError;
use crate::http::openapi::error_answers;
use crate::http::problem::ProblemCode;

const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorBody {
    error: ErrorDetail,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorDetail {
    /// In words.
    #[schema(example = "size: must be `auto` or the size of the image")]
    message: String,
    /// What kind of error it is.
    #[schema(example = "invalid_request_error")]
    r#type: &'static str,
    /// The parameter that it is about.
    #[schema(example = "size")]
    param: Option<String>,
    /// Last part of the problem's `type`, or a code that clients know.
    #[schema(example = "invalid-parameters")]
    code: &'static str,
}

impl ErrorBody {
    pub(super) fn of(error: &ApiError) -> Self {
        Self {
            error: ErrorDetail {
                message: error.in_one_line(),
                r#type: kind(status(error.code())),
                param: error.fields().first().map(|fault| fault.field.clone()),
                code: match error.code() {
                    ProblemCode::UnknownModel => "model_not_found",
                    ProblemCode::Unauthenticated => "invalid_api_key",
                    code => code.describe().slug,
                },
            },
        }
    }
}

/// An error in this dialect.
pub(in crate::http) fn words(error: &ApiError) -> Words {
    let mut headers = HeaderMap::new();
    match error.retry_after() {
        Some(wait) => {
            let milliseconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            headers.insert(RETRY_AFTER_MS, HeaderValue::from(milliseconds));
        }
        None => {
            headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
        }
    }
    Words {
        status: status(error.code()),
        media_type: JSON,
        headers,
        body: Json(ErrorBody::of(error)).into_response(),
    }
}

/// Parameters are answered with 400 here, and 409 would be tried again.
fn status(code: ProblemCode) -> StatusCode {
    match code.describe().status {
        StatusCode::CONFLICT => StatusCode::BAD_REQUEST,
        _ if code == ProblemCode::InvalidParameters => StatusCode::BAD_REQUEST,
        status => status,
    }
}

fn kind(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "authentication_error",
        StatusCode::FORBIDDEN => "permission_error",
        StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
        status if status.is_server_error() => "server_error",
        _ => "invalid_request_error",
    }
}

/// What routes may answer that take a key.
pub(super) struct KeyErrors;

impl IntoResponses for KeyErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        error_answers::<ErrorBody>(&[
            (StatusCode::UNAUTHORIZED, "An API key is needed"),
            (StatusCode::FORBIDDEN, "The key lacks a scope"),
            (StatusCode::TOO_MANY_REQUESTS, "Not now; Retry-After says when to return"),
            (StatusCode::INTERNAL_SERVER_ERROR, "A fault of the service"),
            (StatusCode::SERVICE_UNAVAILABLE, "Not now: the model or the service is not ready"),
        ])
    }
}

/// What the route of edits may answer beside that.
pub(super) struct EditErrors;

impl IntoResponses for EditErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        error_answers::<ErrorBody>(&[
            (StatusCode::BAD_REQUEST, "The request, or a parameter of it, cannot be used"),
            (StatusCode::NOT_FOUND, "There is no such model"),
            (StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time"),
            (StatusCode::PAYLOAD_TOO_LARGE, "The body or a picture is too large"),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body or a picture is of an unknown kind"),
            (StatusCode::UNPROCESSABLE_ENTITY, "A picture cannot be repaired as it is"),
            (StatusCode::GATEWAY_TIMEOUT, "The work was not finished in time"),
            (StatusCode::INSUFFICIENT_STORAGE, "There is no room for the result"),
        ])
    }
}

/// What routes may answer that name one thing.
pub(super) struct MissingErrors;

impl IntoResponses for MissingErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        error_answers::<ErrorBody>(&[
            (StatusCode::BAD_REQUEST, "The address cannot be read"),
            (StatusCode::NOT_FOUND, "There is no such thing, or not any more"),
            (StatusCode::INTERNAL_SERVER_ERROR, "A fault of the service"),
            (StatusCode::SERVICE_UNAVAILABLE, "Not now; Retry-After says when to return"),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_whether_to_try_again_and_never_by_a_conflict() {
        for code in ProblemCode::ALL {
            let words = words(&ApiError::new(code, "it happened"));
            assert_ne!(words.status, StatusCode::CONFLICT, "{code:?}");
            assert_eq!(words.headers[SHOULD_RETRY], "false", "{code:?}");
        }
        let busy = ApiError::new(ProblemCode::TooBusy, "full");
        let words = words(&busy.with_retry_after(std::time::Duration::from_millis(1500)));
        assert!(!words.headers.contains_key(SHOULD_RETRY));
        assert_eq!(words.headers[RETRY_AFTER_MS], "1500");
    }

    #[test]
    fn parameters_are_named_and_answered_with_400() {
        let error = ApiError::invalid_field("size", "must be `auto`");
        assert_eq!(words(&error).status, StatusCode::BAD_REQUEST);
        let body = serde_json::to_value(ErrorBody::of(&error)).unwrap();
        assert_eq!(body["error"]["param"], "size");
        assert_eq!(body["error"]["type"], "invalid_request_error");
        assert_eq!(body["error"]["message"], "size: must be `auto`");
    }
}
