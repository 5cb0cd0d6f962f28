//! The threads, their queue, and how they come to rest.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::WorkerConfig;
use super::admission::{Admission, Refused};
use super::job::{Job, Ticket};
use super::watch::Watch;
use crate::telemetry::{Load, Metrics, Outcome};

/// How long cancelled jobs have to notice it while the pool is drained: an iteration of the
/// largest image takes less.
const NOTICE: Duration = Duration::from_secs(5);

/// A fixed number of threads that work off a bounded queue.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    deadline: Duration,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Signalled when a job is queued, when one ends, and when draining begins.
    changed: Condvar,
    metrics: Arc<Metrics>,
}

struct State {
    queue: VecDeque<Job>,
    running: Vec<(Arc<Watch>, u64)>,
    admission: Admission,
    draining: bool,
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("State").field("load", &self.load()).finish_non_exhaustive()
    }
}

impl Pool {
    /// Threads that work, as many as requests are computed side by side.
    pub fn threads(&self) -> usize {
        self.threads.len()
    }

    /// Starts the threads.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(config: &WorkerConfig, metrics: Arc<Metrics>) -> io::Result<Self> {
        let workers = config.threads.resolve().get();
        metrics.work().threads(workers);
        let state = State {
            queue: VecDeque::new(),
            running: Vec::with_capacity(workers),
            admission: Admission::new(config, workers),
            draining: false,
        };
        let shared =
            Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), metrics });
        let threads = (0..workers)
            .map(|index| {
                let shared = Arc::clone(&shared);
                thread::Builder::new()
                    .name(format!("cogd-worker-{index}"))
                    .spawn(move || shared.work())
            })
            .collect::<io::Result<_>>()?;
        Ok(Self { shared, threads, deadline: config.deadline })
    }

    /// Queues a job of so many pixels, or refuses it at once.
    ///
    /// The work is given a [`Watch`] to report to; it should end soon after that says so.
    ///
    /// # Errors
    /// [`Refused`] if the pool is full or draining.
    pub fn submit<T, F>(&self, pixels: u64, work: F) -> Result<Ticket<T>, Refused>
    where
        T: Send + 'static,
        F: FnOnce(&Watch) -> T + Send + 'static,
    {
        let mut state = self.shared.lock();
        if state.draining {
            return Err(Refused::Draining);
        }
        // A job nobody waits for must not keep out one that somebody does.
        self.shared.discard_dead(&mut state);
        let load = state.load();
        state
            .admission
            .admit(load, pixels)
            .inspect_err(|_| self.shared.metrics.work().ended(Outcome::Rejected))?;
        Ok(self.shared.enqueue(state, pixels, self.deadline, work))
    }

    /// Queues work that was accepted long ago, with a deadline of its own.
    ///
    /// It is never refused for lack of room, as it would only come back, but what it takes counts
    /// for the admission of others. The caller bounds how many there are at a time.
    ///
    /// # Errors
    /// [`Refused::Draining`] if the pool is on its way to stop.
    pub fn submit_accepted<T, F>(
        &self,
        pixels: u64,
        deadline: Duration,
        work: F,
    ) -> Result<Ticket<T>, Refused>
    where
        T: Send + 'static,
        F: FnOnce(&Watch) -> T + Send + 'static,
    {
        let state = self.shared.lock();
        if state.draining {
            return Err(Refused::Draining);
        }
        Ok(self.shared.enqueue(state, pixels, deadline, work))
    }

    /// What is queued and running now.
    pub fn load(&self) -> Load {
        self.shared.lock().load()
    }

    /// Whether the pool has stopped taking jobs.
    pub fn is_draining(&self) -> bool {
        self.shared.lock().draining
    }

    /// Stops taking jobs, without waiting for those at hand.
    pub fn close(&self) {
        self.shared.lock().draining = true;
        self.shared.changed.notify_all();
    }

    /// Stops taking jobs, finishes those at hand within `grace`, and cancels the rest.
    ///
    /// Blocks the calling thread. Returns the number of jobs that had to be cancelled.
    pub fn drain(&self, grace: Duration) -> usize {
        self.close();
        let state = self.shared.wait_until_idle(self.shared.lock(), grace);
        let cancelled = state.cancel_all();
        drop(self.shared.wait_until_idle(state, NOTICE));
        cancelled
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.close();
        self.shared.lock().cancel_all();
        for thread in self.threads.drain(..) {
            // A worker catches the panics of its jobs, so there is no news in the result.
            let _ = thread.join();
        }
    }
}

impl State {
    fn load(&self) -> Load {
        let pixels = self.queue.iter().map(|job| job.pixels).sum::<u64>()
            + self.running.iter().map(|(_, pixels)| pixels).sum::<u64>();
        Load { queued: self.queue.len(), running: self.running.len(), pixels }
    }

    fn cancel_all(&self) -> usize {
        self.queue.iter().for_each(|job| job.watch.cancel());
        self.running.iter().for_each(|(watch, _)| watch.cancel());
        self.queue.len() + self.running.len()
    }
}

impl Shared {
    fn enqueue<T, F>(
        &self,
        mut state: MutexGuard<'_, State>,
        pixels: u64,
        deadline: Duration,
        work: F,
    ) -> Ticket<T>
    where
        T: Send + 'static,
        F: FnOnce(&Watch) -> T + Send + 'static,
    {
        let (job, ticket) = Job::new(pixels, deadline, work);
        state.queue.push_back(job);
        self.metrics.work().load(state.load());
        drop(state);
        self.changed.notify_all();
        ticket
    }

    /// The life of one thread.
    fn work(&self) {
        while let Some(job) = self.next() {
            let (watch, began) = (Arc::clone(&job.watch), Instant::now());
            let outcome = job.run();
            self.record(&watch, outcome, began.elapsed());
        }
    }

    /// Waits for a job somebody still wants; `None` when drained and done.
    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            self.discard_dead(&mut state);
            if let Some(job) = state.queue.pop_front() {
                state.running.push((Arc::clone(&job.watch), job.pixels));
                self.metrics.work().load(state.load());
                return Some(job);
            }
            if state.draining {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes out of the queue what nobody waits for any more.
    fn discard_dead(&self, state: &mut State) {
        let before = state.queue.len();
        state.queue.retain(|job| {
            let (alive, cancelled) = (job.watch.is_alive(), job.watch.is_cancelled());
            if !alive {
                self.metrics.work().ended(if cancelled {
                    Outcome::Cancelled
                } else {
                    Outcome::Expired
                });
            }
            alive
        });
        if state.queue.len() < before {
            self.metrics.work().load(state.load());
            self.changed.notify_all();
        }
    }

    fn record(&self, watch: &Arc<Watch>, outcome: Outcome, run: Duration) {
        let mut state = self.lock();
        state.running.retain(|(running, _)| !Arc::ptr_eq(running, watch));
        self.metrics.work().ended(outcome);
        if outcome == Outcome::Finished {
            state.admission.learn(run);
            if let Some(subject) = watch.subject() {
                self.metrics.work().stages(&subject, watch.finish().named());
                self.metrics.work().iterations(&subject, watch.iterations());
            }
        }
        self.metrics.work().load(state.load());
        drop(state);
        self.changed.notify_all();
    }

    fn wait_until_idle<'a>(
        &self,
        state: MutexGuard<'a, State>,
        patience: Duration,
    ) -> MutexGuard<'a, State> {
        let busy = |state: &mut State| !state.queue.is_empty() || !state.running.is_empty();
        let waited = self.changed.wait_timeout_while(state, patience, busy);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    // No code that can panic runs under the lock, so a poisoned one holds nothing torn.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
