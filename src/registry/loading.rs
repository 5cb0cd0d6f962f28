//! Models brought into service, one after another.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::OwnedMutexGuard;
use tokio::task::spawn_blocking;

use super::lease::Loaded;
use super::table::Key;
use super::{Registry, RegistryError, RegistryFault};
use crate::telemetry::CacheEvent;

impl Registry {
    /// Looks at what is in the folder now.
    pub(super) fn scan(&self) -> Result<(), RegistryError> {
        let listing = self.loader.shelf.list()?;
        self.table().update(listing);
        Ok(())
    }

    /// Loads a version and puts it into service. `None` if it is not wanted, or if `gently` and
    /// another model would have to go. Only for who holds `loading`.
    pub(super) fn load(
        &self,
        key: &Key,
        gently: bool,
    ) -> Result<Option<Arc<Loaded>>, RegistryFault> {
        let Some(stamp) = self.table().begin(key) else { return Ok(None) };
        match self.start(key, gently) {
            Ok(Some(model)) => {
                let model = Arc::new(model);
                model.touch(self.tick());
                self.metrics.models().cache(CacheEvent::Loaded);
                let wanted = self.table().put(key, stamp, &model);
                self.tell_loaded();
                Ok(wanted.then_some(model))
            }
            Ok(None) => {
                self.table().give_up(key);
                Ok(None)
            }
            Err(error) => {
                if matches!(error, RegistryError::Runtime(_)) {
                    self.is_missed.store(true, Ordering::Relaxed);
                }
                let (fault, (name, version)) = (Arc::new(error), key);
                let cause = fault.source().map(tracing::field::display);
                tracing::warn!(model = %name, %version, error = %fault, cause, "not loaded");
                self.metrics.models().cache(CacheEvent::Failed);
                self.table().fail(key, stamp, &fault);
                Err(fault)
            }
        }
    }

    fn start(&self, key: &Key, gently: bool) -> Result<Option<Loaded>, RegistryError> {
        let prepared = self.loader.prepare(key)?;
        let (needed, limit) = (prepared.bytes(), self.config.memory_budget);
        if needed > limit {
            return Err(RegistryError::NoRoom { limit, needed });
        }
        let Some(victims) = self.table().make_room(key, needed, limit, gently) else {
            return Ok(None);
        };
        for _ in 0..victims {
            self.metrics.models().cache(CacheEvent::Evicted);
        }
        let model = self.loader.start(prepared)?;
        let (name, version) = key;
        let provider = model.handle().placement().provider();
        tracing::info!(model = %name, %version, provider, bytes = needed, "loaded");
        Ok(Some(model))
    }
}

/// Does work that blocks, for who is alone in doing it. It goes on if nobody waits for it any
/// more, and nobody else begins before it has ended.
pub(super) async fn blocking<T: Send + 'static>(
    alone: OwnedMutexGuard<()>,
    work: impl FnOnce() -> Result<T, RegistryFault> + Send + 'static,
) -> Result<T, RegistryFault> {
    let work = move || {
        let done = work();
        drop(alone);
        done
    };
    // Only a runtime that is going away gives work up.
    spawn_blocking(work).await.unwrap_or_else(|_| Err(Arc::new(RegistryError::Closed)))
}
