//! The handle on the threads that share one computation.

use std::sync::Arc;

use rayon::prelude::*;

/// A fixed set of compute threads. Cloning shares them.
///
/// Work is always cut the same way, whatever the number of threads, so a result depends on the
/// number of threads in no bit.
#[derive(Clone, Debug)]
pub struct Threads {
    /// `None`: the calling thread does everything.
    pool: Option<Arc<rayon::ThreadPool>>,
}

/// The operating system refused to start the compute threads.
#[derive(Debug, thiserror::Error)]
#[error("cannot start {count} compute threads")]
pub struct ThreadsError {
    count: usize,
    #[source]
    source: rayon::ThreadPoolBuildError,
}

impl Threads {
    /// Starts `count` threads; for zero or one, the calling thread does the work itself.
    ///
    /// # Errors
    /// [`ThreadsError`] if the operating system refuses.
    pub fn new(count: usize) -> Result<Self, ThreadsError> {
        if count <= 1 {
            return Ok(Self::single());
        }
        rayon::ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(|index| format!("compute-{index}"))
            .build()
            .map(|pool| Self { pool: Some(Arc::new(pool)) })
            .map_err(|source| ThreadsError { count, source })
    }

    /// The calling thread does everything.
    pub fn single() -> Self {
        Self { pool: None }
    }

    /// How many threads share the work.
    pub fn count(&self) -> usize {
        self.pool.as_ref().map_or(1, |pool| pool.current_num_threads())
    }

    /// Calls `work` with the index of every item and the item.
    pub fn for_each<T: Send>(&self, items: &mut [T], work: impl Fn(usize, &mut T) + Send + Sync) {
        match &self.pool {
            Some(pool) if items.len() > 1 => pool.install(|| {
                items.par_iter_mut().enumerate().for_each(|(index, item)| work(index, item));
            }),
            _ => items.iter_mut().enumerate().for_each(|(index, item)| work(index, item)),
        }
    }
}
