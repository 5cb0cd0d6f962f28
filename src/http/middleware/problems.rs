//! Every error leaves as a problem, whoever raised it.

use std::error::Error;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::request_id::RequestId;
use crate::http::ApiState;
use crate::http::dialect::{Dialect, Words};
use crate::http::error::ApiError;
use crate::http::problem::ProblemCode;

/// Media type of problems.
pub(in crate::http) const MEDIA_TYPE: &str = "application/problem+json";

/// Writes the body of errors, our own and those of the framework, and logs the cause once.
pub(in crate::http) async fn render_problems(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Response {
    let id = request.extensions().get::<RequestId>().map(|id| id.as_str().to_owned());
    let dialect = Dialect::of(request.uri().path());
    let mut response = next.run(request).await;
    let ours = response.extensions_mut().remove::<Arc<ApiError>>();
    let Some(error) = ours.or_else(|| foreign(&response).map(Arc::new)) else {
        return response;
    };
    if let Some(cause) = error.cause() {
        tracing::error!(request_id = id, error = chain(cause), "a request failed");
    }
    let words = dialect.words(&error, id, &state.config.root_path);
    let mut problem = render(&error, words, response.headers());
    state.metrics.requests().problem(error.code().describe().slug);
    // What the layers outside of this one want to know.
    problem.extensions_mut().insert(error.code());
    problem.extensions_mut().extend(std::mem::take(response.extensions_mut()));
    problem
}

fn render(error: &ApiError, words: Words, headers: &HeaderMap) -> Response {
    let Words { status, media_type, headers: said, body } = words;
    let mut problem = (status, said, body).into_response();
    // What the framework said about the error stays: Allow, Accept-Encoding.
    for (name, value) in headers {
        if name != CONTENT_LENGTH && name != CONTENT_TYPE {
            problem.headers_mut().append(name, value.clone());
        }
    }
    problem.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Some(wait) = error.retry_after() {
        let seconds = wait.as_secs_f64().ceil();
        let seconds = HeaderValue::from_str(&seconds.to_string());
        problem.headers_mut().insert(RETRY_AFTER, seconds.expect("a number is plain ASCII"));
    }
    problem
}

/// The problem behind a bare status that the framework answered with.
fn foreign(response: &Response) -> Option<ApiError> {
    // The problem of a job that failed is told as it was kept.
    if response.headers().get(CONTENT_TYPE).is_some_and(|is| is == MEDIA_TYPE) {
        return None;
    }
    let (code, detail) = match response.status() {
        StatusCode::NOT_FOUND => (ProblemCode::NotFound, "no route has this path"),
        StatusCode::METHOD_NOT_ALLOWED => {
            (ProblemCode::MethodNotAllowed, "the route has other methods")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            (ProblemCode::UnsupportedMediaType, "this Content-Encoding is not read here")
        }
        status if status.is_server_error() => {
            return Some(ApiError::internal(format!("a bare status {status} was answered")));
        }
        status if status.is_client_error() => {
            (ProblemCode::MalformedRequest, "the request cannot be read")
        }
        _ => return None,
    };
    Some(ApiError::new(code, detail))
}

/// The messages of an error and of what caused it.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
