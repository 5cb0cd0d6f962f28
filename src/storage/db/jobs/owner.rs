//! What the owner of a job sees of it and does with it. Every statement names the owner.

use super::row::{JobRow, blob_keys, columns};
use super::{Cancel, Forget, JobFilter};
use crate::jobs::{Job, JobId, JobKind, JobState, Timestamp};
use crate::storage::StorageError;
use crate::storage::db::{Database, each};

pub(super) const FIND: &str =
    concat!("SELECT ", columns!(), " FROM jobs WHERE owner = $1 AND id = $2");

pub(super) const CANCEL: &str = concat!(
    "UPDATE jobs SET revision = revision + 1, cancel_requested = 1, \
     state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END, \
     finished = CASE WHEN state = 'queued' THEN $3 END, \
     expires = CASE WHEN state = 'queued' THEN $4 END \
     WHERE owner = $1 AND id = $2 \
     AND (state = 'queued' OR (state = 'running' AND cancel_requested = 0)) RETURNING ",
    columns!()
);

const FORGET: &str = "DELETE FROM jobs WHERE owner = $1 AND id = $2 \
     AND state IN ('succeeded', 'failed', 'cancelled') RETURNING inputs, completion";

macro_rules! list {
    ($batch:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM jobs WHERE owner = $1 AND id < $2 ",
            $batch,
            "AND ($4 IS NULL OR state = $4) AND ($5 IS NULL OR kind = $5) \
             ORDER BY id DESC LIMIT $6"
        )
    };
}

// Two statements, so that each has the index it needs.
pub(super) const LIST: &str = list!("AND $3 IS NULL ");
pub(super) const LIST_BATCH: &str = list!("AND batch = $3 ");

/// Later than every name of a job.
const AFTER_ALL: &str = "~";

impl Database {
    /// The job, if it is the owner's.
    pub(in crate::storage) async fn find(
        &self,
        owner: &str,
        id: JobId,
    ) -> Result<Option<Job>, StorageError> {
        let row: Option<JobRow> = each!(self, read, pool => {
            sqlx::query_as(FIND).bind(owner).bind(id.to_string()).fetch_optional(pool).await?
        });
        row.map(Job::try_from).transpose()
    }

    /// The owner's jobs, newest first, from the one after `after` on.
    pub(in crate::storage) async fn list(
        &self,
        owner: &str,
        filter: &JobFilter,
        after: Option<JobId>,
        limit: u32,
    ) -> Result<Vec<Job>, StorageError> {
        let statement = if filter.batch.is_some() { LIST_BATCH } else { LIST };
        let after = after.map_or(AFTER_ALL.to_owned(), |id| id.to_string());
        let rows: Vec<JobRow> = each!(self, read, pool => {
            let query = sqlx::query_as(statement)
                .bind(owner)
                .bind(after)
                .bind(filter.batch.map(|batch| batch.to_string()))
                .bind(filter.state.map(JobState::name))
                .bind(filter.kind.map(JobKind::name))
                .bind(i64::from(limit));
            query.fetch_all(pool).await?
        });
        rows.into_iter().map(Job::try_from).collect()
    }

    /// The owner wants the job to stop.
    pub(in crate::storage) async fn cancel(
        &self,
        owner: &str,
        id: JobId,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Cancel, StorageError> {
        let row: Option<JobRow> = each!(self, write, pool => {
            let query = sqlx::query_as(CANCEL).bind(owner).bind(id.to_string());
            query.bind(now.0).bind(expires.0).fetch_optional(pool).await?
        });
        if let Some(row) = row {
            let job = Job::try_from(row)?;
            return Ok(match job.state {
                JobState::Cancelled => Cancel::Cancelled(job),
                _ => Cancel::Requested(job),
            });
        }
        Ok(match self.find(owner, id).await? {
            None => Cancel::Unknown,
            Some(job) if job.state.is_final() => Cancel::Finished(job),
            Some(job) => Cancel::Requested(job),
        })
    }

    /// The owner does not need the job any more.
    pub(in crate::storage) async fn forget(
        &self,
        owner: &str,
        id: JobId,
    ) -> Result<Forget, StorageError> {
        let row: Option<(String, Option<String>)> = each!(self, write, pool => {
            sqlx::query_as(FORGET).bind(owner).bind(id.to_string()).fetch_optional(pool).await?
        });
        if let Some((inputs, completion)) = row {
            let keys = blob_keys(&id.to_string(), &inputs, completion.as_ref())?;
            return Ok(Forget::Forgotten(keys));
        }
        let job = self.find(owner, id).await?;
        Ok(job.map_or(Forget::Unknown, |job| Forget::Unfinished(job.state)))
    }
}
