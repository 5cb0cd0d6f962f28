//! Tells webhooks that jobs have ended.
//!
//! Events are in the database before anything is sent, and any process may send them, so they
//! outlive the one that made them. A receiver may get an event twice, with the same id, and should
//! answer with a status below 300 once it has it.

mod address;
mod config;
mod send;
mod sign;
mod target;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument as _, info_span};

use crate::storage::{Attempt, Clock, Database, Delivery, StorageError};
use crate::telemetry::Metrics;
use crate::telemetry::trace::{self, TARGET};
use send::{Sender, Sent};

pub use config::WebhookConfig;
pub use sign::{InvalidSecret, WebhookSecret};
pub use target::{Allowed, InvalidAllowed, LONGEST_TARGET, TargetRejected, check_target};

/// Events that are sent at the same time.
const AT_ONCE: usize = 16;
/// Beyond the time that an attempt may take, its event is not given to another process for this.
const LEASE_MARGIN: Duration = Duration::from_secs(20);
/// Longest time between two looks for events that other processes made.
const POLL: Duration = Duration::from_secs(1);

/// Sends events until it is told to stop.
#[derive(Clone, Debug)]
pub struct Deliverer {
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    database: Database,
    clock: Clock,
    config: WebhookConfig,
    sender: Sender,
    metrics: Arc<Metrics>,
    wake: Notify,
}

/// Why no webhook can be called.
#[derive(Debug, thiserror::Error)]
#[error("there is no client for webhooks")]
pub struct NoClient(#[source] reqwest::Error);

impl Deliverer {
    /// A deliverer that has not begun.
    ///
    /// # Errors
    /// [`NoClient`] if the machine has no trusted certificates to check others by.
    pub fn new(
        database: Database,
        clock: Clock,
        config: WebhookConfig,
        metrics: Arc<Metrics>,
    ) -> Result<Self, NoClient> {
        let sender = Sender::new(&config).map_err(NoClient)?;
        let parts = Parts { database, clock, config, sender, metrics, wake: Notify::new() };
        Ok(Self { parts: Arc::new(parts) })
    }

    /// Whether events may go to a target; see [`check_target`].
    ///
    /// # Errors
    /// [`TargetRejected`] if not.
    pub fn check(&self, target: &str) -> Result<(), TargetRejected> {
        check_target(target, &self.parts.config)
    }

    /// Says that there is a new event.
    pub fn wake(&self) {
        self.parts.wake.notify_one();
    }

    /// Sends events until `stop`, then waits for those that are being sent.
    pub async fn run(&self, stop: &CancellationToken) {
        if self.parts.config.secret.is_none() {
            return;
        }
        let mut sending = JoinSet::new();
        while !stop.is_cancelled() {
            while sending.try_join_next().is_some() {}
            let pause = match self.parts.begin(AT_ONCE - sending.len()).await {
                Ok(deliveries) => {
                    for delivery in deliveries {
                        let parts = Arc::clone(&self.parts);
                        sending.spawn(async move { parts.deliver(&delivery).await });
                    }
                    self.parts.pause().await
                }
                Err(error) => Err(error),
            };
            let pause = pause.unwrap_or_else(|error| {
                tracing::warn!(%error, "webhooks wait for the database");
                POLL
            });
            tokio::select! {
                () = stop.cancelled() => break,
                // With every place taken, only an end makes room.
                () = sleep(pause), if sending.len() < AT_ONCE => {}
                () = self.parts.wake.notified(), if sending.len() < AT_ONCE => {}
                Some(_) = sending.join_next() => {}
            }
        }
        while sending.join_next().await.is_some() {}
    }
}

impl Parts {
    /// Takes events that are due.
    async fn begin(&self, limit: usize) -> Result<Vec<Delivery>, StorageError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        let lease = now.after(self.config.timeout + LEASE_MARGIN);
        self.database.claim_deliveries(now, lease, u32::try_from(limit).unwrap_or(1)).await
    }

    /// Time until the next event is due.
    async fn pause(&self) -> Result<Duration, StorageError> {
        let next = self.database.next_delivery().await?;
        let wait = next.map_or(POLL, |next| next.since(self.clock.now()));
        // Never so short that the database is asked without a pause.
        Ok(wait.clamp(Duration::from_millis(10), POLL))
    }

    async fn deliver(&self, delivery: &Delivery) {
        let Some(secret) = &self.config.secret else { return };
        let now = self.clock.now();
        let span = info_span!(
            target: TARGET,
            "webhook",
            otel.name = "tell webhook",
            otel.kind = "client",
            otel.status_code = Empty,
            cogd.job.id = %delivery.job,
            cogd.attempt = delivery.attempts,
        );
        let trace = trace::join(&span, delivery.trace);
        let sent = self.sender.send(delivery, secret, trace, now).instrument(span.clone()).await;
        if sent != Sent::Delivered {
            span.record("otel.status_code", "ERROR");
        }
        let attempt = match sent {
            Sent::Delivered => Attempt::Delivered,
            Sent::Never(reason) => Attempt::Failed(reason),
            Sent::NotNow(reason) => {
                match self.config.retry.delay(delivery.attempts, spread(delivery)) {
                    Some(wait) => Attempt::Again(self.clock.now().after(wait), reason),
                    None => Attempt::Failed(reason),
                }
            }
        };
        // The target is not logged: its path may be a secret between its owner and us.
        let (job, attempts) = (delivery.job, delivery.attempts);
        match &attempt {
            Attempt::Delivered => tracing::debug!(%job, attempts, "a webhook was told"),
            Attempt::Again(_, reason) => {
                tracing::debug!(%job, attempts, reason, "a webhook will be told again");
            }
            Attempt::Failed(reason) => {
                tracing::warn!(%job, attempts, reason, "a webhook could not be told");
            }
        }
        self.metrics.attempts().webhook(match &attempt {
            Attempt::Delivered => "delivered",
            Attempt::Again(..) => "again",
            Attempt::Failed(_) => "failed",
        });
        let recorded = self.database.record_attempt(delivery, &attempt, self.clock.now()).await;
        if let Err(error) = recorded {
            // Its lease runs out, and then it is sent once more.
            tracing::warn!(%job, %error, "the end of an attempt could not be recorded");
        }
    }
}

/// Where in its range a wait lies: events that failed together do not come back together.
fn spread(delivery: &Delivery) -> f64 {
    let digits = delivery
        .job
        .to_string()
        .bytes()
        .fold(delivery.attempts, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    f64::from(digits % 256) / 255.0
}
