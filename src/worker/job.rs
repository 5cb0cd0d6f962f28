//! One piece of work, and the ticket by which its owner waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout_at;

use super::watch::{Timings, Watch};
use crate::telemetry::Outcome;

/// What came out of a job, and where its time went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finished<T> {
    /// The result of the work.
    pub value: T,
    /// Time spent in each stage.
    pub timings: Timings,
}

impl<T, E> Finished<Result<T, E>> {
    /// Moves the error of the work outside.
    ///
    /// # Errors
    /// The error of the work.
    pub fn transpose(self) -> Result<Finished<T>, E> {
        let Self { value, timings } = self;
        value.map(|value| Finished { value, timings })
    }
}

/// Why a job that was accepted has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobFailure {
    /// Its time was up, in the queue or at work.
    #[error("not finished within {} s", allowed.as_secs_f64())]
    Expired {
        /// The time it was given.
        allowed: Duration,
    },
    /// The service stopped before it was done.
    #[error("stopped because the service is shutting down")]
    Cancelled,
    /// The work panicked.
    #[error("the work panicked")]
    Panicked,
}

/// The right to the result of one job. Dropping it cancels the job.
#[derive(Debug)]
pub struct Ticket<T> {
    reply: oneshot::Receiver<Result<Finished<T>, JobFailure>>,
    watch: Arc<Watch>,
    allowed: Duration,
}

impl<T> Ticket<T> {
    /// What the work is watched with.
    pub fn watch(&self) -> Arc<Watch> {
        Arc::clone(&self.watch)
    }

    /// Waits for the result, at most until the deadline of the job.
    ///
    /// # Errors
    /// [`JobFailure`] if the job did not come to its end.
    pub async fn wait(mut self) -> Result<Finished<T>, JobFailure> {
        let deadline = self.watch.deadline().into();
        match timeout_at(deadline, &mut self.reply).await {
            Ok(Ok(reply)) => reply,
            // The job was dropped unanswered: the pool was drained before it could start.
            Ok(Err(_)) => Err(JobFailure::Cancelled),
            Err(_) => Err(JobFailure::Expired { allowed: self.allowed }),
        }
    }
}

impl<T> Drop for Ticket<T> {
    fn drop(&mut self) {
        self.watch.cancel();
    }
}

/// A job as the pool sees it: a size, a watch, and something to call once.
pub(super) struct Job {
    pub(super) pixels: u64,
    pub(super) watch: Arc<Watch>,
    run: Box<dyn FnOnce(&Watch) -> Outcome + Send>,
}

impl Job {
    /// Wraps the work so that its result, its panic or its end by the clock reaches the ticket.
    pub(super) fn new<T, F>(pixels: u64, allowed: Duration, work: F) -> (Self, Ticket<T>)
    where
        T: Send + 'static,
        F: FnOnce(&Watch) -> T + Send + 'static,
    {
        let (sender, reply) = oneshot::channel();
        let watch = Arc::new(Watch::new(allowed));
        let run = move |watch: &Watch| {
            let result = catch_unwind(AssertUnwindSafe(|| work(watch)));
            let timings = watch.finish();
            let (answer, outcome) = match result {
                Err(_) => (Err(JobFailure::Panicked), Outcome::Panicked),
                Ok(value) if !watch.was_stopped() => {
                    (Ok(Finished { value, timings }), Outcome::Finished)
                }
                Ok(_) if watch.is_cancelled() => (Err(JobFailure::Cancelled), Outcome::Cancelled),
                Ok(_) => (Err(JobFailure::Expired { allowed }), Outcome::Expired),
            };
            // Nobody listens any more if the ticket is gone, and that is fine.
            let _ = sender.send(answer);
            outcome
        };
        let job = Self { pixels, watch: Arc::clone(&watch), run: Box::new(run) };
        (job, Ticket { reply, watch, allowed })
    }

    /// Runs the work on this thread.
    pub(super) fn run(self) -> Outcome {
        self.watch.start();
        (self.run)(&self.watch)
    }
}
