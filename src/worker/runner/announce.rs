//! Has the ends of jobs told to whom their owners want to be told.

use std::time::Duration;

use super::Workshop;
use crate::jobs::{Job, Timestamp};
use crate::storage::StorageError;

/// How far back jobs are looked for whose end was not told.
const REMEMBERED: Duration = Duration::from_hours(24);
/// Time that the process which ended a job has to say so itself.
const GRACE: Duration = Duration::from_secs(10);
/// How long it is known what was told.
const KEPT: Duration = Duration::from_hours(48);
/// Jobs that one look finds at most.
const STEP: u32 = 200;

impl Workshop {
    /// Has the end of a job told. If that fails now, the next sweep does it.
    pub async fn announce(&self, job: &Job) {
        match self.enqueue_event(job).await {
            Ok(()) => self.deliverer.wake(),
            Err(error) => super::report(&error),
        }
    }

    async fn enqueue_event(&self, job: &Job) -> Result<(), StorageError> {
        let (Some(url), true) = (&job.webhook, job.state.is_final()) else { return Ok(()) };
        let now = self.queue.clock().now();
        let body = serde_json::json!({
            "type": format!("job.{}", job.state),
            "timestamp": now,
            "data": self.wording.job(job),
        });
        let body = body.to_string();
        self.database.enqueue_delivery(job.id, url, body.as_bytes(), job.trace, now).await
    }

    /// Finds the jobs whose end was not told, because the process that ended them died.
    pub(super) async fn announce_forgotten(&self) -> Result<(), StorageError> {
        let now = self.queue.clock().now();
        let (from, until) = (before(now, REMEMBERED), before(now, GRACE));
        for (owner, id) in self.database.jobs_without_delivery(from, until, STEP).await? {
            if let Some(job) = self.queue.find(&owner, id).await? {
                self.enqueue_event(&job).await?;
            }
        }
        self.database.forget_deliveries(before(now, KEPT)).await?;
        Ok(())
    }
}

/// A point in time that lies so far back.
pub(super) fn before(now: Timestamp, age: Duration) -> Timestamp {
    Timestamp(now.0.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX)))
}
