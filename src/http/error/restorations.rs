//! What is wrong with pictures, and what engines do not do with them.

use super::ApiError;
use crate::engines::{EngineError, ParameterFault};
use crate::http::problem::{Amount, FieldError, ProblemCode};
use crate::imaging::ImagingError;

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

fn field(fault: ParameterFault) -> FieldError {
    let ParameterFault { field, message, limit, actual } = fault;
    FieldError {
        field: field.to_owned(),
        message,
        limit: limit.map(Amount),
        actual: actual.map(Amount),
    }
}
