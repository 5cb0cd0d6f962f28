//! What became of an attempt, for those who count and those who read the log.

use crate::jobs::{Job, JobState};

/// What became of an attempt.
pub(super) enum Ended {
    /// The job is as the attempt left it.
    Recorded(Box<Job>),
    /// Another worker has it, or will.
    Lost,
}

impl Ended {
    /// The ending, for logs and metrics.
    pub(super) fn ending(&self) -> &'static str {
        match self {
            Self::Recorded(job) if job.state.is_final() => job.state.name(),
            Self::Recorded(_) => "handed-back",
            Self::Lost => "lost",
        }
    }

    /// The code of the problem that the job failed with.
    pub(super) fn code(&self) -> Option<String> {
        let Self::Recorded(job) = self else { return None };
        let failed = job.error.as_ref().filter(|_| job.state == JobState::Failed)?;
        Some(failed["type"].as_str()?.rsplit('/').next()?.to_owned())
    }
}
