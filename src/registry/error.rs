//! Why there is no model to run.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::{ManifestError, ModelName, Version};
use crate::engines::EngineChoice;
use crate::inference::{InferenceError, RuntimeError};
use crate::onnx::OnnxError;

/// Why there is no model to run. Shared, because a file that is broken is broken for everybody.
pub type RegistryFault = Arc<RegistryError>;

/// Why there is no model to run.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The folder of models cannot be used.
    #[error("the folder {} (models.dir) cannot be read", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No model has this name.
    #[error("there is no model `{name}`")]
    UnknownModel {
        /// The name.
        name: ModelName,
    },
    /// The model has no such version.
    #[error("the model `{name}` has no version {version}")]
    UnknownVersion {
        /// The model.
        name: ModelName,
        /// The version asked for.
        version: Version,
    },
    /// It was unloaded on request, and nobody has asked for it to be loaded since.
    #[error("the model `{name}` was unloaded")]
    Unloaded {
        /// The model.
        name: ModelName,
    },
    /// Its name is taken by the solver, which answers in its place.
    #[error(
        "the name `{}` is that of the built-in solver: give the model another",
        EngineChoice::SOLVER
    )]
    Reserved,
    /// A file cannot be read.
    #[error("{file} cannot be read")]
    Unreadable {
        /// Which of the files of the model.
        file: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A file is a link that leads out of the folder of models, or no file at all.
    #[error("{file} is not a file inside the folder of models")]
    Outside {
        /// Which of the files of the model.
        file: &'static str,
    },
    /// A file is larger than it may be.
    #[error("{file} has {actual} bytes, but at most {limit} are allowed")]
    TooLarge {
        /// Which of the files of the model.
        file: &'static str,
        /// Bytes allowed.
        limit: u64,
        /// Bytes found; reading stops once it is clear that there are too many.
        actual: u64,
    },
    /// The manifest names another file.
    #[error("model.onnx has the SHA-256 {actual}, but model.toml says {expected}")]
    Checksum {
        /// By the manifest.
        expected: String,
        /// Of the file.
        actual: String,
    },
    /// The file is no model that can be accepted.
    #[error("model.onnx: {0}")]
    Onnx(#[from] OnnxError),
    /// The manifest makes no sense, or does not fit the model.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// It does not fit into memory.
    #[error("the model needs about {needed} bytes, but {limit} are allowed (models.memory_budget)")]
    NoRoom {
        /// The budget.
        limit: u64,
        /// What the model takes.
        needed: u64,
    },
    /// There is no runtime.
    #[error("ONNX Runtime cannot be used by this service")]
    Runtime(#[source] RuntimeError),
    /// The runtime does not take the file.
    #[error("the model cannot be loaded")]
    Load(#[source] InferenceError),
    /// The service is about to stop.
    #[error("the service is shutting down")]
    Closed,
}

impl RegistryError {
    /// Whether the same files will have the same fault again.
    pub(super) fn is_permanent(&self) -> bool {
        match self {
            Self::Reserved
            | Self::Outside { .. }
            | Self::TooLarge { .. }
            | Self::Checksum { .. }
            | Self::Onnx(_)
            | Self::Manifest(_)
            | Self::NoRoom { .. }
            | Self::Load(InferenceError::Load(_)) => true,
            Self::Folder { .. }
            | Self::UnknownModel { .. }
            | Self::UnknownVersion { .. }
            | Self::Unloaded { .. }
            | Self::Unreadable { .. }
            | Self::Runtime(_)
            | Self::Load(_)
            | Self::Closed => false,
        }
    }

    /// The message, with what the runtime or the system said where that is about the file.
    pub fn explain(&self) -> String {
        match self {
            Self::Load(InferenceError::Load(error)) => format!("{self}: {error}"),
            Self::Unreadable { source, .. } => format!("{self}: {source}"),
            _ => self.to_string(),
        }
    }
}
