//! Runs jobs: claims them one by one, works on them in the [`Pool`], records what came out.
//!
//! - A job is claimed only when there is a slot for it, and kept by heartbeats while it runs.
//! - An attempt that lost its lease stops within one iteration and records nothing.
//! - Trouble with the storage is not a fault of the job: it is waited for, and no attempt counts.
//! - On the way to stop nothing new is claimed; what cannot be finished in time is handed back.

mod announce;
mod attempt;
mod config;
mod ended;
mod fault;
mod library;
mod sweep;
mod work;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Pool;
use super::webhooks::Deliverer;
use crate::engines::Environment;
use crate::jobs::Job;
use crate::storage::{BlobStore, Database, JobQueue, StorageError};
use crate::telemetry::Metrics;
use attempt::Attempt;

pub use config::{InvalidSlots, RunnerConfig, Slots};
pub use fault::JobFault;
pub use library::Library;
pub use work::DICTIONARY_MEDIA_TYPE;

/// Wait before asking a database again that did not answer.
const UNAVAILABLE: Duration = Duration::from_secs(1);
/// Longest wait for work: then expired leases are looked for.
const IDLE: Duration = Duration::from_secs(5);

/// What jobs are run with.
#[derive(Clone, Debug)]
pub struct Workshop {
    /// Where jobs come from.
    pub queue: JobQueue,
    /// Where dictionaries and webhooks are kept.
    pub database: Database,
    /// Where files are kept.
    pub blobs: BlobStore,
    /// Where the work is done.
    pub pool: Arc<Pool>,
    /// What engines work with.
    pub environment: Arc<Environment>,
    /// Who tells the owners of jobs that they have ended.
    pub deliverer: Deliverer,
    /// How outcomes are put into words.
    pub wording: Arc<dyn Wording>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Settings.
    pub config: RunnerConfig,
}

/// How what happens to jobs is put into the words of the API, which lies above this layer.
pub trait Wording: std::fmt::Debug + Send + Sync {
    /// The problem document of a fault.
    fn problem(&self, fault: JobFault) -> Value;

    /// A job as its owner sees it.
    fn job(&self, job: &Job) -> Value;
}

/// Claims and runs jobs until it is told to stop.
#[derive(Debug)]
pub struct Runner {
    workshop: Arc<Workshop>,
    /// Unique to this start of the process: a name that came back could take over old leases.
    name: String,
    slots: usize,
    /// No new claims.
    closing: CancellationToken,
    /// Give up what is still being recorded.
    leaving: CancellationToken,
    attempts: TaskTracker,
}

impl Runner {
    /// A runner with so many slots.
    pub fn new(workshop: Arc<Workshop>, slots: usize) -> Self {
        Self {
            workshop,
            name: JobQueue::worker_name(),
            slots,
            closing: CancellationToken::new(),
            leaving: CancellationToken::new(),
            attempts: TaskTracker::new(),
        }
    }

    /// Claims and runs jobs until [`Runner::close`].
    pub async fn run(&self) {
        let slots = Arc::new(Semaphore::new(self.slots));
        while !self.closing.is_cancelled() && self.slots > 0 {
            let slot = Arc::clone(&slots).acquire_owned();
            let Some(Ok(slot)) = self.closing.run_until_cancelled(slot).await else { break };
            let queue = &self.workshop.queue;
            match queue.claim(&self.name, queue.lease()).await {
                Ok(Some(claim)) => {
                    let workshop = Arc::clone(&self.workshop);
                    let attempt = Attempt::new(workshop, claim, self.leaving.clone());
                    self.attempts.spawn(async move {
                        attempt.run().await;
                        drop(slot);
                    });
                }
                Ok(None) => {
                    drop(slot);
                    self.closing.run_until_cancelled(queue.wait_for_work(IDLE)).await;
                }
                Err(error) => {
                    drop(slot);
                    report(&error);
                    self.closing.run_until_cancelled(tokio::time::sleep(UNAVAILABLE)).await;
                }
            }
        }
    }

    /// Stops claiming jobs. Those at work go on.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Waits until the outcome of every attempt is recorded, for as long as `patience` allows.
    ///
    /// The pool should have been drained before: that ends what is still being computed.
    pub async fn finish(&self, patience: Duration) {
        self.close();
        self.attempts.close();
        if tokio::time::timeout(patience, self.attempts.wait()).await.is_err() {
            self.leaving.cancel();
            self.attempts.wait().await;
        }
    }
}

fn report(error: &StorageError) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::warn!(%error, cause, "the job queue does not answer");
}
