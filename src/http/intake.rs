//! Takes jobs in: stores their files, then the jobs, each once.
//!
//! A job is accepted when its row is in the database, and its files are there before. What is
//! left of a request that was cut off in between is found by the sweep and deleted.

use std::sync::Arc;

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use super::ApiState;
use super::caller::Caller;
use super::error::ApiError;
use crate::engines::{self, EngineChoice, EngineError, LearnSpec, Options, Task};
use crate::imaging::{Header, ImagingError, inspect};
use crate::jobs::{BatchId, Job, JobId, JobSpec, LearnJob, Priority, RestoreJob};
use crate::storage::{Enqueued, EnqueuedAll, Idempotency, NewJob, StorageError};

const KEY: &str = "idempotency-key";
/// Longest idempotency key.
const LONGEST_KEY: usize = 255;

/// Whether the engine that is asked for is there and does this.
pub(super) async fn check_engine(
    state: &ApiState,
    task: Task,
    options: &Options,
) -> Result<(), ApiError> {
    let engine = options.restore.engine.clone();
    if !matches!(engine, EngineChoice::Network(_)) {
        return Ok(());
    }
    let networks = Arc::clone(&state.environment.networks);
    // A manifest may have to be read from its file.
    let check = spawn_blocking(move || engines::check_engine(&engine, task, &*networks));
    Ok(check.await.map_err(ApiError::internal)??)
}

/// A job as asked for: checked, but not yet stored.
#[derive(Debug)]
pub(super) struct Order {
    spec: JobSpec,
    files: Vec<File>,
    priority: Priority,
    webhook: Option<String>,
}

#[derive(Debug)]
struct File {
    role: String,
    bytes: Bytes,
    media_type: &'static str,
}

impl Order {
    /// A restoration. The headers of its files are looked at now, so that what cannot be read is
    /// refused and not stored.
    pub(super) fn restoration(
        state: &ApiState,
        task: Task,
        image: Bytes,
        mask: Option<Bytes>,
        options: Options,
    ) -> Result<Self, ApiError> {
        options.validate(task).map_err(EngineError::InvalidParameters)?;
        if task == Task::Inpaint && mask.is_none() {
            return Err(ApiError::invalid_field("mask", "is required"));
        }
        let (image, header) = File::image(state, "image".to_owned(), image)?;
        let mut files = vec![image];
        if let Some(bytes) = mask {
            let look = inspect(&bytes, &state.environment.limits).map_err(EngineError::Mask)?;
            let (expected, actual) = ((header.width, header.height), (look.width, look.height));
            if expected != actual {
                return Err(EngineError::Mask(ImagingError::MaskSize { expected, actual }).into());
            }
            let media_type = look.format.media_type();
            files.push(File { role: "mask".to_owned(), bytes, media_type });
        }
        let spec = JobSpec::Restore(RestoreJob { task, options, pixels: header.pixels() });
        Ok(Self { spec, files, priority: Priority::default(), webhook: None })
    }

    /// A dictionary to learn.
    pub(super) fn learning(
        state: &ApiState,
        name: String,
        spec: LearnSpec,
        images: Vec<Bytes>,
    ) -> Result<Self, ApiError> {
        spec.validate().map_err(EngineError::InvalidParameters)?;
        let mut files = Vec::with_capacity(images.len());
        // One image is in memory at a time.
        let mut pixels = 0;
        for (index, bytes) in images.into_iter().enumerate() {
            let (file, header) = File::image(state, format!("image-{index}"), bytes)
                .map_err(|error| error.about(&format!("image {index}")))?;
            pixels = header.pixels().max(pixels);
            files.push(file);
        }
        let spec = JobSpec::Learn(LearnJob { name, spec, pixels });
        Ok(Self { spec, files, priority: Priority::default(), webhook: None })
    }

    /// With a priority, and an address that is told of the end.
    pub(super) fn with(
        mut self,
        state: &ApiState,
        priority: Priority,
        webhook: Option<String>,
    ) -> Result<Self, ApiError> {
        if let Some(target) = &webhook {
            state.workshop.deliverer.check(target)?;
        }
        self.priority = priority;
        self.webhook = webhook;
        Ok(self)
    }

    /// The same for the same request, and for no other.
    fn fingerprint(&self, hash: &mut Sha256) {
        let spec = serde_json::to_string(&self.spec).expect("a specification is plain JSON");
        for part in [spec.as_str(), self.priority.name(), self.webhook.as_deref().unwrap_or("")] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        for file in &self.files {
            hash.update(Sha256::digest(&file.bytes));
        }
    }
}

impl File {
    fn image(state: &ApiState, role: String, bytes: Bytes) -> Result<(Self, Header), ApiError> {
        let header = inspect(&bytes, &state.environment.limits)
            .map_err(|e: ImagingError| ApiError::from(e))?;
        let media_type = header.format.media_type();
        Ok((Self { role, bytes, media_type }, header))
    }
}

/// A key by which a client repeats a request without asking twice.
#[derive(Clone, Debug)]
pub(super) struct IdempotencyKey(Option<String>);

