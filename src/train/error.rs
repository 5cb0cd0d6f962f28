//! What can be wrong with a training run.

use crate::network::NetworkError;

/// Why a network cannot be trained, pruned, kept or read.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A device that this program or machine does not have.
    #[error("there is no device `{device}`: {reason}")]
    Device {
        /// What was asked for.
        device: String,
        /// What is missing.
        reason: String,
    },
    /// Data that cannot be learned from.
    #[error("{0}")]
    Data(String),
    /// Settings that contradict each other or lie outside their range.
    #[error("{0}")]
    Settings(String),
    /// A network that cannot be computed.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A loss that left the reals: what was learned is lost from there on.
    #[error("the loss is not finite at step {step}: a smaller rate may help")]
    Diverged {
        /// The step, counted from zero.
        step: u64,
    },
    /// What libtorch refused.
    #[error("libtorch: {0}")]
    Libtorch(String),
    /// A file that is no network or no state of one.
    #[error("not a network file of this version: {0}")]
    File(String),
}

#[cfg(feature = "libtorch")]
impl From<tch::TchError> for TrainError {
    fn from(error: tch::TchError) -> Self {
        // Its text ends in a trace of calls in libtorch.
        let text = error.to_string();
        Self::Libtorch(text.lines().next().unwrap_or_default().to_owned())
    }
}
