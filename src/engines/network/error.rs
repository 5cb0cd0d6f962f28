//! Why a network does not do what it was asked.

use std::error::Error;

use super::NetworkName;
use crate::inference::InferenceError;

/// Why a network does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// There is no network of this name, or no such version of it.
    #[error("there is no network `{name}`")]
    Unknown {
        /// The name asked for.
        name: NetworkName,
        /// The names there are.
        known: Vec<String>,
    },
    /// It is there, but cannot be had: it was unloaded, its files cannot be used, or there is no
    /// room or no runtime for it.
    #[error("the network `{name}` cannot be used now")]
    Unavailable {
        /// The network.
        name: NetworkName,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// It does not take what it would have to be given.
    #[error("the network `{network}` {reason}")]
    Unsuitable {
        /// The network.
        network: String,
        /// What it lacks.
        reason: String,
    },
    /// The picture has more pixels than it takes, and is to be neither cut nor shrunk.
    #[error("the network `{network}` takes {limit} pixels, but is to be given {actual} at once")]
    TooManyPixels {
        /// The network.
        network: String,
        /// Pixels that it takes.
        limit: u64,
        /// Pixels that it would be given.
        actual: u64,
    },
    /// It did not compute.
    #[error("the network `{network}`: {source}")]
    Run {
        /// The network.
        network: String,
        /// Why.
        source: InferenceError,
    },
    /// It computed something else than its manifest says.
    #[error("what the network `{network}` computed {reason}")]
    Output {
        /// The network.
        network: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl NetworkError {
    /// Whether the same request may well succeed in a while, without anybody's doing.
    pub fn is_passing(&self) -> bool {
        let Self::Run { source, .. } = self else { return false };
        matches!(source, InferenceError::Overloaded { .. } | InferenceError::Closed)
    }
}
