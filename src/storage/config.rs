//! Settings of the database and of the queue.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Limits, SecretUrl};

/// Where the service keeps what it keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct StorageConfig {
    /// The database; a file of SQLite in the folder of the service when not given.
    pub database_url: Option<SecretUrl>,
    /// Connections to PostgreSQL, and readers of an SQLite file.
    pub connections: u32,
    /// Longest wait for a connection, and for a lock.
    pub timeout: Duration,
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self { database_url: None, connections: 8, timeout: Duration::from_secs(5) }
    }
}

/// How jobs are queued.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueConfig {
    /// The message broker that hands out work; the database does it when not given.
    pub url: Option<SecretUrl>,
    /// How long a worker may be silent before its job is given to another one.
    pub lease: Duration,
    /// Longest wait until the table is looked at, whether or not anyone said that there is work.
    pub poll: Duration,
    /// How long a job and its files are kept after its end.
    pub retention: Duration,
    /// Unfinished jobs there may be; for the callers of [`JobQueue::enqueue`].
    ///
    /// [`JobQueue::enqueue`]: super::JobQueue::enqueue
    pub limits: Limits,
    /// What the owner of a job reads whose last attempt lost its worker: a problem document.
    pub lost: Value,
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self {
            url: None,
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(5),
            retention: Duration::from_hours(24),
            limits: Limits { all: 100_000, owner: 10_000 },
            lost: json!({
                "type": "/problems/worker-lost",
                "title": "Worker lost",
                "status": 500,
                "detail": "every attempt ended without a word from its worker",
            }),
        }
    }
}
