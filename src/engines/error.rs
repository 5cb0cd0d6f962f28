//! Why a restoration has no result.

use crate::csc::CscError;
use crate::csc::dictionary::DictionaryError;
use crate::csc::learn::LearnError;
use crate::imaging::ImagingError;
use crate::numerics::Stopped;

use super::network::NetworkError;
use super::spec::ParameterFault;

/// Why a restoration has no result.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Something is wrong with the image.
    #[error(transparent)]
    Image(ImagingError),
    /// Something is wrong with the mask.
    #[error(transparent)]
    Mask(ImagingError),
    /// The mask hides the whole picture.
    #[error("the mask hides every pixel, so nothing is known about the picture")]
    NothingKnown,
    /// Parameters are missing, out of range, or do not fit the task.
    #[error("{} cannot be used", fields(.0))]
    InvalidParameters(Vec<ParameterFault>),
    /// There is no dictionary of this name.
    #[error("there is no dictionary `{name}`")]
    UnknownDictionary {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The dictionary cannot be used.
    #[error("the dictionary cannot be used")]
    Dictionary(#[from] DictionaryError),
    /// An image to learn from cannot be read.
    #[error("image {index}: {error}")]
    TrainingImage {
        /// Its position, from zero.
        index: usize,
        /// What is wrong with it.
        #[source]
        error: ImagingError,
    },
    /// Nothing can be learned from the images.
    #[error(transparent)]
    Learning(#[from] LearnError),
    /// A network does not do it.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The observer asked for an end.
    #[error("cancelled")]
    Cancelled,
    /// The solver refused: a fault of ours, since the picture was checked before.
    #[error("the solver refused the picture")]
    Solver(#[source] CscError),
}

impl From<Stopped> for EngineError {
    fn from(_: Stopped) -> Self {
        Self::Cancelled
    }
}

impl From<CscError> for EngineError {
    fn from(error: CscError) -> Self {
        match error {
            CscError::Stopped => Self::Cancelled,
            CscError::NothingKnown => Self::NothingKnown,
            CscError::ShapeMismatch { .. } | CscError::NonFinite => Self::Solver(error),
        }
    }
}

fn fields(faults: &[ParameterFault]) -> String {
    faults.iter().map(|fault| fault.field).collect::<Vec<_>>().join(", ")
}
