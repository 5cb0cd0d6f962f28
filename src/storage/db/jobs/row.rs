//! Rows of the table of jobs.

use serde::de::DeserializeOwned;

use crate::jobs::{BlobRef, Completion, Job, Priority, Times, Timestamp};
use crate::storage::StorageError;

/// The columns of a [`JobRow`], for a literal statement.
macro_rules! columns {
    () => {
        "id, owner, spec, inputs, priority, batch, webhook, trace, state, cancel_requested, attempts, \
         max_attempts, claims, revision, progress, completion, error, created, started, finished, \
         expires"
    };
}
pub(super) use columns;

#[derive(sqlx::FromRow)]
pub(super) struct JobRow {
    id: String,
    owner: String,
    spec: String,
    inputs: String,
    priority: i64,
    batch: Option<String>,
    webhook: Option<String>,
    trace: Option<String>,
    state: String,
    cancel_requested: i64,
    attempts: i64,
    max_attempts: i64,
    pub(super) claims: i64,
    revision: i64,
    progress: Option<String>,
    completion: Option<String>,
    error: Option<String>,
    created: i64,
    started: Option<i64>,
    finished: Option<i64>,
    expires: Option<i64>,
}

impl TryFrom<JobRow> for Job {
    type Error = StorageError;

    fn try_from(row: JobRow) -> Result<Self, StorageError> {
        let reading = Reading { id: &row.id };
        Ok(Self {
            id: reading.parsed("id", &row.id)?,
            spec: reading.json("spec", &row.spec)?,
            inputs: reading.json("inputs", &row.inputs)?,
            priority: Priority::of_rank(row.priority)
                .ok_or_else(|| reading.fault("priority", row.priority.to_string()))?,
            batch: row.batch.as_ref().map(|batch| reading.parsed("batch", batch)).transpose()?,
            trace: row.trace.as_ref().map(|trace| reading.parsed("trace", trace)).transpose()?,
            state: reading.parsed("state", &row.state)?,
            cancel_requested: row.cancel_requested != 0,
            attempts: reading.count("attempts", row.attempts)?,
            max_attempts: reading.count("max_attempts", row.max_attempts)?,
            revision: row.revision,
            progress: reading.optional("progress", row.progress.as_ref())?,
            completion: reading.optional("completion", row.completion.as_ref())?,
            error: reading.optional("error", row.error.as_ref())?,
            times: Times {
                created: Timestamp(row.created),
                started: row.started.map(Timestamp),
                finished: row.finished.map(Timestamp),
                expires: row.expires.map(Timestamp),
            },
            owner: row.owner,
            webhook: row.webhook,
        })
    }
}

/// The keys of all files that a row names.
pub(super) fn blob_keys(
    id: &str,
    inputs: &str,
    completion: Option<&String>,
) -> Result<Vec<String>, StorageError> {
    let reading = Reading { id };
    let mut blobs: Vec<BlobRef> = reading.json("inputs", inputs)?;
    let completion: Option<Completion> = reading.optional("completion", completion)?;
    if let Some(completion) = completion {
        blobs.push(completion.result);
        blobs.extend(completion.explanation);
    }
    Ok(blobs.into_iter().map(|blob| blob.key).collect())
}

/// Reads values of one row, and names them when they are broken.
#[derive(Clone, Copy)]
struct Reading<'a> {
    id: &'a str,
}

impl Reading<'_> {
    fn json<T: DeserializeOwned>(self, column: &str, text: &str) -> Result<T, StorageError> {
        serde_json::from_str(text).map_err(|error| self.fault(column, error))
    }

    fn optional<T: DeserializeOwned>(
        self,
        column: &str,
        text: Option<&String>,
    ) -> Result<Option<T>, StorageError> {
        text.map(|text| self.json(column, text)).transpose()
    }

    fn parsed<T: std::str::FromStr>(self, column: &str, text: &str) -> Result<T, StorageError>
    where
        T::Err: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        text.parse().map_err(|error| self.fault(column, error))
    }

    fn count(self, column: &str, count: i64) -> Result<u32, StorageError> {
        count.try_into().map_err(|error: std::num::TryFromIntError| self.fault(column, error))
    }

    fn fault(
        self,
        column: &str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> StorageError {
        let what = format!("{column} of job {}", self.id);
        StorageError::Corrupt { what, source: source.into() }
    }
}
