//! What is asked of the queue on behalf of owners, and its upkeep.

use std::collections::HashSet;
use std::sync::PoisonError;
use std::time::Duration;

use super::{JobQueue, StorageError};
use crate::jobs::{Job, JobId, JobState, Timestamp};
use crate::storage::{
    Cancel, Enqueued, EnqueuedAll, Expired, Forget, JobFilter, Limits, NewJob, QueueStats,
};

/// All unfinished jobs are counted no more often than this while there is room.
const COUNT_EVERY: Duration = Duration::from_secs(1);

/// How many unfinished jobs there are at most, so that not every request has to count them.
#[derive(Debug, Default)]
pub(super) struct Estimate {
    counted: Option<Timestamp>,
    jobs: u64,
}

impl JobQueue {
    /// Adds a job. Once this returns, the job outlives the process.
    ///
    /// # Errors
    /// [`StorageError::QueueFull`] if there are as many unfinished jobs as `limits` allow;
    /// other [`StorageError`]s if the database does not take it.
    pub async fn enqueue(&self, job: &NewJob, limits: Limits) -> Result<Enqueued, StorageError> {
        let corrupt = || StorageError::Corrupt {
            what: format!("job {}", job.id),
            source: "it was added and is not there".into(),
        };
        let first = |jobs: Vec<Job>| jobs.into_iter().next().ok_or_else(corrupt);
        Ok(match self.enqueue_all(std::slice::from_ref(job), limits).await? {
            EnqueuedAll::New(jobs) => Enqueued::New(first(jobs)?),
            EnqueuedAll::Existing(jobs) => Enqueued::Existing(first(jobs)?),
            EnqueuedAll::KeyReused => Enqueued::KeyReused,
        })
    }

    /// Adds all of these jobs of one owner, or none. At most one of them has an idempotency key,
    /// which stands for all.
    ///
    /// # Errors
    /// As [`JobQueue::enqueue`].
    pub async fn enqueue_all(
        &self,
        jobs: &[NewJob],
        limits: Limits,
    ) -> Result<EnqueuedAll, StorageError> {
        let now = self.now();
        let all = if self.has_room(jobs.len() as u64, limits.all, now).await? {
            u64::MAX
        } else {
            limits.all
        };
        let enqueued = self.shared.database.enqueue(jobs, Limits { all, ..limits }, now).await?;
        if let EnqueuedAll::New(jobs) = &enqueued {
            for job in jobs {
                self.shared.wake.changed(job.id);
                self.announce(job);
            }
        }
        Ok(enqueued)
    }

    /// Whether there is room for so many without counting again.
    async fn has_room(&self, more: u64, limit: u64, now: Timestamp) -> Result<bool, StorageError> {
        if limit == u64::MAX {
            return Ok(true);
        }
        let estimate = || self.shared.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        let is_old = estimate().counted.is_none_or(|counted| now.since(counted) >= COUNT_EVERY);
        if is_old {
            let jobs = self.shared.database.unfinished().await?;
            let mut estimate = estimate();
            estimate.jobs = jobs;
            estimate.counted = Some(now);
        }
        let mut estimate = estimate();
        estimate.jobs = estimate.jobs.saturating_add(more);
        Ok(estimate.jobs <= limit)
    }

    /// The owner wants the job to stop: at once if nobody works on it yet, else its worker is told.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not do it.
    pub async fn cancel(&self, owner: &str, id: JobId) -> Result<Cancel, StorageError> {
        let now = self.now();
        let cancel = self.shared.database.cancel(owner, id, now, self.expiry(now)).await?;
        if let Cancel::Cancelled(job) | Cancel::Requested(job) = &cancel {
            if job.state == JobState::Running {
                self.shared.wake.stop(id);
            }
            self.shared.wake.changed(id);
        }
        Ok(cancel)
    }

    /// Deletes a job that has ended. The caller deletes its files after that.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not do it.
    pub async fn forget(&self, owner: &str, id: JobId) -> Result<Forget, StorageError> {
        let forgotten = self.shared.database.forget(owner, id).await?;
        self.shared.wake.changed(id);
        Ok(forgotten)
    }

    /// The job, if it is the owner's.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not tell.
    pub async fn find(&self, owner: &str, id: JobId) -> Result<Option<Job>, StorageError> {
        self.shared.database.find(owner, id).await
    }

    /// At most `limit` of the owner's jobs, newest first, from the one after `after` on.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not tell.
    pub async fn list(
        &self,
        owner: &str,
        filter: &JobFilter,
        after: Option<JobId>,
        limit: u32,
    ) -> Result<Vec<Job>, StorageError> {
        self.shared.database.list(owner, filter, after, limit).await
    }

    /// Deletes at most `limit` jobs whose time has come. The caller deletes their files after that.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not do it.
    pub async fn expire(&self, limit: u32) -> Result<Vec<Expired>, StorageError> {
        self.shared.database.expire(self.now(), limit).await
    }

    /// Which of these jobs there are; files of the others belong to nobody.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not tell.
    pub async fn exists(&self, ids: &[JobId]) -> Result<HashSet<JobId>, StorageError> {
        self.shared.database.exists(ids).await
    }

    /// What the queue holds.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not tell.
    pub async fn stats(&self) -> Result<QueueStats, StorageError> {
        self.shared.database.stats().await
    }
}
