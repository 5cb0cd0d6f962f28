//! Work that outlives its request: what a job is, the states it passes through, and the rules of
//! its attempts. Where jobs are kept is the business of `storage`, who runs them that of `worker`.

mod failure;
mod id;
mod job;
mod priority;
mod progress;
mod retry;
mod spec;
mod state;
mod timestamp;

pub use failure::Failure;
pub use id::{BatchId, JobId};
pub use job::{BlobRef, Completion, Job, Times};
pub use priority::Priority;
pub use progress::{JobProgress, KeptPreview};
pub use retry::RetryPolicy;
pub use spec::{JobKind, JobSpec, LearnJob, RestoreJob};
pub use state::{JobState, UnknownState};
pub use timestamp::Timestamp;
