//! A panic while answering is one failed request. The panic hook has logged it already.

use std::any::Any;

use axum::response::{IntoResponse, Response};

use crate::http::error::ApiError;

/// The answer to a request whose handler panicked.
pub(in crate::http) fn answer_panic(_: Box<dyn Any + Send>) -> Response {
    ApiError::internal("a handler panicked").into_response()
}
