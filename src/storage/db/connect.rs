//! How connections are made, and how safe what they write is.

use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::time::timeout;

use super::{Database, Postgres, Sqlite, StorageError};
use crate::storage::{SecretUrl, StorageConfig};

/// The file in the folder of the service that is used when no address is given.
const DEFAULT_FILE: &str = "cogd.sqlite";

/// A connection that has been idle for longer is tried before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(5);

const EXPECTED: &str = "sqlite:PATH or postgres://USER@HOST/DATABASE";

impl Database {
    /// Connects, in limited time. The tables are left as they are: see [`Database::migrate`].
    ///
    /// # Errors
    /// [`StorageError::Address`] if there is no such kind of database,
    /// [`StorageError::Unavailable`] if it does not answer.
    pub async fn connect(config: &StorageConfig, data_dir: &Path) -> Result<Self, StorageError> {
        let Some(url) = &config.database_url else {
            return open_file(
                SqliteConnectOptions::new().filename(data_dir.join(DEFAULT_FILE)),
                config,
            )
            .await;
        };
        match url.scheme() {
            "sqlite" => open_file(url.expose().parse().map_err(|_| wrong(url))?, config).await,
            "postgres" | "postgresql" => {
                let options = url.expose().parse().map_err(|_| wrong(url))?;
                open_server(options, config).await
            }
            _ => Err(wrong(url)),
        }
    }
}

fn wrong(url: &SecretUrl) -> StorageError {
    StorageError::Address { url: url.to_string(), expected: EXPECTED }
}

/// With a write-ahead log and `synchronous = NORMAL`, what is committed outlives the end of the
/// process, however violent. Only a failure of power or of the system can take back the last
/// moments, never break the file. `FULL` would wait for the disk at every step of every job, where
/// a step that is taken back is only done again; jobs are accepted with it.
async fn open_file(
    options: SqliteConnectOptions,
    config: &StorageConfig,
) -> Result<Database, StorageError> {
    let options = options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(config.timeout);
    let pool = || {
        SqlitePoolOptions::new()
            .acquire_timeout(config.timeout)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
    };
    let writer = pool().max_connections(1).connect_with(options.clone()).await?;
    let readers = pool().max_connections(config.connections);
    let readers = readers.connect_lazy_with(options.create_if_missing(false));
    Ok(Database::Sqlite(Sqlite { writer, readers }))
}

async fn open_server(
    options: PgConnectOptions,
    config: &StorageConfig,
) -> Result<Database, StorageError> {
    let limit = format!("{}ms", config.timeout.as_millis());
    let options = options.options([
        ("statement_timeout", "30s"),
        ("lock_timeout", &limit),
        ("idle_in_transaction_session_timeout", "30s"),
    ]);
    let options = options.application_name("cogd");
    let patience = config.timeout / 2;
    let pool = || {
        PgPoolOptions::new()
            .acquire_timeout(config.timeout)
            .test_before_acquire(false)
            .before_acquire(move |connection, meta| {
                Box::pin(async move {
                    if meta.idle_for >= TRUSTED_IDLE {
                        answers(connection, patience).await?;
                    }
                    Ok(true)
                })
            })
            // Whoever gave up waiting leaves a connection in the middle of a statement. The pool
            // itself would wait without end for its answer, and so run out of connections.
            .after_release(move |connection, _| {
                Box::pin(async move { answers(connection, patience).await.map(|()| true) })
            })
    };
    // One is held by who listens to other processes.
    let connecting = pool().max_connections(config.connections + 1).connect_with(options.clone());
    let pool_of_all = match timeout(config.timeout, connecting).await {
        Ok(connected) => connected?,
        Err(elapsed) => {
            return Err(StorageError::Unavailable { what: "the database", source: elapsed.into() });
        }
    };
    let relaxed = options.options([("synchronous_commit", "off")]);
    let relaxed = pool().max_connections(config.connections).connect_lazy_with(relaxed);
    let patience = config.timeout * 2;
    Ok(Database::Postgres(Postgres { pool: pool_of_all, relaxed, patience }))
}

/// Says so in time if the server does not answer; the connection is not worth keeping then.
async fn answers(connection: &mut PgConnection, patience: Duration) -> sqlx::Result<()> {
    let late = |late| sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, late));
    timeout(patience, connection.ping()).await.map_err(late)?
}
