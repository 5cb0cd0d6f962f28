//! A job as its owner sees it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::RootPath;
use crate::http::problem::Problem;
use crate::jobs::{BatchId, Job, JobId, JobKind, JobProgress, JobState, Priority, Timestamp};

/// A job: work that is done whether or not its client waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub(in crate::http) struct JobView {
    /// Its name.
    id: JobId,
    /// What it does.
    kind: JobKind,
    /// Where it stands.
    state: JobState,
    /// How urgent it is.
    priority: Priority,
    /// The batch it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    batch: Option<BatchId>,
    /// Its owner asked it to stop.
    cancel_requested: bool,
    /// How far its present attempt has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    progress: Option<JobProgress>,
    /// Attempts begun.
    #[schema(minimum = 0, example = 1)]
    attempts: u32,
    /// Attempts allowed, when workers are lost.
    #[schema(minimum = 1, example = 3)]
    max_attempts: u32,
    /// It was accepted.
    created_at: Timestamp,
    /// Its latest attempt began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    started_at: Option<Timestamp>,
    /// It came to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    finished_at: Option<Timestamp>,
    /// It is deleted with its files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expires_at: Option<Timestamp>,
    /// What was done, once it has succeeded: the report of a restoration, the record of a
    /// dictionary.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, nullable = false)]
    report: Option<Value>,
    /// Milliseconds spent in each stage, once it has succeeded.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    timings_ms: BTreeMap<String, f64>,
    /// Why it failed, or why its last attempt did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Problem, nullable = false)]
    error: Option<Value>,
    /// Where to go from here.
    links: Links,
}

/// Where to go from a job, as paths on this host.
#[derive(Debug, Serialize, ToSchema)]
struct Links {
    /// The job itself: ask for it, or delete it.
    #[serde(rename = "self")]
    job: String,
    /// Its changes, as server-sent events.
    events: String,
    /// Its result, once it has succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    result: Option<String>,
}

/// The path of a job.
pub(in crate::http) fn path(id: JobId) -> String {
    format!("/v1/jobs/{id}")
}

impl JobView {
    /// A job of the service at that path.
    pub(in crate::http) fn new(job: &Job, root: &RootPath) -> Self {
        let here = root.link(&path(job.id));
        let succeeded = job.state == JobState::Succeeded;
        let completion = job.completion.as_ref();
        Self {
            id: job.id,
            kind: job.spec.kind(),
            state: job.state,
            priority: job.priority,
            batch: job.batch,
            cancel_requested: job.cancel_requested,
            progress: job
                .progress
                .clone()
                .map(|progress| JobProgress { preview: None, ..progress }),
            attempts: job.attempts,
            max_attempts: job.max_attempts,
            created_at: job.times.created,
            started_at: job.times.started,
            finished_at: job.times.finished,
            expires_at: job.times.expires,
            report: completion.map(|completion| completion.report.clone()),
            timings_ms: completion.map_or_else(BTreeMap::new, |completion| {
                completion.timings.iter().cloned().collect()
            }),
            error: job.error.as_ref().map(|problem| root.link_problem(problem)),
            links: Links {
                events: format!("{here}/events"),
                result: succeeded.then(|| format!("{here}/result")),
                job: here,
            },
        }
    }
}
