//! The one place where errors of the domain become answers.
//!
//! A conversion names every variant: a new one does not compile until somebody has decided what
//! the public may see of it. Those of images and engines stand in [`restorations`], those of models
//! in [`networks`], those of the queue, its workers and what they keep in [`jobs`].

mod jobs;
mod networks;
mod restorations;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::response::{IntoResponse, Response};

use super::problem::{Amount, FieldError, Problem, ProblemCode};
use crate::jobs::{JobId, JobState};

/// Long enough for a database to be started again.
const STORAGE_RETRY: Duration = Duration::from_secs(5);

/// An error on its way to the client: a public part, and a cause for the log alone.
#[derive(Debug)]
pub(super) struct ApiError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    code: ProblemCode,
    detail: String,
    limit: Option<Amount>,
    actual: Option<Amount>,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl ApiError {
    /// An error with a sentence about this occurrence.
    pub(super) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            code,
            detail: detail.into(),
            limit: None,
            actual: None,
            errors: Vec::new(),
            retry_after: None,
            cause: None,
        }))
    }

    /// A fault of ours: the client reads a fixed sentence, the log reads the cause.
    pub(super) fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let mut error = Self::new(ProblemCode::InternalError, "an unexpected error occurred");
        error.0.cause = Some(cause.into());
        error
    }

    /// Parameters that cannot be used.
    pub(super) fn invalid(errors: Vec<FieldError>) -> Self {
        let names = errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>();
        let detail = format!("not usable: {}", names.join(", "));
        let mut error = Self::new(ProblemCode::InvalidParameters, detail);
        error.0.errors = errors;
        error
    }

    /// One parameter that cannot be used.
    pub(super) fn invalid_field(field: &str, message: impl Into<String>) -> Self {
        let (field, message) = (field.to_owned(), message.into());
        Self::invalid(vec![FieldError { field, message, limit: None, actual: None }])
    }

    /// One parameter that passes its limit.
    pub(super) fn exceeded(field: &str, message: String, limit: f64, actual: f64) -> Self {
        Self::invalid(vec![FieldError::new(field, message, Some(limit), Some(actual))])
    }

    /// Adds the limit that was passed and, where it is known, the value that passed it.
    #[must_use]
    pub(super) fn with_limit(mut self, limit: f64, actual: Option<f64>) -> Self {
        self.0.limit = Some(Amount(limit));
        self.0.actual = actual.map(Amount);
        self
    }

    /// Says which of the two files it is about.
    pub(super) fn about(mut self, file: &str) -> Self {
        self.0.detail = format!("{file}: {}", self.0.detail);
        self
    }

    pub(super) fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.0.retry_after = Some(retry_after);
        self
    }

    pub(super) fn code(&self) -> ProblemCode {
        self.0.code
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    pub(super) fn cause(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.0.cause.as_deref()
    }

    /// What happened this time, for the public.
    pub(super) fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The parameters that cannot be used.
    pub(super) fn fields(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// All that is wrong in one line: every parameter that cannot be used, or what happened.
    pub(super) fn in_one_line(&self) -> String {
        let told = self.fields().iter().map(|fault| format!("{}: {}", fault.field, fault.message));
        let told = told.collect::<Vec<_>>().join("; ");
        if told.is_empty() { self.detail().to_owned() } else { told }
    }

    pub(super) fn problem(&self, request_id: Option<String>) -> Problem {
        let description = self.0.code.describe();
        Problem {
            r#type: format!("/problems/{}", description.slug),
            title: description.title,
            status: description.status.as_u16(),
            detail: self.0.detail.clone(),
            limit: self.0.limit,
            actual: self.0.actual,
            errors: self.0.errors.clone(),
            request_id,
        }
    }

    /// There is no such job, or it is not the caller's.
    pub(super) fn unknown_job(id: JobId) -> Self {
        Self::new(ProblemCode::UnknownJob, format!("there is no job {id}"))
    }

    /// The job has no result yet.
    pub(super) fn unfinished(state: JobState) -> Self {
        Self::new(ProblemCode::JobUnfinished, format!("the job is {state}"))
            .with_retry_after(Duration::from_secs(1))
    }

    /// A key that stands for another request.
    pub(super) fn key_reused() -> Self {
        Self::new(ProblemCode::KeyReused, "the Idempotency-Key was used with other contents")
    }

    /// These parts of the storage do not answer.
    pub(super) fn silent_storage(parts: &[&str]) -> Self {
        let detail = format!("no answer from: {}", parts.join(", "));
        Self::new(ProblemCode::StorageUnavailable, detail).with_retry_after(STORAGE_RETRY)
    }

    /// A query that cannot be read.
    pub(super) fn invalid_query(rejection: &QueryRejection) -> Self {
        // It names the parameter, and what it may be.
        Self::invalid_field("query", rejection.body_text())
    }

    fn with_cause(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    fn draining(detail: impl Into<String>) -> Self {
        /// Long enough for a replacement to have started.
        const RETRY_AFTER: Duration = Duration::from_secs(5);
        Self::new(ProblemCode::ShuttingDown, detail).with_retry_after(RETRY_AFTER)
    }
}

/// The body is written by [`super::middleware::problems`], which knows the request id.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.code().describe().status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
