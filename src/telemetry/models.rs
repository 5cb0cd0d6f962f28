//! What is counted of models.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds in seconds: from a tiny network to a large one on a processor.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];
/// Upper bounds for the rows of a batch.
const ROWS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// Which model a count is about. Names come from the folder of models, never from requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ModelLabels {
    model: String,
    version: String,
}

impl ModelLabels {
    /// The labels of a model.
    pub fn new(model: &str, version: &str) -> Self {
        Self { model: model.to_owned(), version: version.to_owned() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    model: String,
    version: String,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CacheLabels {
    event: &'static str,
}

/// What happens to the models that are kept in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheEvent {
    /// A request found its model in memory.
    Hit,
    /// A model was loaded.
    Loaded,
    /// A model could not be loaded.
    Failed,
    /// A model was unloaded to make room.
    Evicted,
}

impl CacheEvent {
    const ALL: [Self; 4] = [Self::Hit, Self::Loaded, Self::Failed, Self::Evicted];

    fn label(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Loaded => "loaded",
            Self::Failed => "failed",
            Self::Evicted => "evicted",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoadedLabels {
    model: String,
    version: String,
    provider: &'static str,
}

/// The metrics of all models of one service.
#[derive(Debug)]
pub struct ModelMetrics {
    requests: Family<ModelLabels, Counter>,
    failures: Family<FailureLabels, Counter>,
    seconds: Family<ModelLabels, Histogram>,
    rows: Family<ModelLabels, Histogram>,
    queued: Family<ModelLabels, Gauge>,
    bytes: Family<LoadedLabels, Gauge>,
    cache: Family<CacheLabels, Counter>,
}

impl Default for ModelMetrics {
    fn default() -> Self {
        let cache = Family::<CacheLabels, Counter>::default();
        for event in CacheEvent::ALL {
            cache.get_or_create(&CacheLabels { event: event.label() }).inc_by(0);
        }
        Self {
            requests: Family::default(),
            failures: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            rows: Family::new_with_constructor(|| Histogram::new(ROWS)),
            queued: Family::default(),
            bytes: Family::default(),
            cache,
        }
    }
}

impl ModelMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("model_requests", "Requests for a model", self.requests.clone());
        registry.register(
            "model_failures",
            "Requests for a model without an answer, by reason",
            self.failures.clone(),
        );
        registry.register_with_unit(
            "model_request_duration",
            "Time from the acceptance of a request for a model to its answer",
            Unit::Seconds,
            self.seconds.clone(),
        );
        registry.register(
            "model_batch_size",
            "Rows that were computed together, for every request answered",
            self.rows.clone(),
        );
        registry.register("model_queued", "Requests that wait for a model", self.queued.clone());
        registry.register_with_unit(
            "model_loaded",
            "Memory of a loaded model, estimated from its file, by what computes it",
            Unit::Bytes,
            self.bytes.clone(),
        );
        registry.register(
            "model_cache_events",
            "What happened to the models that are kept in memory",
            self.cache.clone(),
        );
    }

    /// Counts one request: the rows of its batch, or why it has no answer.
    pub fn request(
        &self,
        labels: &ModelLabels,
        duration: Duration,
        outcome: Result<usize, &'static str>,
    ) {
        self.requests.get_or_create(labels).inc();
        match outcome {
            Ok(rows) => {
                self.seconds.get_or_create(labels).observe(duration.as_secs_f64());
                self.rows.get_or_create(labels).observe(rows as f64);
            }
            Err(reason) => {
                let ModelLabels { model, version } = labels.clone();
                self.failures.get_or_create(&FailureLabels { model, version, reason }).inc();
            }
        }
    }

    /// Counts what happened to a model in memory.
    pub fn cache(&self, event: CacheEvent) {
        self.cache.get_or_create(&CacheLabels { event: event.label() }).inc();
    }

    /// Takes note of the requests that wait for a model.
    pub fn queued(&self, labels: &ModelLabels, queued: usize) {
        self.queued.get_or_create(labels).set(i64::try_from(queued).unwrap_or(i64::MAX));
    }

    /// Takes note of the models that are loaded now: each with what computes it and its bytes.
    pub fn loaded<'a>(&self, models: impl Iterator<Item = (&'a ModelLabels, &'static str, u64)>) {
        self.bytes.clear();
        self.queued.clear();
        for (ModelLabels { model, version }, provider, bytes) in models {
            let (model, version) = (model.clone(), version.clone());
            let labels = LoadedLabels { model, version, provider };
            self.bytes.get_or_create(&labels).set(i64::try_from(bytes).unwrap_or(i64::MAX));
        }
    }
}
