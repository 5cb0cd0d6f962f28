//! Adds jobs, each once, within limits, and in turn with those of other owners.

use super::row::{JobRow, columns};
use super::{EnqueuedAll, Limits, NewJob};
use crate::jobs::{Job, Timestamp};
use crate::storage::db::{Database, each, json};
use crate::storage::{Share, StorageError};

/// Turns make a fair queue of each priority (start-time fair queueing): a job's turn is that of
/// the job that would be claimed next, or one more than the last turn of its owner if that is
/// later. Many jobs of one owner so stand behind one another, and those of two owners alternate.
pub(super) const INSERT: &str = concat!(
    "INSERT INTO jobs (id, owner, kind, spec, inputs, priority, batch, webhook, \
     idempotency_key, fingerprint, max_attempts, created, run_at, turn, \
     trace, state, cancel_requested, attempts, claims, revision) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, \
     (SELECT MAX(turn) FROM ( \
         SELECT COALESCE( \
             (SELECT turn FROM jobs WHERE state = 'queued' AND priority = $6 AND run_at <= $12 \
              ORDER BY turn LIMIT 1), \
             (SELECT turn FROM jobs WHERE priority = $6 ORDER BY turn DESC LIMIT 1) + 1, \
             1) AS turn \
         UNION ALL \
         SELECT turn + 1 FROM (SELECT turn FROM jobs \
              WHERE state = 'queued' AND owner = $2 AND priority = $6 \
              ORDER BY turn DESC LIMIT 1) AS own \
     ) AS turns), \
     $13, 'queued', 0, 0, 0, 1) \
     ON CONFLICT (owner, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING \
     RETURNING ",
    columns!()
);

pub(super) const WITH_KEY: &str = concat!(
    "SELECT fingerprint, ",
    columns!(),
    " FROM jobs WHERE owner = $1 AND idempotency_key = $2"
);

const OF_BATCH: &str =
    concat!("SELECT ", columns!(), " FROM jobs WHERE owner = $1 AND batch = $2 ORDER BY id");

pub(super) const UNFINISHED_OF_OWNER: &str = "SELECT \
     (SELECT COUNT(*) FROM (SELECT 1 FROM jobs \
          WHERE state = 'queued' AND owner = $1 LIMIT $2) AS waiting) \
     + (SELECT COUNT(*) FROM jobs WHERE state = 'running' AND owner = $1)";

const UNFINISHED: &str = "SELECT \
     (SELECT COUNT(*) FROM jobs WHERE state = 'queued') \
     + (SELECT COUNT(*) FROM jobs WHERE state = 'running')";

#[derive(sqlx::FromRow)]
struct KeyedRow {
    fingerprint: Option<String>,
    #[sqlx(flatten)]
    job: JobRow,
}

/// Why nothing is added.
enum Refusal {
    Existing(Box<Job>),
    KeyReused,
    Storage(StorageError),
}

impl<E: Into<StorageError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Storage(error.into())
    }
}

impl Database {
    /// Adds all of these jobs or none.
    ///
    /// # Errors
    /// [`StorageError::QueueFull`] if there would be more unfinished jobs than the limits allow.
    /// PostgreSQL may pass them by as many as are added at the same instant.
    pub(in crate::storage) async fn enqueue(
        &self,
        jobs: &[NewJob],
        limits: Limits,
        now: Timestamp,
    ) -> Result<EnqueuedAll, StorageError> {
        match self.insert(jobs, limits, now).await {
            Ok(jobs) => Ok(EnqueuedAll::New(jobs)),
            Err(Refusal::Existing(job)) => Ok(EnqueuedAll::Existing(self.companions(*job).await?)),
            Err(Refusal::KeyReused) => Ok(EnqueuedAll::KeyReused),
            Err(Refusal::Storage(error)) => Err(error),
        }
    }

    /// How many jobs have not ended.
    pub(in crate::storage) async fn unfinished(&self) -> Result<u64, StorageError> {
        let count: i64 = each!(self, read, pool => {
            sqlx::query_scalar(UNFINISHED).fetch_one(pool).await?
        });
        Ok(count.unsigned_abs())
    }