impl IdempotencyKey {
    /// Reads the header.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let Some(value) = headers.get(KEY) else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim_matches('"');
        if (1..=LONGEST_KEY).contains(&text.len()) {
            return Ok(Self(Some(text.to_owned())));
        }
        let actual = value.len() as f64;
        Err(ApiError::invalid_field("Idempotency-Key", "must have 1 to 255 visible characters")
            .with_limit(LONGEST_KEY as f64, Some(actual)))
    }

    /// Whether there is one.
    pub(super) fn is_given(&self) -> bool {
        self.0.is_some()
    }

    fn seal(&self, orders: &[Order]) -> Option<Idempotency> {
        let key = self.0.clone()?;
        let mut hash = Sha256::new();
        for order in orders {
            order.fingerprint(&mut hash);
        }
        let fingerprint = BASE64.encode(hash.finalize());
        Some(Idempotency { key, fingerprint })
    }
}

/// Accepts one job.
pub(super) async fn accept(
    state: &ApiState,
    caller: &Caller,
    key: &IdempotencyKey,
    order: Order,
) -> Result<Job, ApiError> {
    let idempotency = key.seal(std::slice::from_ref(&order));
    let mut job = store(state, caller, order, None).await?;
    job.idempotency = idempotency;
    let enqueued = state.workshop.queue.enqueue(&job, state.workshop.queue.limits()).await;
    if is_refused(&enqueued, |enqueued| !matches!(enqueued, Enqueued::New(_))) {
        discard(state, vec![job.id]).await;
    }
    match enqueued? {
        Enqueued::New(job) | Enqueued::Existing(job) => Ok(job),
        Enqueued::KeyReused => Err(ApiError::key_reused()),
    }
}

/// Accepts the jobs of a batch: all of them, or none.
pub(super) async fn accept_all(
    state: &ApiState,
    caller: &Caller,
    key: &IdempotencyKey,
    orders: Vec<Order>,
) -> Result<(BatchId, Vec<Job>), ApiError> {
    let idempotency = key.seal(&orders);
    let batch = BatchId::generate();
    let mut jobs = Vec::with_capacity(orders.len());
    for order in orders {
        match store(state, caller, order, Some(batch)).await {
            Ok(job) => jobs.push(job),
            Err(error) => {
                discard(state, ids(&jobs)).await;
                return Err(error);
            }
        }
    }
    if let Some(first) = jobs.first_mut() {
        first.idempotency = idempotency;
    }
    let enqueued = state.workshop.queue.enqueue_all(&jobs, state.workshop.queue.limits()).await;
    if is_refused(&enqueued, |enqueued| !matches!(enqueued, EnqueuedAll::New(_))) {
        discard(state, ids(&jobs)).await;
    }
    match enqueued? {
        EnqueuedAll::New(jobs) => Ok((batch, jobs)),
        EnqueuedAll::Existing(jobs) => {
            let batch = jobs.first().and_then(|job| job.batch).unwrap_or(batch);
            Ok((batch, jobs))
        }
        EnqueuedAll::KeyReused => Err(ApiError::key_reused()),
    }
}

/// Whether it is certain that the jobs are not in the table. A database that fell silent may have
/// taken them all the same: then their files must stay, and the sweep finds out.
fn is_refused<T>(enqueued: &Result<T, StorageError>, is_other: impl Fn(&T) -> bool) -> bool {
    match enqueued {
        Ok(enqueued) => is_other(enqueued),
        Err(StorageError::QueueFull { .. } | StorageError::Full { .. }) => true,
        Err(_) => false,
    }
}

/// Stores the files of an order.
async fn store(
    state: &ApiState,
    caller: &Caller,
    order: Order,
    batch: Option<BatchId>,
) -> Result<NewJob, ApiError> {
    let id = JobId::generate();
    let mut inputs = Vec::with_capacity(order.files.len());
    for File { role, bytes, media_type } in order.files {
        match state.workshop.blobs.put(id, &role, bytes, media_type).await {
            Ok(blob) => inputs.push(blob),
            Err(error) => {
                discard(state, vec![id]).await;
                return Err(error.into());
            }
        }
    }
    Ok(NewJob {
        id,
        owner: caller.owner().to_owned(),
        spec: order.spec,
        inputs,
        priority: order.priority,
        batch,
        webhook: order.webhook,
        trace: caller.trace(),
        max_attempts: state.workshop.config.retry.max_attempts,
        idempotency: None,
    })
}

/// Deletes the files of jobs that are not in the table. What cannot be deleted now is swept later.
pub(super) async fn discard(state: &ApiState, jobs: Vec<JobId>) {
    for id in jobs {
        if let Err(error) = state.workshop.blobs.delete_job(id).await {
            tracing::warn!(job = %id, %error, "files of a job are left to the sweep");
        }
    }
}

fn ids(jobs: &[NewJob]) -> Vec<JobId> {
    jobs.iter().map(|job| job.id).collect()
}
