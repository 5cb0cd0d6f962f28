//! What other processes say of their changes, by LISTEN and NOTIFY of PostgreSQL.

use std::time::Duration;

use sqlx::postgres::PgListener;
use sqlx::{Executor as _, PgPool};
use tokio::time::timeout;

use super::Database;
use crate::jobs::{JobId, JobState};
use crate::storage::StorageError;

/// The channel of the trigger on the table of jobs.
const CHANNEL: &str = "SELECT left('cogd_jobs_' || current_schema(), 63)";

/// A connection on which nothing was said for so long is tried: it may have died without a word.
const QUIET: Duration = Duration::from_secs(30);

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something happened to the table of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::storage) enum Notice {
    /// A row was written.
    Changed {
        /// The job.
        id: JobId,
        /// It waits for a worker.
        is_queued: bool,
        /// Its owner wants it to stop.
        should_stop: bool,
    },
    /// The connection was lost and is back: anything may have happened.
    Missed,
}

/// Notices from other processes, and from this one.
#[derive(Debug)]
pub(in crate::storage) struct Notices {
    pool: PgPool,
    /// None after an error.
    listener: Option<PgListener>,
}

impl Database {
    /// Begins to listen; `None` if the engine has nothing of the kind.
    pub(in crate::storage) async fn notices(&self) -> Result<Option<Notices>, StorageError> {
        let Self::Postgres(postgres) = self else { return Ok(None) };
        let pool = postgres.pool.clone();
        let listener = Some(listen(&pool).await?);
        Ok(Some(Notices { pool, listener }))
    }
}

async fn listen(pool: &PgPool) -> Result<PgListener, StorageError> {
    answered(async {
        let mut listener = PgListener::connect_with(pool).await?;
        let channel: String = sqlx::query_scalar(CHANNEL).fetch_one(&mut listener).await?;
        listener.listen(&channel).await?;
        Ok(listener)
    })
    .await
}

async fn answered<T>(work: impl Future<Output = sqlx::Result<T>>) -> Result<T, StorageError> {
    let late = |late: tokio::time::error::Elapsed| StorageError::Unavailable {
        what: "the database",
        source: late.into(),
    };
    Ok(timeout(PATIENCE, work).await.map_err(late)??)
}

impl Notices {
    /// Waits for the next one. After an error, the next call connects again, and once it listens
    /// it says that something may have been missed.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] if the connection is lost and cannot be made again.
    pub(in crate::storage) async fn next(&mut self) -> Result<Notice, StorageError> {
        let Some(mut listener) = self.listener.take() else {
            self.listener = Some(listen(&self.pool).await?);
            return Ok(Notice::Missed);
        };
        loop {
            let Ok(notification) = timeout(QUIET, listener.try_recv()).await else {
                answered(listener.execute("SELECT 1")).await?;
                continue;
            };
            // Nothing means that the connection was lost, and is there again.
            let notification = notification?;
            let notice = match &notification {
                Some(notification) => Notice::read(notification.payload()),
                None => Some(Notice::Missed),
            };
            if let Some(notice) = notice {
                self.listener = Some(listener);
                return Ok(notice);
            }
        }
    }
}

impl Notice {
    /// Reads `<id> <state> <cancel_requested>`; anything else is of no concern.
    fn read(payload: &str) -> Option<Self> {
        let mut words = payload.split(' ');
        let (id, state, cancel) = (words.next()?, words.next()?, words.next()?);
        Some(Self::Changed {
            id: id.parse().ok()?,
            is_queued: state == JobState::Queued.name(),
            should_stop: state == JobState::Running.name() && cancel == "1",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_says_what_happened_and_anything_else_says_nothing() {
        let id = JobId::generate();
        let read = |state: &str| Notice::read(&format!("{id} {state}"));
        let changed = |is_queued, should_stop| Some(Notice::Changed { id, is_queued, should_stop });
        assert_eq!(read("queued 0"), changed(true, false));
        assert_eq!(read("running 1"), changed(false, true));
        assert_eq!(read("cancelled 1"), changed(false, false));
        for other in ["", "x", "x queued 0", &id.to_string()] {
            assert_eq!(Notice::read(other), None);
        }
    }
}
