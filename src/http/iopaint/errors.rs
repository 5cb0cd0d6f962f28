//! Errors as `IOPaint` writes them. Its page shows `errors`.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoResponses, ToSchema};

use crate::http::dialect::{JSON, Words};
use crate::http::error::ApiError;
use crate::http::openapi::error_answers;
use crate::http::problem::ProblemCode;

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorBody {
    /// Last part of the problem's `type`.
    #[schema(example = "mask-mismatch")]
    error: &'static str,
    /// In words, or a list with one entry for each member that cannot be used.
    #[schema(value_type = Value)]
    detail: Value,
    /// Always empty.
    body: &'static str,
    /// In words.
    #[schema(example = "mask: it has 32 x 24 pixels, but the image has 24 x 16")]
    errors: String,
}

impl ErrorBody {
    fn of(error: &ApiError) -> Self {
        let entries = error.fields().iter().map(|fault| {
            json!({ "loc": ["body", fault.field], "msg": fault.message, "type": "value_error" })
        });
        let detail = match error.fields() {
            [] => Value::from(error.detail()),
            _ => Value::Array(entries.collect()),
        };
        let errors = error.in_one_line();
        Self { error: error.code().describe().slug, detail, body: "", errors }
    }
}

/// An error in this dialect.
pub(in crate::http) fn words(error: &ApiError) -> Words {
    let status = match error.code() {
        ProblemCode::MaskMismatch => StatusCode::BAD_REQUEST,
        code => code.describe().status,
    };
    let body = Json(ErrorBody::of(error)).into_response();
    Words { status, media_type: JSON, headers: HeaderMap::new(), body }
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
            (StatusCode::SERVICE_UNAVAILABLE, "Not now: the engine or the service is not ready"),
        ])
    }
}

/// What routes may answer that take a body.
pub(super) struct BodyErrors;

impl IntoResponses for BodyErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        error_answers::<ErrorBody>(&[
            (StatusCode::BAD_REQUEST, "The body cannot be read, or the mask has another size"),
            (StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time"),
            (StatusCode::PAYLOAD_TOO_LARGE, "The body or a picture is too large"),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body or a picture is of an unknown kind"),
            (StatusCode::UNPROCESSABLE_ENTITY, "A member, or a picture, cannot be used"),
            (StatusCode::GATEWAY_TIMEOUT, "The work was not finished in time"),
        ])
    }
}
