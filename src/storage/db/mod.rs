//! The database: SQLite in a file, or PostgreSQL. The only folder that names `sqlx`.
//!
//! Statements are shared by both engines unless they say otherwise: `$1` stands for parameters,
//! integers are `i64`, truth is 0 or 1, structures are JSON in text. SQLite has one connection that
//! writes, so writers never meet in a deadlock, and others that read beside it.

mod connect;
mod copy;
mod dictionaries;
mod fault;
mod jobs;
mod keys;
mod migrations;
mod notices;
mod webhooks;

use std::time::Duration;

use sqlx::{PgPool, SqlitePool};
use tokio::time::timeout;

use super::StorageError;

pub use dictionaries::Dictionary;
pub(super) use jobs::Fence;
pub use jobs::{
    Cancel, Enqueued, EnqueuedAll, Expired, Forget, Idempotency, JobFilter, Limits, NewJob,
    QueueStats,
};
pub use keys::KeyRecord;
pub use migrations::MigrationName;
pub(super) use notices::Notice;
pub use webhooks::{Attempt, Delivery};

/// The database. Copies share their connections.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file.
    Sqlite(Sqlite),
    /// A server.
    Postgres(Postgres),
}

/// The connections to an SQLite file.
#[derive(Clone, Debug)]
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
}

/// The connections to a PostgreSQL server.
#[derive(Clone, Debug)]
pub struct Postgres {
    pool: PgPool,
    /// Do not wait for the disk: for what a crash of the server may take back without harm.
    relaxed: PgPool,
    /// Longest time for a statement, the wait for its connection included.
    patience: Duration,
}

/// Runs the same lines on either engine.
///
/// `read` and `write` give a pool, `relaxed` one whose commits on PostgreSQL do not wait for the
/// disk, `transaction` a transaction that is committed if the lines end with `Ok`, and rolled back
/// if they end with an error (they are an async block of their own). It is given time for so many
/// steps, and it is on the disk when it ends, on SQLite as well.
macro_rules! each {
    ($database:expr, read, $pool:ident => $body:expr) => {
        $crate::storage::db::each!(@pools $database, readers, pool, $pool => $body)
    };
    ($database:expr, write, $pool:ident => $body:expr) => {
        $crate::storage::db::each!(@pools $database, writer, pool, $pool => $body)
    };
    ($database:expr, relaxed, $pool:ident => $body:expr) => {
        $crate::storage::db::each!(@pools $database, writer, relaxed, $pool => $body)
    };
    (@pools $database:expr, $sqlite:ident, $postgres:ident, $pool:ident => $body:expr) => {
        match $database {
            $crate::storage::db::Database::Sqlite(sqlite) => {
                let $pool = &sqlite.$sqlite;
                $body
            }
            $crate::storage::db::Database::Postgres(postgres) => {
                let $pool = &postgres.$postgres;
                let work = async { Ok::<_, $crate::storage::StorageError>($body) };
                postgres.answered(1, work).await?
            }
        }
    };
    ($database:expr, transaction of $steps:expr, $transaction:ident => $body:expr) => {
        match $database {
            $crate::storage::db::Database::Sqlite(sqlite) => {
                use sqlx::Connection as _;
                let mut connection = sqlite.writer.acquire().await?;
                sqlx::raw_sql("PRAGMA synchronous = FULL").execute(&mut *connection).await?;
                // Takes the lock at once: a reader that turns writer may be refused.
                let mut $transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
                let done = async { $body }.await?;
                $transaction.commit().await?;
                // Were this not reached, the next statements would only be slower.
                sqlx::raw_sql("PRAGMA synchronous = NORMAL").execute(&mut *connection).await?;
                Ok(done)
            }
            $crate::storage::db::Database::Postgres(postgres) => {
                let work = async {
                    let mut $transaction = postgres.pool.begin().await?;
                    let done = async { $body }.await?;
                    $transaction.commit().await?;
                    Ok(done)
                };
                postgres.answered($steps, work).await
            }
        }
    };
}
use each;

impl Postgres {
    /// Waits for an answer, but not for ever: a server can fall silent without closing anything.
    /// A transaction of many steps is given a little more time for each.
    async fn answered<T, E: From<StorageError>>(
        &self,
        steps: usize,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let more = (self.patience / 100).saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX));
        match timeout(self.patience.saturating_add(more), work).await {
            Ok(answer) => answer,
            Err(late) => {
                let source = late.into();
                Err(StorageError::Unavailable { what: "the database", source }.into())
            }
        }
    }
}

impl Database {
    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] if not.
    pub async fn ping(&self) -> Result<(), StorageError> {
        each!(self, read, pool => sqlx::query("SELECT 1").execute(pool).await.map(drop)?);
        Ok(())
    }

    /// Closes all connections once they are idle.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => {
                sqlite.readers.close().await;
                // The last one: it writes the log back into the file.
                sqlite.writer.close().await;
            }
            Self::Postgres(postgres) => {
                postgres.relaxed.close().await;
                postgres.pool.close().await;
            }
        }
    }
}

/// The text of a structure in its column.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("stored types have text for keys, so they can be written")
}
