//! The table of what is to be told to webhooks.

use futures_util::TryFutureExt as _;

use super::{Database, each};
use crate::jobs::{JobId, Timestamp};
use crate::storage::StorageError;
use crate::telemetry::trace::TraceContext;

/// An event that is being delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The job that it is about.
    pub job: JobId,
    /// Where it goes.
    pub url: String,
    /// What is signed and sent.
    pub body: Vec<u8>,
    /// What it was caused by.
    pub trace: Option<TraceContext>,
    /// Attempts begun, this one included.
    pub attempts: u32,
    /// Which attempt of which process this is: what it reports counts only while it is the last.
    lease: i64,
}

/// How an attempt to deliver ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The receiver has it.
    Delivered,
    /// It did not arrive; again at that time.
    Again(Timestamp, String),
    /// It did not arrive and never will.
    Failed(String),
}

#[derive(sqlx::FromRow)]
struct Row {
    job: String,
    url: String,
    body: Vec<u8>,
    trace: Option<String>,
    attempts: i64,
    run_at: i64,
}

const ENQUEUE: &str = "INSERT INTO webhooks (job, url, body, state, attempts, run_at, created, trace) \
     VALUES ($1, $2, $3, 'waiting', 0, $4, $4, $5) ON CONFLICT (job) DO NOTHING";

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE webhooks SET attempts = attempts + 1, run_at = $2 \
             WHERE job IN (SELECT job FROM webhooks WHERE state = 'waiting' AND run_at <= $1 \
                 ORDER BY run_at LIMIT $3",
            $lock,
            ") RETURNING job, url, body, trace, attempts, run_at"
        )
    };
}

const CLAIM_SQLITE: &str = claim!("");
const CLAIM_POSTGRES: &str = claim!(" FOR UPDATE SKIP LOCKED");

const RECORD: &str = "UPDATE webhooks SET state = $4, run_at = $5, finished = $6, error = $7 \
     WHERE job = $1 AND attempts = $2 AND run_at = $3 AND state = 'waiting'";

const FORGET: &str = "DELETE FROM webhooks WHERE job IN (SELECT job FROM webhooks \
     WHERE finished IS NOT NULL AND finished < $1 LIMIT 1000)";

const NEXT: &str = "SELECT MIN(run_at) FROM webhooks WHERE state = 'waiting'";

const MISSED: &str = "SELECT owner, id FROM jobs WHERE webhook IS NOT NULL AND finished IS NOT NULL \
     AND finished >= $1 AND finished < $2 \
     AND NOT EXISTS (SELECT 1 FROM webhooks WHERE webhooks.job = jobs.id) ORDER BY id LIMIT $3";

impl Database {
    /// Has an event delivered. A job has one event; a second one changes nothing.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not take it.
    pub async fn enqueue_delivery(
        &self,
        job: JobId,
        url: &str,
        body: &[u8],
        trace: Option<TraceContext>,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        each!(self, write, pool => {
            let query = sqlx::query(ENQUEUE).bind(job.to_string()).bind(url).bind(body);
            let query = query.bind(now.0).bind(trace.map(|trace| trace.to_string()));
            query.execute(pool).await?;
        });
        Ok(())
    }

    /// At most `limit` events that are due, now held until `lease_until`.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not hand them out.
    pub async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StorageError> {
        let limit = i64::from(limit);
        let rows: Vec<Row> = match self {
            Self::Sqlite(sqlite) => {
                let query =
                    sqlx::query_as(CLAIM_SQLITE).bind(now.0).bind(lease_until.0).bind(limit);
                query.fetch_all(&sqlite.writer).await?
            }
            Self::Postgres(postgres) => {
                let query =
                    sqlx::query_as(CLAIM_POSTGRES).bind(now.0).bind(lease_until.0).bind(limit);
                let rows = query.fetch_all(&postgres.pool).map_err(StorageError::from);
                postgres.answered(1, rows).await?
            }
        };
        rows.into_iter().map(Delivery::try_from).collect()
    }

    /// Records how an attempt ended; says no if another one has begun since.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not do it.
    pub async fn record_attempt(
        &self,
        delivery: &Delivery,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let (state, run_at, finished, error) = match attempt {
            Attempt::Delivered => ("delivered", now, Some(now), None),
            Attempt::Again(run_at, error) => ("waiting", *run_at, None, Some(error)),
            Attempt::Failed(error) => ("failed", now, Some(now), Some(error)),
        };
        let recorded = each!(self, write, pool => {
            let query = sqlx::query(RECORD)
                .bind(delivery.job.to_string())
                .bind(i64::from(delivery.attempts))
                .bind(delivery.lease)
                .bind(state)
                .bind(run_at.0)
                .bind(finished.map(|time| time.0))
                .bind(error);
            query.execute(pool).await?.rows_affected()
        });
        Ok(recorded > 0)
    }

    /// When the next event is due, if one waits.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not tell.
    pub async fn next_delivery(&self) -> Result<Option<Timestamp>, StorageError> {
        let next: Option<i64> = each!(self, read, pool => {
            sqlx::query_scalar(NEXT).fetch_one(pool).await?
        });
        Ok(next.map(Timestamp))
    }

    /// At most `limit` jobs, each with its owner, that came to their end in a span of time and
    /// whose event is missing, because who was to have it delivered did not live to do so.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not tell.
    pub async fn jobs_without_delivery(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<(String, JobId)>, StorageError> {
        let rows: Vec<(String, String)> = each!(self, read, pool => {
            let query = sqlx::query_as(MISSED).bind(from.0).bind(until.0);
            query.bind(i64::from(limit)).fetch_all(pool).await?
        });
        rows.into_iter().map(|(owner, id)| Ok((owner, job_id(&id)?))).collect()
    }

    /// Deletes events that came to their end before a point in time, and says how many; a
    /// thousand at most.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not do it.
    pub async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, StorageError> {
        let gone = each!(self, relaxed, pool => {
            sqlx::query(FORGET).bind(before.0).execute(pool).await?.rows_affected()
        });
        Ok(gone)
    }
}

impl TryFrom<Row> for Delivery {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        Ok(Self {
            job: job_id(&row.job)?,
            url: row.url,
            body: row.body,
            // An event is worth more than its place in a trace.
            trace: row.trace.and_then(|trace| trace.parse().ok()),
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            lease: row.run_at,
        })
    }
}

fn job_id(text: &str) -> Result<JobId, StorageError> {
    text.parse().map_err(|error: uuid::Error| StorageError::Corrupt {
        what: "the name of a job".to_owned(),
        source: error.into(),
    })
}
