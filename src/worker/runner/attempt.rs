//! One attempt of one job, from its claim to the record of its outcome.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument as _, info_span};

use super::ended::Ended;
use super::work::{self, Product};
use super::{JobFault, Workshop};
use crate::engines::EngineError;
use crate::jobs::{Completion, Failure, Job, JobProgress, KeptPreview};
use crate::storage::{Beat, Claim, Recorded, StorageError};
use crate::telemetry::trace::{self, TARGET, TraceContext};
use crate::worker::preview::Preview;
use crate::worker::{JobFailure, Watch};

/// Wait before a record is tried again that the storage did not take.
const RETRY: Duration = Duration::from_millis(500);

/// One attempt of one job.
pub(super) struct Attempt {
    workshop: Arc<Workshop>,
    claim: Claim,
    /// Nothing more is waited for: the lease is left to run out.
    leaving: CancellationToken,
    /// What the work is watched with, once it is queued in the pool.
    watch: Mutex<Option<Arc<Watch>>>,
    /// Whether the outcome is recorded. Held for every word to the queue: a sign of life after
    /// the record would be answered that the job is another's, while its end is still being told.
    is_recorded: tokio::sync::Mutex<bool>,
}

/// How an attempt ended.
enum Ending {
    Finished(Product),
    Failed(Failure),
    /// Its owner no longer wants it.
    Cancelled,
    /// Another worker shall do it, after a while: the storage did not answer, or we are leaving.
    HandedBack {
        after: Duration,
    },
}

impl Attempt {
    pub(super) fn new(workshop: Arc<Workshop>, claim: Claim, leaving: CancellationToken) -> Self {
        let (watch, is_recorded) = (Mutex::default(), tokio::sync::Mutex::new(false));
        Self { workshop, claim, leaving, watch, is_recorded }
    }

    /// Works, and records what came of it, for as long as the lease can be kept.
    pub(super) async fn run(&self) {
        let job = &self.claim.job;
        let span = info_span!(
            target: TARGET,
            "job",
            otel.name = format!("{} job", job.spec.kind().name()),
            otel.kind = "consumer",
            otel.status_code = Empty,
            error.type = Empty,
            cogd.job.id = %job.id,
            cogd.attempt = job.attempts,
        );
        let here = trace::join(&span, job.trace);
        let (began, ended) = (Instant::now(), self.attempt(here).instrument(span.clone()).await);
        let (ending, code) = (ended.ending(), ended.code());
        if let Some(code) = &code {
            span.record("otel.status_code", "ERROR").record("error.type", code);
            self.workshop.metrics.attempts().failure(code);
        }
        let kind = job.spec.kind().name();
        self.workshop.metrics.attempts().attempt(kind, ending);
        tracing::info!(
            target: "cogd::jobs",
            job = %job.id,
            trace_id = here.trace_id(),
            key = (!job.owner.is_empty()).then_some(&job.owner),
            kind,
            attempt = job.attempts,
            ending,
            problem = code,
            duration_ms = began.elapsed().as_secs_f64() * 1e3,
            "job",
        );
    }

    /// Works, records what came of it, and tells it.
    async fn attempt(&self, here: TraceContext) -> Ended {
        let (id, attempt) = (self.claim.job.id, self.claim.job.attempts);
        tracing::debug!(job = %id, attempt, "job started");
        let recorded = async {
            let ending = tokio::select! {
                // First of all: what its owner does not want is not worth another look.
                biased;
                () = self.claim.stop().cancelled() => Ending::Cancelled,
                ending = self.work() => ending,
            };
            self.record(ending).await
        };
        // Dropping the work cancels it in the pool, within one iteration.
        tokio::select! {
            recorded = recorded => match recorded {
                Recorded::Yes(job) => {
                    // What follows from its end follows from this attempt.
                    let job = Job { trace: Some(here), ..*job };
                    self.workshop.announce(&job).await;
                    Ended::Recorded(Box::new(job))
                }
                Recorded::Lost => {
                    tracing::warn!(job = %id, attempt, "another worker has the job");
                    Ended::Lost
                }
            },
            () = self.lost_lease() => {
                tracing::warn!(job = %id, attempt, "the lease of the job was lost");
                Ended::Lost
            }
            () = self.leaving.cancelled() => {
                tracing::warn!(job = %id, attempt, "left the job to its next worker");
                Ended::Lost
            }
        }
    }

    async fn work(&self) -> Ending {
        let job = &self.claim.job;
        let work = match work::prepare(&self.workshop, job).await {
            Ok(work) => work,
            Err(work::Unprepared::Fault(fault)) => return self.failed(fault),
            Err(work::Unprepared::Storage(error)) => {
                super::report(&error);
                let after = self.workshop.config.retry.backoff(job.attempts, 0.5);
                return Ending::HandedBack { after };
            }
        };
        let deadline = self.workshop.config.deadline;
        let Ok(ticket) = self.workshop.pool.submit_accepted(job.spec.pixels(), deadline, work)
        else {
            return Ending::HandedBack { after: Duration::ZERO };
        };
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = Some(ticket.watch());
        match ticket.wait().await {
            Ok(finished) => match finished.transpose() {
                Ok(finished) => {
                    let mut product = finished.value;
                    product.timings = finished.timings;
                    Ending::Finished(product)
                }
                // A network that is busy, or being replaced, is there again soon.
                Err(EngineError::Network(error)) if error.is_passing() => {
                    let after = self.workshop.config.retry.backoff(job.attempts, 0.5);
                    Ending::HandedBack { after }
                }
                Err(fault) => self.failed(fault.into()),
            },
            // Only the end of the service cancels what its owner has not.
            Err(JobFailure::Cancelled) => Ending::HandedBack { after: Duration::ZERO },
            Err(failure) => self.failed(failure.into()),
        }
    }

