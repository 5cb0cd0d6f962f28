//! What workers do with the queue: claim, say that they are alive, say how it ended.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::nats::Message;
use super::wake::Holding;
use super::{JobQueue, StorageError};
use crate::jobs::{Completion, Failure, Job, JobProgress, JobState, Timestamp};
use crate::storage::db::Fence;

/// Leases are looked at no more often than this.
const REAP_EVERY: Duration = Duration::from_millis(250);

/// Work that is due and could not be claimed is tried again no sooner than this.
const SHORTEST_WAIT: Duration = Duration::from_millis(20);

/// A job, held by one worker for the length of a lease.
#[derive(Debug)]
pub struct Claim {
    /// The job as it was when it was claimed, this attempt counted.
    pub job: Job,
    fence: Fence,
    holding: Holding,
    token: Option<Message>,
}

impl Claim {
    /// Cancelled when the owner wants the job to stop: at once if that was said to this process,
    /// or on PostgreSQL to any; else with the next heartbeat.
    pub fn stop(&self) -> &CancellationToken {
        &self.holding.stop
    }
}

/// What a heartbeat found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// The lease is extended.
    Held {
        /// The owner wants the job to stop.
        cancel_requested: bool,
    },
    /// The job is no longer this worker's. What it has done is not wanted.
    Lost,
}

/// Whether the end of an attempt was written down.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    /// The job as it is now.
    Yes(Box<Job>),
    /// The job is no longer this worker's; nothing was written.
    Lost,
}

impl JobQueue {
    /// Takes the next job for the length of a lease: the most urgent first, owners in turn.
    ///
    /// Jobs whose leases have run out are taken back first.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not do it.
    pub async fn claim(
        &self,
        worker: &str,
        lease: Duration,
    ) -> Result<Option<Claim>, StorageError> {
        let now = self.now();
        self.reap(now, lease).await?;
        let claimed = self.shared.database.claim(worker, now.after(lease), now).await;
        let Some((job, fence)) = self.heard(claimed)? else {
            self.spare_token().await?;
            return Ok(None);
        };
        self.shared.wake.changed(job.id);
        let holding = self.shared.wake.hold(&fence);
        let token = match &self.shared.broker {
            Some(broker) => broker.token().await,
            None => None,
        };
        Ok(Some(Claim { job, fence, holding, token }))
    }

    /// A token came, and there is nothing to claim: it is kept for a job that waits for its time,
    /// and is one too many if there is none.
    async fn spare_token(&self) -> Result<(), StorageError> {
        let Some(token) = self.shared.broker.as_ref().and_then(|broker| broker.arrived()) else {
            return Ok(());
        };
        match self.shared.database.next_run().await? {
            Some(run_at) => token.again(run_at.since(self.now()).max(SHORTEST_WAIT)).await,
            None => token.done().await,
        }
        Ok(())
    }

