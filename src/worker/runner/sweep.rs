//! Clears away what nobody needs any more, and announces what was left unannounced.

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::announce::before;
use super::{Library, Workshop};
use crate::storage::StorageError;

/// Rows that one step deletes, so that no statement holds the database for long.
const STEP: u32 = 200;

impl Workshop {
    /// The dictionaries that callers have learned.
    pub fn library(&self) -> Library {
        Library::new(self.database.clone())
    }

    /// Sweeps at intervals until it is told to stop.
    pub async fn keep_clean(&self, stop: &CancellationToken) {
        let mut ticks = interval(self.config.sweep);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            match self.sweep().await {
                Ok(0) => {}
                Ok(cleared) => tracing::info!(cleared, "cleared away what has expired"),
                Err(error) => super::report(&error),
            }
        }
    }

    /// One sweep: jobs past their time with their files, files without a job, words not said.
    ///
    /// # Errors
    /// What the storage says; the next sweep goes on from there.
    pub async fn sweep(&self) -> Result<usize, StorageError> {
        self.announce_forgotten().await?;
        let mut cleared = 0;
        loop {
            let expired = self.queue.expire(STEP).await?;
            for job in &expired {
                self.blobs.delete_job(job.id).await?;
            }
            cleared += expired.len();
            if expired.len() < STEP as usize {
                break;
            }
        }
        Ok(cleared + self.sweep_orphans().await?)
    }

    /// Deletes the files of jobs that do not exist: the server was killed before the job was
    /// accepted, or before its files were deleted.
    async fn sweep_orphans(&self) -> Result<usize, StorageError> {
        let before = before(self.queue.clock().now(), self.config.orphan_age);
        let old = self.blobs.jobs_before(before).await?;
        let mut cleared = 0;
        for some in old.chunks(STEP as usize) {
            let there = self.queue.exists(some).await?;
            for id in some.iter().filter(|id| !there.contains(id)) {
                self.blobs.delete_job(*id).await?;
                cleared += 1;
            }
        }
        self.blobs.remove_half_written(before).await?;
        Ok(cleared)
    }
}
