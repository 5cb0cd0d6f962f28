//! What the holder of a claim writes. Every statement is fenced: once another worker has claimed
//! the job, it changes nothing.

use super::row::{JobRow, columns};
use crate::jobs::{Completion, Failure, Job, JobId, JobProgress, Timestamp};
use crate::storage::StorageError;
use crate::storage::db::{Database, each, json};

/// What tells the holder of a claim from those before and after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::storage) struct Fence {
    /// The job.
    pub(in crate::storage) id: JobId,
    /// The worker.
    pub(in crate::storage) worker: String,
    /// How often the job had been claimed, this time included.
    pub(in crate::storage) claims: i64,
}

macro_rules! fenced {
    ($set:literal, $returning:expr) => {
        concat!(
            "UPDATE jobs SET revision = revision + 1, ",
            $set,
            " WHERE id = $1 AND worker = $2 AND claims = $3 AND state = 'running' RETURNING ",
            $returning
        )
    };
}

pub(super) const HEARTBEAT: &str =
    fenced!("lease_until = $4, progress = COALESCE($5, progress)", "cancel_requested");

pub(super) const SUCCEED: &str = fenced!(
    "state = 'succeeded', completion = $4, error = NULL, finished = $5, expires = $6, \
     worker = NULL, lease_until = NULL",
    columns!()
);

const FAIL: &str = fenced!(
    "state = CASE WHEN cancel_requested = 1 THEN 'cancelled' \
         WHEN $4 IS NOT NULL AND attempts < max_attempts THEN 'queued' ELSE 'failed' END, \
     finished = CASE WHEN cancel_requested = 0 AND $4 IS NOT NULL AND attempts < max_attempts \
         THEN NULL ELSE $6 END, \
     expires = CASE WHEN cancel_requested = 0 AND $4 IS NOT NULL AND attempts < max_attempts \
         THEN NULL ELSE $7 END, \
     run_at = COALESCE($4, run_at), error = $5, worker = NULL, lease_until = NULL",
    columns!()
);

const RELEASE: &str = fenced!(
    "state = CASE WHEN cancel_requested = 1 THEN 'cancelled' ELSE 'queued' END, \
     finished = CASE WHEN cancel_requested = 1 THEN $5 END, \
     expires = CASE WHEN cancel_requested = 1 THEN $6 END, \
     attempts = attempts - 1, run_at = $4, worker = NULL, lease_until = NULL",
    columns!()
);

const CANCELLED: &str = fenced!(
    "state = 'cancelled', finished = $4, expires = $5, worker = NULL, lease_until = NULL",
    columns!()
);

/// Runs a fenced statement with these values for `$4` and so on.
macro_rules! record {
    ($database:expr, $statement:expr, $fence:expr, $($value:expr),+) => {{
        let fence: &Fence = $fence;
        let row: Option<JobRow> = each!($database, relaxed, pool => {
            let query = sqlx::query_as($statement)
                .bind(fence.id.to_string())
                .bind(&fence.worker)
                .bind(fence.claims)
                $(.bind($value))+;
            query.fetch_optional(pool).await?
        });
        row.map(Job::try_from).transpose()
    }};
}

impl Database {
    /// Extends the lease; says whether the job should stop, and nothing if the claim is lost.
    pub(in crate::storage) async fn heartbeat(
        &self,
        fence: &Fence,
        progress: Option<&JobProgress>,
        lease_until: Timestamp,
    ) -> Result<Option<bool>, StorageError> {
        let progress = progress.map(json);
        let cancel: Option<i64> = each!(self, relaxed, pool => {
            let query = sqlx::query_scalar(HEARTBEAT)
                .bind(fence.id.to_string())
                .bind(&fence.worker)
                .bind(fence.claims)
                .bind(lease_until.0)
                .bind(&progress);
            query.fetch_optional(pool).await?
        });
        Ok(cancel.map(|cancel| cancel != 0))
    }

    /// The job has a result.
    pub(in crate::storage) async fn succeed(
        &self,
        fence: &Fence,
        completion: &Completion,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Option<Job>, StorageError> {
        record!(self, SUCCEED, fence, json(completion), now.0, expires.0)
    }

    /// The attempt failed; there is another one at `retry_at`, if that is given, if the job has
    /// attempts left, and if its owner did not want it to stop.
    pub(in crate::storage) async fn fail(
        &self,
        fence: &Fence,
        failure: &Failure,
        retry_at: Option<Timestamp>,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Option<Job>, StorageError> {
        let (retry_at, problem) = (retry_at.map(|time| time.0), failure.problem.to_string());
        record!(self, FAIL, fence, retry_at, problem.as_str(), now.0, expires.0)
    }

    /// The attempt did not take place.
    pub(in crate::storage) async fn release(
        &self,
        fence: &Fence,
        run_at: Timestamp,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Option<Job>, StorageError> {
        record!(self, RELEASE, fence, run_at.0, now.0, expires.0)
    }

    /// The worker stopped because the owner wanted it.
    pub(in crate::storage) async fn cancelled(
        &self,
        fence: &Fence,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Option<Job>, StorageError> {
        record!(self, CANCELLED, fence, now.0, expires.0)
    }
}
