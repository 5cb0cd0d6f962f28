//! The folder of models is looked at from time to time.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Registry;
use super::loading::blocking;

impl Registry {
    /// Looks into the folder from time to time until `ending` is cancelled; loads what appeared
    /// or changed.
    pub async fn watch(self: &Arc<Self>, ending: &CancellationToken) {
        loop {
            self.refresh().await;
            let poll = self.config.poll;
            if self.config.dir.is_none() || poll.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(poll) => {}
                () = ending.cancelled() => return,
                () = self.closed.cancelled() => return,
            }
        }
    }

    /// One look at the folder, and what follows from it.
    async fn refresh(self: &Arc<Self>) {
        let registry = Arc::clone(self);
        let alone = Arc::clone(&self.loading).lock_owned().await;
        let scan = move || Ok(registry.scan()?);
        if let Err(error) = blocking(alone, scan).await {
            tracing::warn!(%error, "the models cannot be looked at");
            return;
        }
        self.tell_loaded();
        let due = || self.table().due(self.config.preload);
        for key in due() {
            // Requests for other models have their turn between two loads.
            let alone = Arc::clone(&self.loading).lock_owned().await;
            if due().contains(&key) {
                let registry = Arc::clone(self);
                // A fault has been logged, and the index tells it.
                let _ = blocking(alone, move || registry.load(&key, true)).await;
            }
        }
    }
}
