//! Why an attempt of a job has no result.

use serde_json::Value;

/// Why an attempt of a job has no result.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The problem document (RFC 9457) that its owner reads.
    pub problem: Value,
    /// Whether another attempt may succeed: the fault was not the job's.
    pub can_pass: bool,
}
