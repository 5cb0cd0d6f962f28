//! What happens to jobs, in the words of the API, for the layers below.

use serde_json::Value;

use super::RootPath;
use super::error::ApiError;
use super::v1::JobView;
use crate::jobs::Job;
use crate::worker::{JobFault, Wording};

/// What happens to jobs, in the words of the API.
#[derive(Clone, Debug)]
pub struct ApiWording {
    /// Where the links of a job lead.
    pub root_path: RootPath,
}

impl Wording for ApiWording {
    fn problem(&self, fault: JobFault) -> Value {
        problem(fault)
    }

    fn job(&self, job: &Job) -> Value {
        json(&JobView::new(job, &self.root_path))
    }
}

/// What the owner of a job reads whose workers were lost.
pub fn worker_lost() -> Value {
    problem(JobFault::WorkersLost)
}

fn problem(fault: JobFault) -> Value {
    // Kept as at the top of a host: who shows it knows where that is by then.
    json(&ApiError::from(fault).problem(None))
}

fn json(words: &impl serde::Serialize) -> Value {
    serde_json::to_value(words).expect("what the API says is plain JSON")
}
