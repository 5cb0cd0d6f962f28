//! The threads of one model: started warm, drained when dropped.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::instance::{self, Instance};
use super::queue::Shared;
use super::{BackendFactory, ExecutorConfig, InferenceError, ModelHandle};

/// The sessions of one model. Dropping it takes no more requests, finishes those it has and ends
/// the threads; that blocks for as long as the requests take.
pub struct Executor {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Executor").field("model", &self.shared.name).finish_non_exhaustive()
    }
}

impl Executor {
    /// Loads the network once for every instance, warms each up, and starts their threads.
    ///
    /// Blocks the calling thread until the model is ready.
    ///
    /// # Errors
    /// [`InferenceError::Load`] if it cannot be loaded or warmed up, [`InferenceError::Thread`] if
    /// the system refuses a thread.
    pub fn start(
        name: &str,
        factory: &BackendFactory,
        config: ExecutorConfig,
    ) -> Result<Self, InferenceError> {
        let load = |_| instance::load(factory, &config).map_err(InferenceError::Load);
        let backends = (0..config.instances.get()).map(load).collect::<Result<Vec<_>, _>>()?;
        // There is at least one instance.
        let first = &backends[0];
        let (signature, placement) = (first.signature().clone(), first.placement().clone());
        let shared = Arc::new(Shared::new(name, signature, placement, config));
        let mut executor = Self { shared: Arc::clone(&shared), threads: Vec::new() };
        for (index, backend) in backends.into_iter().enumerate() {
            let instance = Instance::new(Arc::clone(&shared), Arc::clone(factory), backend);
            let thread = thread::Builder::new()
                .name(format!("cogd-model-{index}"))
                .spawn(move || instance.serve())
                .map_err(|error| InferenceError::Thread { reason: error.to_string() })?;
            executor.threads.push(thread);
        }
        Ok(executor)
    }

    /// A way in.
    pub fn handle(&self) -> ModelHandle {
        ModelHandle::new(Arc::clone(&self.shared))
    }

    /// Takes no more requests, without waiting for those at hand.
    pub fn close(&self) {
        self.shared.close();
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.close();
        for thread in self.threads.drain(..) {
            // An instance catches the panics of its session, so there is no news in the result.
            let _ = thread.join();
        }
    }
}
