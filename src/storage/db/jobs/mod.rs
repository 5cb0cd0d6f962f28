//! The table of jobs: the source of truth for their states, and the queue itself.

mod claim;
mod enqueue;
mod owner;
mod record;
mod row;
mod upkeep;

#[cfg(test)]
mod tests;

use crate::jobs::{BatchId, BlobRef, Job, JobId, JobKind, JobSpec, JobState, Priority, Timestamp};
use crate::telemetry::trace::TraceContext;

pub(in crate::storage) use record::Fence;

/// A job that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// Its name. Its files may be stored under it before the job is.
    pub id: JobId,
    /// Whose it is.
    pub owner: String,
    /// What it is to do.
    pub spec: JobSpec,
    /// Its files.
    pub inputs: Vec<BlobRef>,
    /// How urgent it is.
    pub priority: Priority,
    /// What it is asked for together with.
    pub batch: Option<BatchId>,
    /// Where to say that it has ended.
    pub webhook: Option<String>,
    /// What it is caused by.
    pub trace: Option<TraceContext>,
    /// Attempts allowed, at least one.
    pub max_attempts: u32,
    /// Tells a repeated request from a new one.
    pub idempotency: Option<Idempotency>,
}

/// What tells a repeated request from a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The key that the client chose. Each owner has keys of its own.
    pub key: String,
    /// SHA-256 of the request, in base64.
    pub fingerprint: String,
}

/// How many unfinished jobs there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of all owners together.
    pub all: u64,
    /// Of one owner.
    pub owner: u64,
}

impl Limits {
    /// As many as anyone wants.
    pub const NONE: Self = Self { all: u64::MAX, owner: u64::MAX };
}

/// What became of a job that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Enqueued {
    /// It waits.
    New(Job),
    /// The same request had been accepted before; this is the job it made.
    Existing(Job),
    /// The key was used before, for another request.
    KeyReused,
}

/// What became of jobs that were asked for together.
#[derive(Clone, Debug, PartialEq)]
pub enum EnqueuedAll {
    /// All of them wait.
    New(Vec<Job>),
    /// The same request had been accepted before; these are the jobs it made.
    Existing(Vec<Job>),
    /// The key was used before, for another request.
    KeyReused,
}

/// What became of the wish that a job should stop.
#[derive(Clone, Debug, PartialEq)]
pub enum Cancel {
    /// It had not begun, and will not.
    Cancelled(Job),
    /// Its worker is told.
    Requested(Job),
    /// It had ended already.
    Finished(Job),
    /// The owner has no such job.
    Unknown,
}

/// What became of the wish that a job should be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forget {
    /// It is gone. These are the keys of its files, which nothing names any more.
    Forgotten(Vec<String>),
    /// It has not ended; nothing was done.
    Unfinished(JobState),
    /// The owner has no such job.
    Unknown,
}

/// Which jobs are listed: those that are as all given fields say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Where it stands.
    pub state: Option<JobState>,
    /// Its kind.
    pub kind: Option<JobKind>,
    /// Its batch.
    pub batch: Option<BatchId>,
}

/// A job that was deleted because its time had come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// Its name.
    pub id: JobId,
    /// The keys of its files, which nothing names any more.
    pub blobs: Vec<String>,
}

/// What the queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueStats {
    /// Jobs that wait, by priority, the most urgent first.
    pub queued: [(Priority, u64); 3],
    /// Jobs that are worked on.
    pub running: u64,
    /// When the oldest of those that wait was accepted.
    pub oldest_queued: Option<Timestamp>,
}
