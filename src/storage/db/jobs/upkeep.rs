//! What keeps the table small, and what is counted in it.

use std::collections::HashSet;

use futures_util::TryFutureExt as _;

use super::row::blob_keys;
use super::{Expired, QueueStats};
use crate::jobs::{JobId, Priority, Timestamp};
use crate::storage::StorageError;
use crate::storage::db::{Database, each, json};

pub(super) const EXPIRE: &str = "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs \
     WHERE expires IS NOT NULL AND expires <= $1 ORDER BY expires LIMIT $2) \
     RETURNING id, inputs, completion";

const QUEUED: &str = "SELECT priority, COUNT(*), MIN(created) FROM jobs \
     WHERE state = 'queued' GROUP BY priority";

const RUNNING: &str = "SELECT COUNT(*) FROM jobs WHERE state = 'running'";

const EXISTS_SQLITE: &str = "SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each($1))";
const EXISTS_POSTGRES: &str = "SELECT id FROM jobs WHERE id = ANY($1)";

impl Database {
    /// Deletes at most `limit` jobs whose time has come.
    pub(in crate::storage) async fn expire(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Expired>, StorageError> {
        let rows: Vec<(String, String, Option<String>)> = each!(self, write, pool => {
            sqlx::query_as(EXPIRE).bind(now.0).bind(i64::from(limit)).fetch_all(pool).await?
        });
        let read = |(id, inputs, completion): (String, String, Option<String>)| {
            let blobs = blob_keys(&id, &inputs, completion.as_ref())?;
            Ok(Expired { id: job_id(&id)?, blobs })
        };
        rows.into_iter().map(read).collect()
    }

    /// Which of these jobs there are.
    pub(in crate::storage) async fn exists(
        &self,
        ids: &[JobId],
    ) -> Result<HashSet<JobId>, StorageError> {
        let names: Vec<String> = ids.iter().map(JobId::to_string).collect();
        let found: Vec<String> = match self {
            Self::Sqlite(sqlite) => {
                let query = sqlx::query_scalar(EXISTS_SQLITE).bind(json(&names));
                query.fetch_all(&sqlite.readers).await?
            }
            Self::Postgres(postgres) => {
                let query = sqlx::query_scalar(EXISTS_POSTGRES).bind(names);
                let rows = query.fetch_all(&postgres.pool).map_err(StorageError::from);
                postgres.answered(1, rows).await?
            }
        };
        found.iter().map(|id| job_id(id)).collect()
    }

    /// What the queue holds.
    pub(in crate::storage) async fn stats(&self) -> Result<QueueStats, StorageError> {
        let (queued, running): (Vec<(i64, i64, i64)>, i64) = each!(self, read, pool => {
            (
                sqlx::query_as(QUEUED).fetch_all(pool).await?,
                sqlx::query_scalar(RUNNING).fetch_one(pool).await?,
            )
        });
        let count = |priority: Priority| {
            let row = queued.iter().find(|(rank, _, _)| *rank == priority.rank());
            (priority, row.map_or(0, |(_, count, _)| count.unsigned_abs()))
        };
        Ok(QueueStats {
            queued: Priority::ALL.map(count),
            running: running.unsigned_abs(),
            oldest_queued: queued.iter().map(|(_, _, created)| Timestamp(*created)).min(),
        })
    }
}

fn job_id(text: &str) -> Result<JobId, StorageError> {
    text.parse().map_err(|error: uuid::Error| StorageError::Corrupt {
        what: "the name of a job".into(),
        source: error.into(),
    })
}
