//! Models that are not there, cannot be run, or do not do what they were asked.

use std::time::Duration;

use super::ApiError;
use crate::engines::NetworkError;
use crate::http::problem::ProblemCode;
use crate::inference::{InferenceError, InputFault};
use crate::registry::{RegistryError, RegistryFault};

impl ApiError {
    /// A network that does not do what it was asked, named by a parameter.
    pub(in crate::http) fn of_network(field: &str, error: NetworkError) -> Self {
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
}

/// The engines there are, beside these networks.
fn engines(networks: &[String]) -> String {
    ["auto", "csc"]
        .into_iter()
        .chain(networks.iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join(", ")
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
