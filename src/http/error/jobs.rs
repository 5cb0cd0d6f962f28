//! What is not accepted, what became of accepted work, and storage that does not answer.

use super::{ApiError, STORAGE_RETRY};
use crate::http::problem::ProblemCode;
use crate::storage::StorageError;
use crate::worker::{JobFailure, JobFault, Overload, Refused, TargetRejected};

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
