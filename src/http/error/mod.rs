//! The one place where errors of the domain become answers.
//!
//! A conversion names every variant: a new one does not compile until somebody has decided what
//! the public may see of it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::response::{IntoResponse, Response};

use super::problem::{Amount, FieldError, Problem, ProblemCode};
use crate::engines::{EngineError, NetworkError, ParameterFault};
use crate::imaging::ImagingError;
use crate::inference::{InferenceError, InputFault};
use crate::jobs::{JobId, JobState};
use crate::registry::{RegistryError, RegistryFault};
use crate::storage::StorageError;
use crate::worker::{JobFailure, JobFault, Overload, Refused, TargetRejected};

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
}

/// The body is written by [`super::middleware::problems`], which knows the request id.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.code().describe().status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<ImagingError> for ApiError {
    fn from(error: ImagingError) -> Self {
        use ImagingError as E;
        use ProblemCode as C;
        let (code, size) = match &error {
            E::TooManyBytes { limit, actual } => (C::FileTooLarge, Some((*limit, Some(*actual)))),
            E::TooManyPixels { limit, actual } => (C::TooManyPixels, Some((*limit, Some(*actual)))),
            E::TooManyFrames { limit, actual } => (C::TooManyFrames, Some((*limit, Some(*actual)))),
            E::TooMuchMemory { limit, actual } => (C::TooMuchMemory, Some((*limit, Some(*actual)))),
            E::MetadataTooLarge { limit } => (C::TooMuchMemory, Some((*limit, None))),
            E::TooLongForFormat { limit, actual, .. } => {
                (C::OutputImpossible, Some((*limit as u64, Some(*actual as u64))))
            }
            E::UnsupportedFormat | E::UnsupportedFeature { .. } | E::UnsupportedColor { .. } => {
                (C::UnsupportedImage, None)
            }
            E::Corrupt { .. } => (C::UnreadableImage, None),
            E::MaskSize { .. } | E::MaskWithoutAlpha => (C::MaskMismatch, None),
            E::Option(fault) => return Self::invalid_field(fault.field, fault.to_string()),
            // Only `cogd evaluate` compares; an encoder that fails is our fault, not the image's.
            E::Encoding { .. }
            | E::ComparedSize { .. }
            | E::ComparedColor { .. }
            | E::NothingToCompare => return Self::internal(error),
        };
        let public = Self::new(code, error.to_string());
        match size {
            Some((limit, actual)) => public.with_limit(limit as f64, actual.map(|n| n as f64)),
            None => public,
        }
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        use EngineError as E;
        match error {
            E::Image(error) => error.into(),
            E::Mask(error) => Self::from(error).about("mask"),
            E::NothingKnown => Self::new(ProblemCode::NothingKnown, error.to_string()),
            E::InvalidParameters(faults) => Self::invalid(faults.into_iter().map(field).collect()),
            E::UnknownDictionary { .. } => Self::invalid_field("dictionary", error.to_string()),
            E::TrainingImage { index, error } => Self::from(error).about(&format!("image {index}")),
            E::Network(error) => Self::of_network("engine", error),
            E::Learning(_) => Self::invalid_field("image", error.to_string()),
            // Clients choose among our dictionaries, which are whole.
            E::Dictionary(_) | E::Solver(_) => Self::internal(error),
            // The pool answers for a job that was stopped; nobody reads this.
            E::Cancelled => Self::draining(error.to_string()),
        }
    }
}

