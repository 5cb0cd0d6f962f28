//! Who is told what inside this process: idle workers, watchers of jobs, holders of claims.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, broadcast};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::jobs::JobId;
use crate::storage::db::{Fence, Notice};

/// Changes that a watcher may be behind; more, and it looks at its job without being told which.
const BACKLOG: usize = 1024;

/// Who is told what inside this process.
#[derive(Debug)]
pub(super) struct Wake {
    work: Notify,
    /// `None` stands for any job.
    changes: broadcast::Sender<Option<JobId>>,
    held: Mutex<HashMap<JobId, (i64, CancellationToken)>>,
}

impl Wake {
    pub(super) fn new() -> Self {
        let (changes, _) = broadcast::channel(BACKLOG);
        Self { work: Notify::new(), changes, held: Mutex::default() }
    }

    /// There is one more job to claim, now or at a time to look up.
    pub(super) fn work(&self) {
        self.work.notify_one();
    }

    /// Waits until there is work; at once if that was said since the last wait.
    pub(super) async fn until_work(&self) {
        self.work.notified().await;
    }

    /// A job is not what it was.
    pub(super) fn changed(&self, id: JobId) {
        // Nobody may be watching.
        let _ = self.changes.send(Some(id));
    }

    /// Its owner wants the job to stop; no matter if nobody here works on it.
    pub(super) fn stop(&self, id: JobId) {
        if let Some((_, stop)) = self.held().get(&id) {
            stop.cancel();
        }
    }

    /// Passes on what the database says; news of work only if that `wakes`.
    pub(super) fn notice(&self, notice: Notice, wakes: bool) {
        match notice {
            Notice::Changed { id, is_queued, should_stop } => {
                self.changed(id);
                if is_queued && wakes {
                    self.work();
                }
                if should_stop {
                    self.stop(id);
                }
            }
            Notice::Missed => {
                let _ = self.changes.send(None);
                self.work.notify_waiters();
                self.work.notify_one();
            }
        }
    }

    pub(super) fn watch(&self, poll: Duration) -> Changes {
        Changes { receiver: self.changes.subscribe(), poll }
    }

    pub(super) fn hold(self: &Arc<Self>, fence: &Fence) -> Holding {
        let stop = CancellationToken::new();
        self.held().insert(fence.id, (fence.claims, stop.clone()));
        Holding { wake: Arc::clone(self), id: fence.id, claims: fence.claims, stop }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<JobId, (i64, CancellationToken)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps the holder of a claim within reach.
#[derive(Debug)]
pub(super) struct Holding {
    wake: Arc<Wake>,
    id: JobId,
    claims: i64,
    pub(super) stop: CancellationToken,
}

impl Drop for Holding {
    fn drop(&mut self) {
        let mut held = self.wake.held();
        // The same job may have been claimed again since.
        if held.get(&self.id).is_some_and(|(claims, _)| *claims == self.claims) {
            held.remove(&self.id);
        }
    }
}

/// News of jobs, from the moment it is made.
#[derive(Debug)]
pub struct Changes {
    receiver: broadcast::Receiver<Option<JobId>>,
    poll: Duration,
}

impl Changes {
    /// Waits until the job may have changed. The caller looks at its revision, and waits again.
    ///
    /// What this process writes, and with PostgreSQL any process, is told at once. On SQLite, what
    /// another process writes is seen within half a second: after that time this returns anyway.
    pub async fn of(&mut self, id: JobId) {
        let told = async {
            loop {
                match self.receiver.recv().await {
                    Ok(Some(changed)) if changed != id => {}
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                    Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        // Both ways the caller looks.
        let _ = timeout(self.poll, told).await;
    }
}
