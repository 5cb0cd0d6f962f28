//! The composition root: settings in, a running service out.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::spawn_blocking;

use crate::config::Config;
use crate::engines::Environment;
use crate::http::{self, ApiState, Gate, Router};
use crate::numerics::{Threads, ThreadsError};
use crate::telemetry::Metrics;
use crate::worker::Pool;

/// All parts of the service, built once.
#[derive(Debug)]
pub struct App {
    config: Config,
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
    /// There are no threads to compute with.
    #[error("the compute threads (worker.compute_threads) cannot be started")]
    ComputeThreads(#[source] ThreadsError),
    /// There are no threads to work with.
    #[error("the worker threads (worker.threads) cannot be started")]
    Workers(#[source] io::Error),
    /// The address is taken, or is not one of this machine.
    #[error("cannot listen on {address} (bind)")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

impl App {
    /// Builds every part. Nothing listens yet.
    ///
    /// # Errors
    /// [`StartError`] if the system does not give what the settings ask for.
    pub fn build(config: Config) -> Result<Self, StartError> {
        std::fs::create_dir_all(&config.data_dir).map_err(|source| {
            let path = config.data_dir.clone();
            StartError::DataDir { path, source }
        })?;
        let threads = Threads::new(config.worker.compute_threads.resolve().get())
            .map_err(StartError::ComputeThreads)?;
        let metrics = Arc::new(Metrics::default());
        let pool =
            Pool::start(&config.worker, Arc::clone(&metrics)).map_err(StartError::Workers)?;
        let state = ApiState {
            config: Arc::new(config.http.clone()),
            gate: Arc::new(Gate::open()),
            environment: Arc::new(Environment { limits: config.image.clone(), threads }),
            pool: Arc::new(pool),
            metrics,
        };
        Ok(Self { config, state })
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
        let address = self.config.http.bind;
        TcpListener::bind(address).await.map_err(|source| StartError::Bind { address, source })
    }

    /// Serves until `signal` resolves, then finishes the work at hand.
    ///
    /// While it does, connections are still accepted, so that clients and probes are told that
    /// the service is going away instead of being turned off without a word.
    pub async fn serve(self, listener: TcpListener, signal: impl Future<Output = ()>) {
        let grace = self.config.http.shutdown_grace;
        let pool = Arc::clone(&self.state.pool);
        let drained = async {
            signal.await;
            tracing::info!(grace_s = grace.as_secs_f64(), "finishing the work at hand");
            match spawn_blocking(move || pool.drain(grace)).await {
                Ok(0) => tracing::info!("all work is finished"),
                Ok(cancelled) => tracing::warn!(cancelled, "the grace period was too short"),
                Err(error) => tracing::error!(%error, "draining failed"),
            }
        };
        http::serve(listener, self.router(), &self.config.http, drained).await;
    }
}