/// The engines there are, beside these networks.
fn engines(networks: &[String]) -> String {
    ["auto", "csc"]
        .into_iter()
        .chain(networks.iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join(", ")
}

fn field(fault: ParameterFault) -> FieldError {
    let ParameterFault { field, message, limit, actual } = fault;
    FieldError {
        field: field.to_owned(),
        message,
        limit: limit.map(Amount),
        actual: actual.map(Amount),
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let full = |limit, actual, retry_after| {
            Self::new(ProblemCode::TooBusy, refused.to_string())
                .with_limit(limit, Some(actual))
                .with_retry_after(retry_after)
        };
        match refused {
            Refused::Full(Overload::Queue { limit, queued, retry_after }) => {
                full(limit as f64, queued as f64, retry_after)
            }
            Refused::Full(Overload::Pixels { limit, actual, retry_after }) => {
                full(limit as f64, actual as f64, retry_after)
            }
            Refused::Draining => Self::draining(refused.to_string()),
        }
    }
}

impl From<JobFailure> for ApiError {
    fn from(failure: JobFailure) -> Self {
        match failure {
            JobFailure::Expired { allowed } => {
                Self::new(ProblemCode::DeadlineExceeded, failure.to_string())
                    .with_limit(allowed.as_secs_f64(), None)
            }
            JobFailure::Cancelled => Self::draining(failure.to_string()),
            JobFailure::Panicked => Self::internal(failure),
        }
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        use StorageError as E;
        let (code, detail) = (ProblemCode::StorageUnavailable, error.to_string());
        match error {
            E::Unavailable { .. } => {
                Self::new(code, detail).with_cause(error).with_retry_after(STORAGE_RETRY)
            }
            E::Full { .. } => Self::new(ProblemCode::StorageFull, detail).with_cause(error),
            E::QueueFull { limit, actual, .. } => Self::new(ProblemCode::TooManyJobs, detail)
                .with_limit(limit as f64, Some(actual as f64))
                .with_retry_after(STORAGE_RETRY),
            E::NotFound { .. }
            | E::Conflict { .. }
            | E::Corrupt { .. }
            | E::Migration { .. }
            | E::Copy { .. }
            | E::Address { .. } => Self::internal(error),
        }
    }
}

impl From<TargetRejected> for ApiError {
    fn from(rejected: TargetRejected) -> Self {
        let error = Self::invalid_field("webhook", rejected.to_string());
        match rejected {
            TargetRejected::TooLong { limit, actual } => {
                error.with_limit(limit as f64, Some(actual as f64))
            }
            TargetRejected::Off
            | TargetRejected::NotAUrl
            | TargetRejected::Scheme
            | TargetRejected::Credentials
            | TargetRejected::Inner { .. } => error,
        }
    }
}

impl From<JobFault> for ApiError {
    fn from(fault: JobFault) -> Self {
        match fault {
            JobFault::Work(error) => error.into(),
            JobFault::Unfinished(failure) => failure.into(),
            JobFault::Input(_) => Self::internal(fault),
            JobFault::NameTaken { .. } => Self::new(ProblemCode::NameTaken, fault.to_string()),
            JobFault::WorkersLost => Self::new(ProblemCode::WorkersLost, fault.to_string()),
        }
    }
}

impl From<RegistryFault> for ApiError {
    fn from(fault: RegistryFault) -> Self {
        use ProblemCode as C;
        use RegistryError as E;
        match &*fault {
            E::UnknownModel { .. } | E::UnknownVersion { .. } => {
                Self::new(C::UnknownModel, fault.to_string())
            }
            E::Closed => Self::draining(fault.to_string()),
            // What is wrong with a file is for who put it there to know, who calls by this API.
            E::Unloaded { .. }
            | E::Reserved
            | E::Outside { .. }
            | E::TooLarge { .. }
            | E::Checksum { .. }
            | E::Onnx(_)
            | E::Manifest(_)
            | E::NoRoom { .. }
            | E::Unreadable { .. }
            | E::Load(InferenceError::Load(_)) => Self::new(C::ModelUnavailable, fault.explain()),
            // These have paths in their causes.
            E::Folder { .. } | E::Runtime(_) | E::Load(_) => {
                let public = match &*fault {
                    E::Folder { .. } => "the folder of models cannot be read".to_owned(),
                    _ => fault.to_string(),
                };
                Self::new(C::ModelUnavailable, public).with_cause(fault)
            }
        }
    }
}

impl From<InferenceError> for ApiError {
    fn from(error: InferenceError) -> Self {
        use InferenceError as E;
        use ProblemCode as C;
        match &error {
            E::Overloaded { limit, queued } => Self::new(C::TooBusy, error.to_string())
                .with_limit(*limit as f64, Some(*queued as f64))
                .with_retry_after(Duration::from_secs(1)),
            E::BadInput(_) | E::Rejected { .. } => Self::new(C::InvalidTensors, error.to_string()),
            E::Expired { allowed } => Self::new(C::DeadlineExceeded, error.to_string())
                .with_limit(allowed.as_secs_f64(), None),
            E::Closed | E::Unhealthy => Self::new(C::ModelUnavailable, error.to_string()),
            E::Load(_) | E::Failed(_) | E::Thread { .. } => Self::internal(error),
        }
    }
}

impl ApiError {
    /// A network that does not do what it was asked, named by a parameter.
    pub(super) fn of_network(field: &str, error: NetworkError) -> Self {
        use NetworkError as E;
        use ProblemCode as C;
        let detail = error.to_string();
        match error {
            E::Unknown { known, .. } => {
                let message = match field {
                    "engine" => format!("{detail}; there are {}", engines(&known)),
                    _ if known.is_empty() => detail,
                    _ => format!("{detail}; there are {}", known.join(", ")),
                };
                Self::invalid_field(field, message)
            }
            E::Unsuitable { .. } => Self::invalid_field(field, detail),
            E::TooManyPixels { limit, actual, .. } => {
                Self::new(C::TooManyPixels, detail).with_limit(limit as f64, Some(actual as f64))
            }
            E::Unavailable { source, .. } => {
                Self::new(C::ModelUnavailable, detail).with_cause(source)
            }
            E::Output { .. } => Self::new(C::ModelUnavailable, detail),
            E::Run { source, .. } => match source {
                InferenceError::BadInput(InputFault::TooLarge { .. })
                | InferenceError::Rejected { .. } => Self::invalid_field(field, detail),
                // The tensors were made here, by the manifest.
                InferenceError::BadInput(_) => Self::internal(source),
                InferenceError::Overloaded { .. }
                | InferenceError::Expired { .. }
                | InferenceError::Closed
                | InferenceError::Unhealthy
                | InferenceError::Load(_)
                | InferenceError::Failed(_)
                | InferenceError::Thread { .. } => source.into(),
            },
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::NetworkName;

    #[test]
    fn a_fault_of_ours_says_nothing_of_its_cause() {
        let secret = std::io::Error::other("/etc/secret is not readable");
        for error in [ApiError::internal(secret), JobFailure::Panicked.into()] {
            let problem = error.problem(None);
            assert_eq!(problem.status, 500);
            assert_eq!(problem.detail, "an unexpected error occurred");
            assert!(error.cause().is_some(), "the log is told");
        }
    }

    #[test]
    fn no_image_whatever_is_wrong_with_it_is_a_fault_of_ours() {
        use ImagingError as E;
        for error in [
            E::UnsupportedFormat,
            E::MaskWithoutAlpha,
            E::TooManyBytes { limit: 1, actual: 2 },
            E::TooManyPixels { limit: 1, actual: 2 },
            E::TooManyFrames { limit: 1, actual: 2 },
            E::TooMuchMemory { limit: 1, actual: 2 },
            E::MetadataTooLarge { limit: 1 },
            E::MaskSize { expected: (1, 1), actual: (2, 2) },
        ] {
            let status = ApiError::from(error).code().describe().status;
            assert!(status.is_client_error());
        }
    }

    #[test]
    fn what_a_network_does_not_do_has_the_status_of_its_reason() {
        let status = |error: NetworkError| {
            ApiError::from(EngineError::Network(error)).code().describe().status.as_u16()
        };
        let network = || "net:1".to_owned();
        let run = |source| status(NetworkError::Run { network: network(), source });
        let name: NetworkName = "net".parse().unwrap();
        let unavailable = NetworkError::Unavailable { name: name.clone(), source: "gone".into() };
        assert_eq!(status(unavailable), 503);
        assert_eq!(status(NetworkError::Unknown { name, known: Vec::new() }), 422);
        let reason = String::new;
        assert_eq!(status(NetworkError::Output { network: network(), reason: reason() }), 503);
        assert_eq!(status(NetworkError::Unsuitable { network: network(), reason: reason() }), 422);
        let large = NetworkError::TooManyPixels { network: network(), limit: 1, actual: 2 };
        assert_eq!(status(large), 422);
        assert_eq!(run(InferenceError::Overloaded { limit: 1, queued: 1 }), 429);
        assert_eq!(run(InferenceError::Rejected { reason: reason() }), 422);
        assert_eq!(run(InferenceError::Expired { allowed: Duration::from_secs(1) }), 504);
        assert_eq!(run(InferenceError::Closed), 503);
        assert_eq!(run(InferenceError::BadInput(InputFault::Empty { name: network() })), 500);
    }
}
