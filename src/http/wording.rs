//! What happens to jobs, in the words of the API, for the layers below.

use serde_json::Value;

use super::error::ApiError;
use super::v1::JobView;
use crate::jobs::Job;
use crate::worker::{JobFault, Wording};

/// How the runner of jobs puts outcomes into words.
pub const WORDING: Wording = Wording { problem, job };

/// What the owner of a job reads whose workers were lost.
pub fn worker_lost() -> Value {
    problem(JobFault::WorkersLost)
}

fn problem(fault: JobFault) -> Value {
    json(&ApiError::from(fault).problem(None))
}

fn job(job: &Job) -> Value {
    json(&JobView::from(job))
}

fn json(words: &impl serde::Serialize) -> Value {
    serde_json::to_value(words).expect("what the API says is plain JSON")
}
