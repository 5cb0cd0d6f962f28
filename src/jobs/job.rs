//! A job as it is kept.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::telemetry::trace::TraceContext;

use super::{BatchId, JobId, JobProgress, JobSpec, JobState, Priority, Timestamp};

/// A job as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// Whose it is: the id of an API key, or empty where none is asked for.
    pub owner: String,
    /// What it is to do.
    pub spec: JobSpec,
    /// Its files, by role.
    pub inputs: Vec<BlobRef>,
    /// How urgent it is.
    pub priority: Priority,
    /// What it was asked for together with.
    pub batch: Option<BatchId>,
    /// Where to say that it has ended.
    pub webhook: Option<String>,
    /// What it was caused by.
    pub trace: Option<TraceContext>,
    /// Where it stands.
    pub state: JobState,
    /// Its owner wants it to stop.
    pub cancel_requested: bool,
    /// Attempts begun.
    pub attempts: u32,
    /// Attempts allowed.
    pub max_attempts: u32,
    /// Greater after every change: tells watchers what they have seen.
    pub revision: i64,
    /// How far it has come.
    pub progress: Option<JobProgress>,
    /// Its result, once it has succeeded.
    pub completion: Option<Completion>,
    /// The problem document of its failure, or of its last failed attempt.
    pub error: Option<Value>,
    /// When all this happened.
    pub times: Times,
}

/// The times of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// It was accepted.
    pub created: Timestamp,
    /// Its latest attempt began.
    pub started: Option<Timestamp>,
    /// It came to its end.
    pub finished: Option<Timestamp>,
    /// It and its files may be deleted. Set when it has come to its end.
    pub expires: Option<Timestamp>,
}

/// The result of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// The file.
    pub result: BlobRef,
    /// What was done, as JSON: the report of a restoration, the record of a dictionary.
    pub report: Value,
    /// Milliseconds spent in each stage, in order.
    pub timings: Vec<(String, f64)>,
    /// How it came about, as a file of JSON, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<BlobRef>,
}

/// A file in the blob store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRef {
    /// What it is to its job: `image`, `mask`, `result`.
    pub role: String,
    /// Where it is. Made by us, never by a client.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its media type, by its content.
    pub media_type: String,
}

impl Job {
    /// The file of that role.
    pub fn input(&self, role: &str) -> Option<&BlobRef> {
        self.inputs.iter().find(|blob| blob.role == role)
    }
}
