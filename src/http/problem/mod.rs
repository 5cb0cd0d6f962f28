//! Everything that can go wrong, as clients see it (RFC 9457). What is said of each stands in
//! [`table`].

mod field;
mod page;
mod table;

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

pub(super) use field::{Amount, FieldError};
pub use page::problems_page;

/// What went wrong. The slug is part of the interface and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "their table says it in public words")]
pub enum ProblemCode {
    MalformedRequest,
    InvalidTensors,
    Unauthenticated,
    InsufficientScope,
    NotFound,
    UnknownDictionary,
    UnknownJob,
    UnknownModel,
    MethodNotAllowed,
    NotAcceptable,
    RequestTimeout,
    JobUnfinished,
    NameTaken,
    JobCancelled,
    BodyTooLarge,
    FileTooLarge,
    UnsupportedMediaType,
    UnsupportedImage,
    InvalidParameters,
    UnreadableImage,
    TooManyPixels,
    TooManyFrames,
    TooMuchMemory,
    MaskMismatch,
    NothingKnown,
    OutputImpossible,
    KeyReused,
    TooBusy,
    TooManyJobs,
    TooManyRequests,
    ShuttingDown,
    DeadlineExceeded,
    InternalError,
    WorkersLost,
    StorageUnavailable,
    ModelUnavailable,
    StorageFull,
}

/// One row of the table of problems.
#[derive(Clone, Copy, Debug)]
pub struct ProblemDescription {
    /// Last part of the problem's `type`.
    pub slug: &'static str,
    /// Status of the answer.
    pub status: StatusCode,
    /// The same words whenever it happens.
    pub title: &'static str,
    /// What it means and what to do.
    pub explanation: &'static str,
}

impl ProblemCode {
    /// Every code, ordered by status.
    pub const ALL: [Self; 37] = [
        Self::MalformedRequest,
        Self::InvalidTensors,
        Self::Unauthenticated,
        Self::InsufficientScope,
        Self::NotFound,
        Self::UnknownDictionary,
        Self::UnknownJob,
        Self::UnknownModel,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::RequestTimeout,
        Self::JobUnfinished,
        Self::NameTaken,
        Self::JobCancelled,
        Self::BodyTooLarge,
        Self::FileTooLarge,
        Self::UnsupportedMediaType,
        Self::UnsupportedImage,
        Self::InvalidParameters,
        Self::UnreadableImage,
        Self::TooManyPixels,
        Self::TooManyFrames,
        Self::TooMuchMemory,
        Self::MaskMismatch,
        Self::NothingKnown,
        Self::OutputImpossible,
        Self::KeyReused,
        Self::TooBusy,
        Self::TooManyJobs,
        Self::TooManyRequests,
        Self::InternalError,
        Self::WorkersLost,
        Self::ShuttingDown,
        Self::StorageUnavailable,
        Self::ModelUnavailable,
        Self::DeadlineExceeded,
        Self::StorageFull,
    ];

    /// The code with that slug.
    pub fn find(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.describe().slug == slug)
    }
}

/// Details of an error, after RFC 9457.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "/problems/too-many-pixels",
    "title": "The image has too many pixels",
    "status": 422,
    "detail": "the image has 60000000 pixels, but at most 40000000 are allowed",
    "limit": 40_000_000,
    "actual": 60_000_000,
    "request_id": "0192f0c1-7d1e-7c3a-9c53-3f0f3a1f5a11"
}))]
pub(super) struct Problem {
    /// Which problem; a page of the service explains it.
    #[schema(pattern = "/problems/[a-z-]+$")]
    pub(super) r#type: String,
    /// The same words whenever this problem happens.
    pub(super) title: &'static str,
    /// Status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    pub(super) status: u16,
    /// What happened this time.
    pub(super) detail: String,
    /// The limit that was passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = f64, required = false)]
    pub(super) limit: Option<Amount>,
    /// What was found, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = f64, required = false)]
    pub(super) actual: Option<Amount>,
    /// What is wrong with each parameter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub(super) errors: Vec<FieldError>,
    /// Identifies the request in the log of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) request_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed_once_and_found_by_its_slug() {
        for (index, code) in ProblemCode::ALL.into_iter().enumerate() {
            assert_eq!(ProblemCode::find(code.describe().slug), Some(code));
            assert!(!ProblemCode::ALL[..index].contains(&code), "{code:?} is listed twice");
        }
        assert!(ProblemCode::ALL.map(|code| code.describe().status).is_sorted());
    }
}
