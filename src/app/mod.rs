//! The composition root: settings in, a running service out.

mod models;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use crate::config::{self, Config};
use crate::engines::Environment;
use crate::http::{self, ApiState, ApiWording, Gate, GateError, Router};
use crate::numerics::{Threads, ThreadsError};
use crate::registry::{Registry, RegistryError};
use crate::storage::{
    BlobStore, Clock, Database, JobQueue, OpenError, QueueConfig, SigningKey, StorageError,
};
use crate::telemetry::Metrics;
use crate::worker::{Deliverer, NoClient, Pool, Runner, Workshop};
use models::BucketModels;

/// Time to record, after the grace period, how the last jobs ended.
const RECORDING: Duration = Duration::from_secs(5);

/// All parts of the service, built once.
#[derive(Debug)]
pub struct App {
    config: Config,
    bucket_models: Option<BucketModels>,
    state: ApiState,
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder of the service can be neither found nor made.
    #[error("the folder {} (data_dir) cannot be used", path.display())]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The key of the addresses of results can be neither read nor made.
    #[error("the key in data_dir that addresses are signed with (http.url_secret) cannot be used")]
    UrlKey(#[source] io::Error),
    /// There are no threads to compute with.
    #[error("the compute threads (worker.compute_threads) cannot be started")]
    ComputeThreads(#[source] ThreadsError),
    /// There are no threads to work with.
    #[error("the worker threads (worker.threads) cannot be started")]
    Workers(#[source] io::Error),
    /// The database or the message broker cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// There can be no gate.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The store of files cannot be used.
    #[error("the store of files cannot be opened")]
    Blobs(#[from] OpenError),
    /// The models cannot be looked at.
    #[error(transparent)]
    Models(#[from] RegistryError),
    /// Models cannot come from two places.
    #[error("models.dir and models.url name two places for the models: give one of them")]
    TwoPlacesForModels,
    /// The bucket of models cannot be used.
    #[error("the bucket of models (models.url) cannot be opened")]
    BucketModels(#[source] OpenError),
    /// Webhooks cannot be called.
    #[error(transparent)]
    Webhooks(#[from] NoClient),
    /// The address is taken, or is not one of this machine.
    #[error("cannot listen on {address} ({setting})")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The setting that names it.
        setting: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl App {
    /// Builds every part, and brings the tables of the database up to date. Nothing listens or
    /// works yet.
    ///
    /// # Errors
    /// [`StartError`] if the system does not give what the settings ask for.
    pub async fn build(config: Config) -> Result<Self, StartError> {
        let mut app = Self::build_worker(config).await?;
        let (auth, bind) = (&app.config.auth, app.config.http.bind);
        let database = &app.state.workshop.database;
        let gate = Gate::build(auth, bind, database, &Clock::system()).await?;
        app.state.gate = Arc::new(gate);
        let url_key = match &app.config.http.url_secret {
            Some(given) => given.clone(),
            None => SigningKey::keep(&app.config.data_dir).map_err(StartError::UrlKey)?,
        };
        app.state.url_key = Arc::new(url_key);
        Ok(app)
    }

    /// As [`Self::build`], to run jobs alone. Keys are asked for as everywhere, but it does its work
    /// whether or not there is one.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub async fn build_worker(mut config: Config) -> Result<Self, StartError> {
        std::fs::create_dir_all(&config.data_dir).map_err(|source| {
            let path = config.data_dir.clone();
            StartError::DataDir { path, source }
        })?;
        let threads = Threads::new(config.worker.compute_threads.resolve().get())
            .map_err(StartError::ComputeThreads)?;
        let metrics = Arc::new(Metrics::default());
        let pool =
            Pool::start(&config.worker, Arc::clone(&metrics)).map_err(StartError::Workers)?;
        let pool = Arc::new(pool);
        let search = config::library_search(config.models.onnxruntime.clone());
        let bucket_models = BucketModels::open(&mut config)?;
        if let Some(models) = &bucket_models {
            models.fetch().await;
        }
        let registry = Registry::open(&config.models, search, &metrics)?;
        let environment = Arc::new(Environment {
            limits: config.image.clone(),
            threads,
            networks: Arc::<Registry>::clone(&registry),
        });
        let database = Database::connect(&config.storage, &config.data_dir).await?;
        database.migrate().await?;
        let queue = QueueConfig { lost: http::worker_lost(), ..config.queue.clone() };
        let workshop = Workshop {
            queue: JobQueue::open(database.clone(), Clock::system(), &queue).await?,
            blobs: BlobStore::open(&config.blobs, &config.data_dir)?,
            pool: Arc::clone(&pool),
            environment: Arc::clone(&environment),
            deliverer: Deliverer::new(
                database.clone(),
                Clock::system(),
                config.webhooks.clone(),
                Arc::clone(&metrics),
            )?,
            wording: Arc::new(ApiWording { root_path: config.http.root_path.clone() }),
            metrics: Arc::clone(&metrics),
            config: config.jobs.clone(),
            database,
        };
        let gate = config.http.worker_bind.map_or_else(Gate::open, |bind| {
            Gate::at(&config.auth, bind, &workshop.database, &Clock::system())
        });
        let state = ApiState {
            config: Arc::new(config.http.clone()),
            gate: Arc::new(gate),
            environment,
            pool,
            registry,
            workshop: Arc::new(workshop),
            closing: CancellationToken::new(),
            solver: Arc::default(),
            url_key: Arc::new(SigningKey::generate().map_err(StartError::UrlKey)?),
            metrics,
        };
        Ok(Self { config, bucket_models, state })
    }

    /// Everything the service answers, without a socket.
    pub fn router(&self) -> Router {
        http::router(self.state.clone())
    }

    /// Where the work is done.
    pub fn pool(&self) -> &Arc<Pool> {
        &self.state.pool
    }

    /// Takes the address of the settings.
    ///
    /// # Errors
    /// [`StartError::Bind`] if the system refuses it.
    pub async fn bind(&self) -> Result<TcpListener, StartError> {
        listen(self.config.http.bind, "bind").await
    }

    /// Takes the address of the settings for a process that only works, if there is one.
    ///
    /// # Errors
    /// [`StartError::Bind`] if the system refuses it.
    pub async fn bind_worker(&self) -> Result<Option<TcpListener>, StartError> {
        match self.config.http.worker_bind {
            Some(address) => listen(address, "http.worker_bind").await.map(Some),
            None => Ok(None),
        }
    }

    /// What jobs are run with.
    pub fn workshop(&self) -> &Arc<Workshop> {
        &self.state.workshop
    }

    /// Serves until `signal` resolves, then finishes the work at hand.
    ///
    /// While it does, connections are still accepted, so that clients and probes are told that
    /// the service is going away instead of being turned off without a word.
    pub async fn serve(self, listener: TcpListener, signal: impl Future<Output = ()>) {
        let router = self.router();
        self.answer(router, listener, signal).await;
    }

    /// As [`Self::work`], and tells meanwhile how it is.
    pub async fn work_watched(self, listener: TcpListener, signal: impl Future<Output = ()>) {
        let router = http::watch_router(self.state.clone());
        self.answer(router, listener, signal).await;
    }

    async fn answer(self, router: Router, listener: TcpListener, signal: impl Future<Output = ()>) {
        let closing = self.state.closing.clone();
        let (config, metrics) = (self.config.http.clone(), Arc::clone(&self.state.metrics));
        let stopped = self.work(async move {
            signal.await;
            closing.cancel();
        });
        http::serve(listener, router, &config, &metrics, stopped).await;
    }

    /// Runs jobs until `signal` resolves, then finishes the work at hand or hands it back.
    pub async fn work(&self, signal: impl Future<Output = ()>) {
        let slots = self.config.jobs.slots.resolve(self.config.worker.threads);
        let workshop = Arc::clone(&self.state.workshop);
        let runner = Arc::new(Runner::new(Arc::clone(&workshop), slots));
        let running = tokio::spawn({
            let runner = Arc::clone(&runner);
            async move { runner.run().await }
        });
        let ending = CancellationToken::new();
        let cleaning = tokio::spawn({
            let (workshop, ending) = (Arc::clone(&workshop), ending.clone());
            async move { workshop.keep_clean(&ending).await }
        });
        let telling = tokio::spawn({
            let (deliverer, ending) = (workshop.deliverer.clone(), ending.clone());
            async move { deliverer.run(&ending).await }
        });
        let watching = tokio::spawn({
            let (registry, ending) = (Arc::clone(&self.state.registry), ending.clone());
            async move { registry.watch(&ending).await }
        });
        let following = tokio::spawn({
            let (models, ending) = (self.bucket_models.clone(), ending.clone());
            async move {
                if let Some(models) = models {
                    models.follow(&ending).await;
                }
            }
        });
        signal.await;
        let grace = self.config.http.shutdown_grace;
        tracing::info!(grace_s = grace.as_secs_f64(), "finishing the work at hand");
        runner.close();
        let (pool, registry) = (Arc::clone(&self.state.pool), Arc::clone(&self.state.registry));
        let draining = Instant::now();
        match spawn_blocking(move || pool.drain(grace)).await {
            Ok(0) => tracing::info!("all work is finished"),
            Ok(cancelled) => tracing::warn!(cancelled, "the grace period was too short"),
            Err(error) => tracing::error!(%error, "draining failed"),
        }
        let patience = grace.saturating_sub(draining.elapsed());
        match spawn_blocking(move || registry.close(patience)).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!("some models are still at work"),
            Err(error) => tracing::error!(%error, "ending the models failed"),
        }
        runner.finish(RECORDING).await;
        ending.cancel();
        for task in [running, cleaning, telling, watching, following] {
            if let Err(error) = task.await {
                tracing::error!(%error, "a background task failed");
            }
        }
    }
}

async fn listen(address: SocketAddr, setting: &'static str) -> Result<TcpListener, StartError> {
    let refused = |source| StartError::Bind { address, setting, source };
    TcpListener::bind(address).await.map_err(refused)
}