    async fn insert(
        &self,
        jobs: &[NewJob],
        limits: Limits,
        now: Timestamp,
    ) -> Result<Vec<Job>, Refusal> {
        each!(self, transaction of jobs.len(), transaction => {
            // A request that is repeated is answered even when the queue is full.
            for new in jobs {
                let Some(known) = &new.idempotency else { continue };
                let row: Option<KeyedRow> = sqlx::query_as(WITH_KEY)
                    .bind(&new.owner).bind(&known.key)
                    .fetch_optional(&mut *transaction).await?;
                refuse_known(row, new)?;
            }
            if limits.all < u64::MAX {
                let waiting: i64 =
                    sqlx::query_scalar(UNFINISHED).fetch_one(&mut *transaction).await?;
                refuse_more(Share::All, limits.all, waiting, jobs)?;
            }
            if limits.owner < u64::MAX && let Some(first) = jobs.first() {
                let most = i64::try_from(limits.owner).unwrap_or(i64::MAX);
                let waiting: i64 = sqlx::query_scalar(UNFINISHED_OF_OWNER)
                    .bind(&first.owner).bind(most)
                    .fetch_one(&mut *transaction).await?;
                refuse_more(Share::Owner, limits.owner, waiting, jobs)?;
            }
            let mut added = Vec::with_capacity(jobs.len());
            for new in jobs {
                let row: Option<JobRow> = sqlx::query_as(INSERT)
                    .bind(new.id.to_string())
                    .bind(&new.owner)
                    .bind(new.spec.kind().name())
                    .bind(json(&new.spec))
                    .bind(json(&new.inputs))
                    .bind(new.priority.rank())
                    .bind(new.batch.map(|batch| batch.to_string()))
                    .bind(new.webhook.as_deref())
                    .bind(new.idempotency.as_ref().map(|known| known.key.as_str()))
                    .bind(new.idempotency.as_ref().map(|known| known.fingerprint.as_str()))
                    .bind(i64::from(new.max_attempts.max(1)))
                    .bind(now.0)
                    .bind(new.trace.map(|trace| trace.to_string()))
                    .fetch_optional(&mut *transaction).await?;
                if let Some(row) = row {
                    added.push(Job::try_from(row)?);
                    continue;
                }
                // Another request with this key was quicker, or is in the same batch.
                let Some(known) = &new.idempotency else { continue };
                let row: Option<KeyedRow> = sqlx::query_as(WITH_KEY)
                    .bind(&new.owner).bind(&known.key)
                    .fetch_optional(&mut *transaction).await?;
                refuse_known(row, new)?;
            }
            Ok::<_, Refusal>(added)
        })
    }

    /// A job and those that were asked for together with it.
    async fn companions(&self, job: Job) -> Result<Vec<Job>, StorageError> {
        let Some(batch) = job.batch else { return Ok(vec![job]) };
        let rows: Vec<JobRow> = each!(self, write, pool => {
            let query = sqlx::query_as(OF_BATCH).bind(&job.owner).bind(batch.to_string());
            query.fetch_all(pool).await?
        });
        rows.into_iter().map(Job::try_from).collect()
    }
}

fn refuse_known(row: Option<KeyedRow>, new: &NewJob) -> Result<(), Refusal> {
    let Some(row) = row else { return Ok(()) };
    let fingerprint = new.idempotency.as_ref().map(|known| &known.fingerprint);
    if row.fingerprint.as_ref() == fingerprint {
        Err(Refusal::Existing(Box::new(Job::try_from(row.job)?)))
    } else {
        Err(Refusal::KeyReused)
    }
}

fn refuse_more(of: Share, limit: u64, waiting: i64, jobs: &[NewJob]) -> Result<(), StorageError> {
    let actual = waiting.unsigned_abs().saturating_add(jobs.len() as u64);
    if actual > limit { Err(StorageError::QueueFull { of, limit, actual }) } else { Ok(()) }
}
