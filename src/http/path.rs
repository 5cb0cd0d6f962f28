//! Names in paths.

use std::str::FromStr;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::error::ApiError;
use super::problem::ProblemCode;

/// The id in a path. What is no id names nothing, and is answered like an id that is not there.
pub(super) struct IdPath<T>(pub(super) T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for IdPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path: Result<Path<String>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        let Path(text) = path.map_err(|_| not_utf8())?;
        text.parse().map(Self).map_err(|_| {
            ApiError::new(ProblemCode::UnknownJob, "the path holds no id of a job or batch")
        })
    }
}

/// A path that is no text.
pub(super) fn not_utf8() -> ApiError {
    ApiError::new(ProblemCode::MalformedRequest, "the path is not UTF-8")
}
