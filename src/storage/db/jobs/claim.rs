//! Hands out jobs, and takes back those whose worker was lost.

use futures_util::TryFutureExt as _;

use super::record::Fence;
use super::row::{JobRow, columns};
use crate::jobs::{Job, JobId, JobState, Timestamp};
use crate::storage::StorageError;
use crate::storage::db::{Database, each};

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE jobs SET state = 'running', worker = $1, lease_until = $2, started = $3, \
             attempts = attempts + 1, claims = claims + 1, progress = NULL, revision = revision + 1 \
             WHERE id = (SELECT id FROM jobs WHERE state = 'queued' AND run_at <= $3 \
                 ORDER BY priority DESC, turn, id LIMIT 1",
            $lock,
            ") RETURNING ",
            columns!()
        )
    };
}

pub(super) const CLAIM_SQLITE: &str = claim!("");
const CLAIM_POSTGRES: &str = claim!(" FOR UPDATE SKIP LOCKED");

macro_rules! reap {
    ($lock:literal) => {
        concat!(
            "UPDATE jobs SET worker = NULL, lease_until = NULL, revision = revision + 1, \
             state = CASE WHEN cancel_requested = 1 THEN 'cancelled' \
                 WHEN attempts >= max_attempts THEN 'failed' ELSE 'queued' END, \
             error = CASE WHEN cancel_requested = 0 AND attempts >= max_attempts \
                 THEN $3 ELSE error END, \
             finished = CASE WHEN cancel_requested = 1 OR attempts >= max_attempts THEN $1 END, \
             expires = CASE WHEN cancel_requested = 1 OR attempts >= max_attempts THEN $2 END \
             WHERE id IN (SELECT id FROM jobs WHERE state = 'running' AND lease_until <= $1 \
                 ORDER BY lease_until LIMIT 100",
            $lock,
            ") RETURNING id, state"
        )
    };
}

pub(super) const REAP_SQLITE: &str = reap!("");
const REAP_POSTGRES: &str = reap!(" FOR UPDATE SKIP LOCKED");

pub(super) const NEXT_DUE: &str = "SELECT MIN(due) FROM ( \
     SELECT due FROM (SELECT run_at AS due FROM jobs WHERE state = 'queued' \
         ORDER BY run_at LIMIT 1) AS waiting \
     UNION ALL \
     SELECT due FROM (SELECT lease_until AS due FROM jobs WHERE state = 'running' \
         ORDER BY lease_until LIMIT 1) AS leased) AS times";

pub(super) const NEXT_RUN: &str =
    "SELECT run_at FROM jobs WHERE state = 'queued' ORDER BY run_at LIMIT 1";

/// A job whose worker was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::storage) struct Requeued {
    /// Its name.
    pub(in crate::storage) id: JobId,
    /// Where it stands now: queued again, or at its end.
    pub(in crate::storage) state: JobState,
}

impl Database {
    /// The next job, if there is one, now held by `worker` for the length of a lease.
    pub(in crate::storage) async fn claim(
        &self,
        worker: &str,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<(Job, Fence)>, StorageError> {
        let row: Option<JobRow> = match self {
            Self::Sqlite(sqlite) => {
                let query = sqlx::query_as(CLAIM_SQLITE).bind(worker).bind(lease_until.0);
                query.bind(now.0).fetch_optional(&sqlite.writer).await?
            }
            Self::Postgres(postgres) => {
                let query = sqlx::query_as(CLAIM_POSTGRES).bind(worker).bind(lease_until.0);
                let rows =
                    query.bind(now.0).fetch_optional(&postgres.relaxed).map_err(StorageError::from);
                postgres.answered(1, rows).await?
            }
        };
        let Some(row) = row else { return Ok(None) };
        let claims = row.claims;
        let job = Job::try_from(row)?;
        let fence = Fence { id: job.id, worker: worker.to_owned(), claims };
        Ok(Some((job, fence)))
    }

    /// Takes back the jobs whose leases have run out: for another attempt, or for good, with the
    /// problem `lost`, if there were enough.
    pub(in crate::storage) async fn reap(
        &self,
        now: Timestamp,
        expires: Timestamp,
        lost: &serde_json::Value,
    ) -> Result<Vec<Requeued>, StorageError> {
        let lost = lost.to_string();
        let rows: Vec<(String, String)> = match self {
            Self::Sqlite(sqlite) => {
                let query = sqlx::query_as(REAP_SQLITE).bind(now.0).bind(expires.0).bind(lost);
                query.fetch_all(&sqlite.writer).await?
            }
            Self::Postgres(postgres) => {
                let query = sqlx::query_as(REAP_POSTGRES).bind(now.0).bind(expires.0).bind(lost);
                let rows = query.fetch_all(&postgres.relaxed).map_err(StorageError::from);
                postgres.answered(1, rows).await?
            }
        };
        let corrupt = |source| StorageError::Corrupt { what: "a lost job".into(), source };
        let read = |(id, state): (String, String)| {
            let id = id.parse().map_err(|error: uuid::Error| corrupt(error.into()))?;
            let state =
                state.parse().map_err(|error: crate::jobs::UnknownState| corrupt(error.into()))?;
            Ok(Requeued { id, state })
        };
        rows.into_iter().map(read).collect()
    }

    /// When the next of the jobs that wait can be claimed.
    pub(in crate::storage) async fn next_run(&self) -> Result<Option<Timestamp>, StorageError> {
        let run_at: Option<i64> = each!(self, read, pool => {
            sqlx::query_scalar(NEXT_RUN).fetch_optional(pool).await?
        });
        Ok(run_at.map(Timestamp))
    }

    /// When the next job can be claimed or the next lease runs out.
    pub(in crate::storage) async fn next_due(&self) -> Result<Option<Timestamp>, StorageError> {
        let due: Option<i64> = each!(self, read, pool => {
            sqlx::query_scalar(NEXT_DUE).fetch_one(pool).await?
        });
        Ok(due.map(Timestamp))
    }
}