    /// Takes back jobs whose leases have run out, unless that was done just now.
    async fn reap(&self, now: Timestamp, lease: Duration) -> Result<(), StorageError> {
        let next = self.shared.next_reap.load(Ordering::Relaxed);
        let after = now.after(REAP_EVERY.min(lease / 4)).0;
        // A clock that was set back must not stop this for long.
        let is_due = now.0 >= next || next > after;
        let is_ours = is_due
            && self.shared.contact.may_judge(now, self.lease())
            && self
                .shared
                .next_reap
                .compare_exchange(next, after, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if !is_ours {
            return Ok(());
        }
        let lost = &self.shared.config.lost;
        let reaped = self.shared.database.reap(now, self.expiry(now), lost).await;
        for job in self.heard(reaped)? {
            tracing::warn!(job = %job.id, state = %job.state, "a worker was lost");
            self.shared.wake.changed(job.id);
            if job.state == JobState::Queued {
                self.shared.wake.work();
            }
        }
        Ok(())
    }

    /// Says that the worker is alive, and how far it has come; extends the lease.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not do it. The lease runs on.
    pub async fn heartbeat(
        &self,
        claim: &Claim,
        progress: Option<&JobProgress>,
        lease: Duration,
    ) -> Result<Beat, StorageError> {
        let until = self.now().after(lease);
        let beat = self.shared.database.heartbeat(&claim.fence, progress, until).await;
        let Some(cancel_requested) = self.heard(beat)? else { return Ok(Beat::Lost) };
        self.shared.wake.changed(claim.job.id);
        if let Some(token) = &claim.token {
            token.extend().await;
        }
        if cancel_requested {
            claim.holding.stop.cancel();
        }
        Ok(Beat::Held { cancel_requested })
    }

    /// The job has a result.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not do it. The lease runs on.
    pub async fn succeed(
        &self,
        claim: &Claim,
        completion: &Completion,
    ) -> Result<Recorded, StorageError> {
        let now = self.now();
        let (database, expires) = (&self.shared.database, self.expiry(now));
        let job = database.succeed(&claim.fence, completion, now, expires).await?;
        Ok(self.recorded(claim, job, now).await)
    }

    /// The attempt failed. With `retry_at`, the job is tried again then, if it has attempts left
    /// and its owner has not cancelled it.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not do it. The lease runs on.
    pub async fn fail(
        &self,
        claim: &Claim,
        failure: &Failure,
        retry_at: Option<Timestamp>,
    ) -> Result<Recorded, StorageError> {
        let now = self.now();
        let (database, expires) = (&self.shared.database, self.expiry(now));
        let job = database.fail(&claim.fence, failure, retry_at, now, expires).await?;
        Ok(self.recorded(claim, job, retry_at.unwrap_or(now)).await)
    }

    /// Gives the job back as if it had not been claimed, to be handed out from `run_at` on: the
    /// worker is to stop, or something other than the job does not work.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not do it. The lease runs on.
    pub async fn release(
        &self,
        claim: &Claim,
        run_at: Timestamp,
    ) -> Result<Recorded, StorageError> {
        let now = self.now();
        let (database, expires) = (&self.shared.database, self.expiry(now));
        let job = database.release(&claim.fence, run_at, now, expires).await?;
        Ok(self.recorded(claim, job, run_at).await)
    }

    /// The worker has stopped because the owner wanted it.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not do it. The lease runs on.
    pub async fn cancelled(&self, claim: &Claim) -> Result<Recorded, StorageError> {
        let now = self.now();
        let job = self.shared.database.cancelled(&claim.fence, now, self.expiry(now)).await?;
        Ok(self.recorded(claim, job, now).await)
    }

    /// Tells whom it concerns how a claim has ended; if the job waits again, that is until
    /// `run_at`.
    async fn recorded(&self, claim: &Claim, job: Option<Job>, run_at: Timestamp) -> Recorded {
        // The token of a lost claim has come back to another worker.
        let Some(job) = job else { return Recorded::Lost };
        self.shared.wake.changed(job.id);
        match (&claim.token, job.state) {
            (Some(token), JobState::Queued) => token.again(run_at.since(self.now())).await,
            (None, JobState::Queued) => self.announce(&job),
            (Some(token), _) => token.done().await,
            (None, _) => {}
        }
        Recorded::Yes(Box::new(job))
    }

    /// Waits until there may be work, at most for `longest`. The caller claims after that.
    pub async fn wait_for_work(&self, longest: Duration) {
        // Counted before the look at the table, so that nothing falls between the two.
        let _idle = self.shared.broker.as_ref().map(|broker| broker.idle());
        let mut wait = longest.min(self.poll());
        match self.shared.database.next_due().await {
            Ok(Some(due)) => wait = wait.min(due.since(self.now()).max(SHORTEST_WAIT)),
            Ok(None) => {}
            // The caller's claim will say it.
            Err(error) => tracing::debug!(%error, "cannot look up when there is work"),
        }
        // It does not matter which it was.
        let _ = timeout(wait, self.shared.wake.until_work()).await;
    }
}
