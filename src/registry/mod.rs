//! Models by name and version, from a folder of `NAME/VERSION/model.onnx` and from the program itself.
//!
//! - A request takes a [`Lease`] and runs it. What was leased answers, even if the model is
//!   unloaded or replaced meanwhile; it ends with its last lease.
//! - Models are loaded as they appear in the folder as far as the memory budget allows, else by
//!   the first request for them, one after another. What was not used for the longest time makes
//!   room. A model that was unloaded on request stays so until it is asked for by name.
//! - A changed file is loaded beside the old model and takes its place when it is ready. If it
//!   cannot be used, the old model stays.
//! - Names in requests are looked up in a list of what is there; they never become paths. No
//!   file outside the folder is read, whatever links lead there.

mod check;
mod config;
mod error;
mod folder;
mod lease;
mod loader;
mod loading;
mod networks;
mod shelf;
mod table;
mod triton;
mod watch;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub use check::ManifestError;
pub use config::ModelsConfig;
pub use error::{RegistryError, RegistryFault};
pub use folder::is_model_file;
pub use lease::Lease;
pub use table::{IndexEntry, IndexState};

pub use crate::inference::{
    Colour, Fill, HdStrategy, Hidden, ImageInput, InvalidName, InvalidVersion, Layout, Manifest,
    MaskInput, ModelName, ModelTask, Pad, Place, Pruning, ResultOutput, SizePolicy, Version,
};
use crate::inference::{LibrarySearch, Runtime};
use crate::telemetry::{CacheEvent, Metrics};
use lease::{Living, Loaded};
use loader::Loader;
use loading::blocking;
use shelf::Shelf;
use table::{Lookup, Table};

/// What is known of ONNX Runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuntimeState {
    /// It computes.
    Loaded {
        /// Its version, where that can be told.
        version: Option<String>,
        /// What it says of its build.
        build: String,
    },
    /// Nothing has needed it yet.
    NotLoaded,
    /// It was needed and could not be loaded. It is tried again when it is needed again.
    Unusable,
}

/// All models of a service.
#[derive(Debug)]
pub struct Registry {
    config: ModelsConfig,
    loader: Loader,
    table: Mutex<Table>,
    /// Held while a model is loaded: one after another, so that room made for one is not taken by
    /// the next.
    loading: Arc<tokio::sync::Mutex<()>>,
    /// Rises with every use.
    ticks: AtomicU64,
    living: Living,
    metrics: Arc<Metrics>,
    /// Whether the runtime was needed and could not be loaded.
    is_missed: AtomicBool,
    closed: CancellationToken,
}

impl Registry {
    /// Looks into the folder. Nothing is loaded yet, not even the runtime.
    ///
    /// # Errors
    /// [`RegistryError::Folder`] if it cannot be read.
    pub fn open(
        config: &ModelsConfig,
        search: LibrarySearch,
        metrics: &Arc<Metrics>,
    ) -> Result<Arc<Self>, RegistryError> {
        let living = Living::default();
        let loader = Loader {
            shelf: Shelf::open(config.dir.as_deref(), config.builtin)?,
            config: config.clone(),
            search,
            living: living.clone(),
            metrics: Arc::clone(metrics),
        };
        let registry = Self {
            config: config.clone(),
            loader,
            table: Mutex::default(),
            loading: Arc::default(),
            ticks: AtomicU64::new(1),
            living,
            metrics: Arc::clone(metrics),
            is_missed: AtomicBool::new(false),
            closed: CancellationToken::new(),
        };
        registry.scan()?;
        Ok(Arc::new(registry))
    }

