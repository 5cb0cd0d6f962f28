//! The way in to a model, for as many callers as want it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use tokio::sync::oneshot;
use tokio::time::timeout_at;

use super::command::{Answer, Command, Reply};
use super::queue::Shared;
use super::{InferenceError, InputFault, Placement, Signature, Statistics, Tensor};

/// A way in to one model. Clones lead to the same queue; they do not keep the model loaded.
#[derive(Clone)]
pub struct ModelHandle {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for ModelHandle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ModelHandle").field("model", &self.name()).finish_non_exhaustive()
    }
}

impl ModelHandle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Computes the outputs for named inputs, within the deadline of the configuration. Dropping
    /// the future gives up the request.
    ///
    /// # Errors
    /// [`InferenceError`]; a full queue is told at once.
    pub async fn run(&self, inputs: Vec<(String, Tensor)>) -> Result<Answer, InferenceError> {
        self.run_until(inputs, Instant::now() + self.shared.config.deadline).await
    }

    /// As [`ModelHandle::run`], until `deadline`.
    ///
    /// # Errors
    /// [`InferenceError`].
    pub async fn run_until(
        &self,
        inputs: Vec<(String, Tensor)>,
        deadline: Instant,
    ) -> Result<Answer, InferenceError> {
        let began = Instant::now();
        let mut reply = self.submit(inputs, deadline)?;
        match timeout_at(deadline.into(), &mut reply).await {
            Ok(answer) => answer.unwrap_or(Err(InferenceError::Closed)),
            Err(_) => Err(expired(began, deadline)),
        }
    }

    /// As [`ModelHandle::run_until`], blocking the calling thread.
    ///
    /// # Errors
    /// [`InferenceError`].
    pub fn run_blocking(
        &self,
        inputs: Vec<(String, Tensor)>,
        deadline: Instant,
    ) -> Result<Answer, InferenceError> {
        let began = Instant::now();
        let reply = self.submit(inputs, deadline)?;
        match wait(reply, deadline) {
            Some(answer) => answer.unwrap_or(Err(InferenceError::Closed)),
            None => Err(expired(began, deadline)),
        }
    }

    /// The name of the model.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// What goes in and comes out.
    pub fn signature(&self) -> &Signature {
        &self.shared.signature
    }

    /// Where it runs.
    pub fn placement(&self) -> Placement {
        self.shared.placement()
    }

    /// What it has done since it was loaded.
    pub fn statistics(&self) -> Statistics {
        self.shared.statistics()
    }

    /// Requests that wait.
    pub fn queued(&self) -> usize {
        self.shared.queued()
    }

    /// Whether at least one session works.
    pub fn is_healthy(&self) -> bool {
        self.shared.is_healthy()
    }

    /// Whether the model is being unloaded or is gone.
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    fn submit(
        &self,
        inputs: Vec<(String, Tensor)>,
        deadline: Instant,
    ) -> Result<oneshot::Receiver<Reply>, InferenceError> {
        let inputs = self.shared.signature.order(inputs)?;
        let limit = self.shared.config.max_batch_elements;
        let actual = inputs.iter().map(Tensor::len).sum();
        if actual > limit {
            return Err(InputFault::TooLarge { limit, actual }.into());
        }
        let (command, reply) = Command::new(inputs, deadline);
        self.shared.submit(command)?;
        Ok(reply)
    }
}

fn expired(began: Instant, deadline: Instant) -> InferenceError {
    InferenceError::Expired { allowed: deadline.saturating_duration_since(began) }
}

/// Waits for a reply on this thread; `None` when the time is up.
fn wait(
    mut reply: oneshot::Receiver<Reply>,
    deadline: Instant,
) -> Option<Result<Reply, oneshot::error::RecvError>> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(reply) = Pin::new(&mut reply).poll(&mut context) {
            return Some(reply);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        thread::park_timeout(left);
    }
}
