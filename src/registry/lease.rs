//! A loaded model, and the right to run it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::table::Key;
use super::{Manifest, ModelName, Version};
use crate::inference::{
    Answer, Executor, InferenceError, ModelHandle, Placement, Signature, Statistics, Tensor,
};
use crate::telemetry::{Metrics, ModelLabels};

/// The right to run a model. Whatever happens to the model meanwhile, its requests are answered
/// by what was leased: it is unloaded when the last lease is gone.
#[derive(Clone, Debug)]
pub struct Lease {
    model: Arc<Loaded>,
}

impl Lease {
    pub(super) fn new(model: Arc<Loaded>) -> Self {
        Self { model }
    }

    /// The model.
    pub fn name(&self) -> &ModelName {
        &self.model.key.0
    }

    /// The version.
    pub fn version(&self) -> Version {
        self.model.key.1
    }

    /// What the numbers mean.
    pub fn manifest(&self) -> &Manifest {
        &self.model.manifest
    }

    /// What goes in and comes out.
    pub fn signature(&self) -> &Signature {
        self.model.handle.signature()
    }

    /// Where it runs.
    pub fn placement(&self) -> Placement {
        self.model.handle.placement()
    }

    /// What it has done since it was loaded.
    pub fn statistics(&self) -> Statistics {
        self.model.handle.statistics()
    }

    /// Whether at least one of its sessions works.
    pub fn is_healthy(&self) -> bool {
        self.model.handle.is_healthy()
    }

    /// Requests that wait for it.
    pub fn queued(&self) -> usize {
        self.model.handle.queued()
    }

    /// Memory that it takes, in bytes, estimated from its file.
    pub fn bytes(&self) -> u64 {
        self.model.bytes
    }

    /// Longest first axis of a batch; one if every request runs by itself.
    pub fn max_batch(&self) -> usize {
        self.model.max_batch
    }

    /// Longest time from the acceptance of a request to its answer.
    pub fn patience(&self) -> Duration {
        self.model.patience
    }

    /// Computes the outputs for named inputs, until `deadline`. Dropping the future gives up the
    /// request.
    ///
    /// # Errors
    /// [`InferenceError`]; a full queue is told at once.
    pub async fn run(
        &self,
        inputs: Vec<(String, Tensor)>,
        deadline: Instant,
    ) -> Result<Answer, InferenceError> {
        let began = Instant::now();
        let answer = self.model.handle.run_until(inputs, deadline).await;
        self.model.record(began, &answer);
        answer
    }

    /// As [`Lease::run`], blocking the calling thread.
    ///
    /// # Errors
    /// [`InferenceError`].
    pub fn run_blocking(
        &self,
        inputs: Vec<(String, Tensor)>,
        deadline: Instant,
    ) -> Result<Answer, InferenceError> {
        let began = Instant::now();
        let answer = self.model.handle.run_blocking(inputs, deadline);
        self.model.record(began, &answer);
        answer
    }
}

/// A model with its threads.
pub(super) struct Loaded {
    key: Key,
    manifest: Manifest,
    handle: ModelHandle,
    /// There until the model is dropped.
    executor: Option<Executor>,
    bytes: u64,
    max_batch: usize,
    patience: Duration,
    used: AtomicU64,
    living: Living,
    metrics: Arc<Metrics>,
    labels: ModelLabels,
}

impl fmt::Debug for Loaded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Loaded").field("key", &self.key).finish_non_exhaustive()
    }
}

/// What is known of a model before its threads are started.
pub(super) struct Sheet {
    pub(super) key: Key,
    pub(super) manifest: Manifest,
    pub(super) bytes: u64,
    pub(super) max_batch: usize,
    pub(super) patience: Duration,
}

impl Loaded {
    pub(super) fn new(
        sheet: Sheet,
        executor: Executor,
        living: &Living,
        metrics: &Arc<Metrics>,
    ) -> Self {
        let Sheet { key, manifest, bytes, max_batch, patience } = sheet;
        let handle = executor.handle();
        let max_batch = if handle.signature().is_batchable() { max_batch } else { 1 };
        let labels = ModelLabels::new(key.0.as_str(), &key.1.to_string());
        living.add();
        Self {
            key,
            manifest,
            handle,
            executor: Some(executor),
            bytes,
            max_batch,
            patience,
            used: AtomicU64::new(0),
            living: living.clone(),
            metrics: Arc::clone(metrics),
            labels,
        }
    }

    pub(super) fn key(&self) -> Key {
        self.key.clone()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn last_used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Notes a use; `tick` rises from use to use.
    pub(super) fn touch(&self, tick: u64) {
        self.used.fetch_max(tick, Ordering::Relaxed);
    }

    pub(super) fn handle(&self) -> &ModelHandle {
        &self.handle
    }

    pub(super) fn labels(&self) -> &ModelLabels {
        &self.labels
    }

    fn record(&self, began: Instant, answer: &Result<Answer, InferenceError>) {
        let batch = answer.as_ref().map(|answer| answer.batch).map_err(reason);
        self.metrics.models().request(&self.labels, began.elapsed(), batch);
    }
}

/// Why a request failed, in a word for a label.
fn reason(error: &InferenceError) -> &'static str {
    match error {
        InferenceError::Overloaded { .. } => "overloaded",
        InferenceError::BadInput(_) => "bad_input",
        InferenceError::Rejected { .. } => "rejected",
        InferenceError::Expired { .. } => "expired",
        InferenceError::Closed => "closed",
        InferenceError::Unhealthy
        | InferenceError::Load(_)
        | InferenceError::Failed(_)
        | InferenceError::Thread { .. } => "failed",
    }
}

impl Drop for Loaded {
    /// Ending a model waits for what it computes, so a thread of its own does that.
    fn drop(&mut self) {
        let (executor, living) = (self.executor.take(), self.living.clone());
        let end = move || {
            drop(executor);
            living.remove();
        };
        // Without a thread it is ended here: a closure that is not started is dropped.
        let ending = thread::Builder::new().name("cogd-model-end".to_owned()).spawn(end);
        if ending.is_err() {
            self.living.remove();
        }
    }
}

/// Counts the models whose threads are not ended yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Living(Arc<(Mutex<usize>, Condvar)>);

impl Living {
    fn add(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    fn remove(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.1.notify_all();
    }

    /// Waits until all are gone; `false` if that takes longer than `patience`.
    pub(super) fn wait(&self, patience: Duration) -> bool {
        let count = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.1.wait_timeout_while(count, patience, |count| *count > 0);
        *waited.unwrap_or_else(PoisonError::into_inner).0 == 0
    }
}