    /// Records an ending; asks again for as long as the storage does not answer, unless the owner
    /// gives the job up meanwhile.
    async fn record(&self, mut ending: Ending) -> Recorded {
        let mut completion = None;
        loop {
            match self.try_to_record(&ending, &mut completion).await {
                Ok(recorded) => return recorded,
                Err(error) => super::report(&error),
            }
            sleep(RETRY).await;
            if self.claim.stop().is_cancelled() {
                ending = Ending::Cancelled;
            }
        }
    }

    async fn try_to_record(
        &self,
        ending: &Ending,
        completion: &mut Option<Completion>,
    ) -> Result<Recorded, StorageError> {
        let (queue, claim) = (&self.workshop.queue, &self.claim);
        match ending {
            Ending::Finished(product) => match self.complete(product, completion).await? {
                Ok(completion) => self.conclude(queue.succeed(claim, completion)).await,
                Err(failure) => self.conclude(queue.fail(claim, &failure, None)).await,
            },
            Ending::Failed(failure) => self.conclude(queue.fail(claim, failure, None)).await,
            Ending::Cancelled => self.conclude(queue.cancelled(claim)).await,
            Ending::HandedBack { after } => {
                let at = queue.clock().now().after(*after);
                self.conclude(queue.release(claim, at)).await
            }
        }
    }

    /// Says how it ended, after which there are no more signs of life.
    async fn conclude(
        &self,
        record: impl Future<Output = Result<Recorded, StorageError>>,
    ) -> Result<Recorded, StorageError> {
        let mut is_recorded = self.is_recorded.lock().await;
        let recorded = record.await?;
        *is_recorded = true;
        Ok(recorded)
    }

    /// Stores the product, once, and says how the job is to be completed.
    async fn complete<'a>(
        &self,
        product: &Product,
        stored: &'a mut Option<Completion>,
    ) -> Result<Result<&'a Completion, Failure>, StorageError> {
        if stored.is_none() {
            let job = &self.claim.job;
            // Of this attempt alone: one that was thought dead must not write over another's.
            let role = format!("result-{}", self.claim.job.revision);
            let (bytes, media_type) = (product.bytes.clone(), product.media_type);
            let mut result = self.workshop.blobs.put(job.id, &role, bytes, media_type).await?;
            "result".clone_into(&mut result.role);
            let explanation = match product.explanation.clone() {
                Some(json) => {
                    let role = format!("explanation-{}", job.revision);
                    let put = self.workshop.blobs.put(job.id, &role, json, "application/json");
                    Some(put.await?)
                }
                None => None,
            };
            let rounded = |(stage, ms): (&str, f64)| (stage.to_owned(), (ms * 1e3).round() / 1e3);
            *stored = Some(Completion {
                result,
                report: product.report.clone(),
                timings: product.timings.milliseconds().map(rounded).collect(),
                explanation,
            });
        }
        let completion = stored.as_ref().expect("it was stored just now or before");
        let fault = work::publish(&self.workshop, &self.claim.job, product).await?;
        Ok(fault.map_or(Ok(completion), |fault| Err(self.failure(fault))))
    }

    fn failed(&self, fault: JobFault) -> Ending {
        Ending::Failed(self.failure(fault))
    }

    /// A fault of the pictures, the parameters or the program: it would be the same another time.
    fn failure(&self, fault: JobFault) -> Failure {
        let cause = std::error::Error::source(&fault).map(ToString::to_string);
        let (job, told) = (self.claim.job.id, fault.to_string());
        let problem = self.workshop.wording.problem(fault);
        if problem["status"].as_u64().is_some_and(|status| status >= 500) {
            tracing::error!(%job, fault = told, cause, "a job failed");
        } else {
            tracing::debug!(%job, fault = told, cause, "a job cannot be done");
        }
        Failure { problem, can_pass: false }
    }

    /// Keeps a draft for those who follow the job, unless that takes too long for the lease: another
    /// one will come.
    async fn keep(&self, Preview { iteration, png }: Preview) -> Option<KeptPreview> {
        let job = &self.claim.job;
        // Of this attempt alone, as its result is.
        let role = format!("preview-{}", job.revision);
        let put = self.workshop.blobs.put(job.id, &role, png, "image/png");
        let file = timeout(self.workshop.queue.lease() / 4, put).await.ok()?.ok()?;
        Some(KeptPreview { iteration, file })
    }

    /// Signs of life, until one is answered that the job has gone to another worker.
    async fn lost_lease(&self) {
        let config = &self.workshop.config;
        let mut ticks = interval(config.heartbeat);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut preview = None;
        loop {
            ticks.tick().await;
            let watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(draft) = watch.as_ref().and_then(|watch| watch.take_preview()) {
                preview = self.keep(draft).await.or(preview);
            }
            let progress =
                watch.map(|watch| JobProgress { preview: preview.clone(), ..watch.progress() });
            let queue = &self.workshop.queue;
            let is_recorded = self.is_recorded.lock().await;
            if *is_recorded {
                return std::future::pending().await;
            }
            match queue.heartbeat(&self.claim, progress.as_ref(), queue.lease()).await {
                Ok(Beat::Held { .. }) => {}
                Ok(Beat::Lost) => return,
                Err(error) => super::report(&error),
            }
        }
    }
}
