//! How far a running job has come.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::BlobRef;

/// How far a running job has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobProgress {
    /// What is being done: `decode`, `solve`, `encode` or `learn`.
    #[schema(example = "solve")]
    pub stage: String,
    /// Iterations or passes done.
    #[schema(example = 42)]
    pub iteration: u64,
    /// Iterations or passes expected; 0 when not known yet.
    #[schema(example = 70)]
    pub iterations: u64,
    /// Root-mean-square change of the unknown samples in the last iteration, of full range.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub residual: Option<f32>,
    /// Value of the objective that is minimised, where the work has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub objective: Option<f64>,
    /// Seconds that are probably left.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub remaining_s: Option<f64>,
    /// The latest draft of the picture. Kept with the rest, and told by events alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub preview: Option<KeptPreview>,
}

/// A draft of the picture of a running job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPreview {
    /// Iterations done.
    pub iteration: u64,
    /// Its file, which the next one replaces.
    pub file: BlobRef,
}
