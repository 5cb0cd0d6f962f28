//! Why an attempt of a job has no result.

use crate::engines::EngineError;
use crate::storage::StorageError;
use crate::worker::JobFailure;

/// Why an attempt of a job has no result.
#[derive(Debug, thiserror::Error)]
pub enum JobFault {
    /// The work refused: the pictures or the parameters are at fault.
    #[error(transparent)]
    Work(#[from] EngineError),
    /// The work did not come to its end.
    #[error(transparent)]
    Unfinished(#[from] JobFailure),
    /// A file of the job is damaged or gone.
    #[error("a file of the job cannot be read")]
    Input(#[source] StorageError),
    /// The name of the dictionary was taken while it was learned.
    #[error("there is already a dictionary `{name}`")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// Every worker that had it was lost: it kills workers, or they were killed.
    #[error("the workers that ran the job were lost")]
    WorkersLost,
}
