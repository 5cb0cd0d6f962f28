//! One request on its way to a session, and its answer on the way back.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tracing::Span;

use super::batch::Entry;
use super::{InferenceError, Tensor};

/// Where the time of a request went. Requests that ran together share all but the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Waiting for a session.
    pub queue: Duration,
    /// Joining the inputs of the batch.
    pub input: Duration,
    /// The network itself.
    pub infer: Duration,
    /// Taking the outputs of the batch apart.
    pub output: Duration,
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Outputs by name, in the model's order.
    pub outputs: Vec<(String, Tensor)>,
    /// Where the time went.
    pub timings: Timings,
    /// Rows that were computed together, this request's among them.
    pub batch: usize,
}

/// What comes back to the caller.
pub(super) type Reply = Result<Answer, InferenceError>;

/// A request in the queue.
pub(super) struct Command {
    /// In the order of the signature.
    pub(super) inputs: Vec<Tensor>,
    /// Length of the first axis of all inputs; `None` if they differ or there is none.
    rows: Option<usize>,
    elements: usize,
    inner: Vec<Vec<usize>>,
    pub(super) reply: oneshot::Sender<Reply>,
    pub(super) accepted: Instant,
    pub(super) deadline: Instant,
    /// The span of the caller, so that a fault is logged where it belongs.
    pub(super) span: Span,
}

impl Command {
    pub(super) fn new(inputs: Vec<Tensor>, deadline: Instant) -> (Self, oneshot::Receiver<Reply>) {
        let (reply, receiver) = oneshot::channel();
        let mut lengths = inputs.iter().map(|input| input.shape().first().copied());
        let first = lengths.next().flatten();
        let rows = first.filter(|first| lengths.all(|length| length == Some(*first)));
        let rest = |input: &Tensor| input.shape().get(1..).unwrap_or_default().to_vec();
        let command = Self {
            rows,
            elements: inputs.iter().map(Tensor::len).sum(),
            inner: inputs.iter().map(rest).collect(),
            inputs,
            reply,
            accepted: Instant::now(),
            deadline,
            span: Span::current(),
        };
        (command, receiver)
    }

    /// What the choice of a batch sees; `batchable` says whether it may join another at all.
    pub(super) fn entry(&self, batchable: bool) -> Entry<'_> {
        let rows = self.rows.filter(|_| batchable);
        Entry { rows, elements: self.elements, inner: &self.inner }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.unwrap_or(1)
    }

    pub(super) fn allowed(&self) -> Duration {
        self.deadline.saturating_duration_since(self.accepted)
    }
}