    /// The right to run a model: the version asked for, or the newest. Loads it if need be.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub async fn lease_or_load(
        self: &Arc<Self>,
        name: &ModelName,
        version: Option<Version>,
    ) -> Result<Lease, RegistryFault> {
        // Nearly always it is there.
        if let Lookup::Ready(model) = self.look_up(name, version)? {
            return Ok(self.hit(model));
        }
        // Those that wait for a load do so without a thread each.
        let alone = Arc::clone(&self.loading).lock_owned().await;
        let key = match self.look_up(name, version)? {
            Lookup::Ready(model) => return Ok(self.hit(model)),
            Lookup::Load(key) => key,
        };
        let registry = Arc::clone(self);
        let loaded = blocking(alone, move || registry.load(&key, false)).await?;
        loaded.map(|model| self.lease(model)).ok_or_else(|| unloaded(name))
    }

    /// As [`Registry::lease_or_load`], blocking the calling thread, which must not be one of the
    /// asynchronous runtime.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn lease_or_load_blocking(
        &self,
        name: &ModelName,
        version: Option<Version>,
    ) -> Result<Lease, RegistryFault> {
        if let Lookup::Ready(model) = self.look_up(name, version)? {
            return Ok(self.hit(model));
        }
        let _alone = self.loading.blocking_lock();
        match self.look_up(name, version)? {
            Lookup::Ready(model) => Ok(self.hit(model)),
            Lookup::Load(key) => {
                let loaded = self.load(&key, false)?;
                loaded.map(|model| self.lease(model)).ok_or_else(|| unloaded(name))
            }
        }
    }

    /// Looks into the folder again and loads the newest version of a model, anew if its files
    /// have changed; allows it to be loaded if it was unloaded before.
    ///
    /// # Errors
    /// [`RegistryError`]; what answered before goes on doing so.
    pub async fn load_model(self: &Arc<Self>, name: &ModelName) -> Result<(), RegistryFault> {
        let alone = Arc::clone(&self.loading).lock_owned().await;
        let (registry, name) = (Arc::clone(self), name.clone());
        let work = move || {
            registry.scan()?;
            let newest = registry.table().want(&name)?;
            let key = (name, newest);
            let is_due = registry.table().due(true).contains(&key);
            let lookup = registry.look_up(&key.0, Some(newest))?;
            if is_due || matches!(lookup, Lookup::Load(_)) {
                registry.load(&key, false)?;
            }
            Ok(())
        };
        blocking(alone, work).await
    }

    /// Takes a model out of service, all versions of it. Requests at hand are answered.
    ///
    /// # Errors
    /// [`RegistryError::UnknownModel`].
    pub fn unload_model(&self, name: &ModelName) -> Result<(), RegistryError> {
        self.table().unwant(name)?;
        tracing::info!(model = %name, "unloaded on request");
        self.tell_loaded();
        Ok(())
    }

    /// Every version of every model, and what can be expected of it.
    pub fn index(&self) -> Vec<IndexEntry> {
        self.table().index()
    }

    /// The versions of a model, the oldest first; none if there is no such model.
    pub fn versions(&self, name: &ModelName) -> Vec<Version> {
        self.table().versions(name)
    }

    /// Every model that is in memory.
    pub fn leases(&self) -> Vec<Lease> {
        self.table().loaded().map(Lease::new).collect()
    }

    /// What is known of ONNX Runtime.
    pub fn runtime(&self) -> RuntimeState {
        match Runtime::loaded() {
            Some(runtime) => {
                let (version, build) = (runtime.version(), runtime.build().to_owned());
                RuntimeState::Loaded { version, build }
            }
            None if self.is_missed.load(Ordering::Relaxed) => RuntimeState::Unusable,
            None => RuntimeState::NotLoaded,
        }
    }

    /// The settings.
    pub fn config(&self) -> &ModelsConfig {
        &self.config
    }

    /// Takes all models out of service and waits until they have ended; `false` if that takes
    /// longer than `patience`.
    pub fn close(&self, patience: Duration) -> bool {
        self.closed.cancel();
        self.table().clear();
        self.tell_loaded();
        self.living.wait(patience)
    }

    /// Brings the gauges up to date that follow the queues.
    pub fn observe(&self) {
        for model in self.table().loaded() {
            self.metrics.models().queued(model.labels(), model.handle().queued());
        }
    }

    fn look_up(&self, name: &ModelName, version: Option<Version>) -> Result<Lookup, RegistryFault> {
        if self.closed.is_cancelled() {
            return Err(Arc::new(RegistryError::Closed));
        }
        self.table().look_up(name, version)
    }

    /// The lease of a model that was in memory.
    fn hit(&self, model: Arc<Loaded>) -> Lease {
        self.metrics.models().cache(CacheEvent::Hit);
        self.lease(model)
    }

    fn lease(&self, model: Arc<Loaded>) -> Lease {
        model.touch(self.tick());
        Lease::new(model)
    }

    fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::Relaxed)
    }

    /// Brings the gauges up to date that follow what is loaded.
    fn tell_loaded(&self) {
        let models: Vec<_> = self.table().loaded().collect();
        let loaded = models
            .iter()
            .map(|model| (model.labels(), model.handle().placement().provider(), model.bytes()));
        self.metrics.models().loaded(loaded);
    }

    // No code that can panic runs under the lock, so a poisoned one holds nothing torn.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unloaded(name: &ModelName) -> RegistryFault {
    Arc::new(RegistryError::Unloaded { name: name.clone() })
}

impl Drop for Registry {
    fn drop(&mut self) {
        /// Idle models end at once.
        const PATIENCE: Duration = Duration::from_secs(5);
        self.close(PATIENCE);
    }
}
