//! Every metric there is: name, unit, labels and buckets in one place.
//!
//! Each [`Metrics`] has a registry of its own, so that two services in one process (as in
//! tests) do not count each other's requests.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::{BacklogMetrics, BuildInfo, ModelMetrics};

/// Upper bounds in seconds: from a header read to a large photograph.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Upper bounds for the iterations of one solve.
const ITERATIONS: [f64; 8] = [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0];

/// How a job of the worker pool ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ran to its end.
    Finished,
    /// Whoever waited for it went away, or the server stopped.
    Cancelled,
    /// Its time was up.
    Expired,
    /// It panicked.
    Panicked,
    /// It was never admitted.
    Rejected,
}

impl Outcome {
    fn label(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Panicked => "panicked",
            Self::Rejected => "rejected",
        }
    }
}

/// What the worker pool holds at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Jobs waiting for a worker.
    pub queued: usize,
    /// Jobs at work.
    pub running: usize,
    /// Pixels of both.
    pub pixels: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabels {
    stage: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobLabels {
    outcome: &'static str,
}

/// The metrics of one service. Recording never blocks for long and never fails.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabels, Histogram>,
    jobs: Family<JobLabels, Counter>,
    stage_seconds: Family<StageLabels, Histogram>,
    iterations: Histogram,
    queued: Gauge,
    running: Gauge,
    pixels: Gauge<u64, AtomicU64>,
    backlog: BacklogMetrics,
    models: ModelMetrics,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("cogd"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            jobs: Family::default(),
            stage_seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            iterations: Histogram::new(ITERATIONS),
            queued: Gauge::default(),
            running: Gauge::default(),
            pixels: Gauge::default(),
            backlog: BacklogMetrics::default(),
            models: ModelMetrics::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let build = BuildInfo::CURRENT;
        let registry = &mut self.registry;
        registry.register(
            "build",
            "Which build is running",
            Info::new(vec![("version", build.version), ("commit", build.commit)]),
        );
        registry.register(
            "http_requests",
            "HTTP requests by method, route and status",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time from the request's header to the answer's header",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        registry.register("jobs", "Jobs of the worker pool by outcome", self.jobs.clone());
        registry.register_with_unit(
            "stage_duration",
            "Time a finished job spent in each stage",
            Unit::Seconds,
            self.stage_seconds.clone(),
        );
        registry.register(
            "solver_iterations",
            "Iterations of a finished job",
            self.iterations.clone(),
        );
        registry.register("jobs_queued", "Jobs waiting for a worker", self.queued.clone());
        registry.register("jobs_running", "Jobs at work", self.running.clone());
        registry.register(
            "pixels_in_flight",
            "Pixels of the jobs queued and running",
            self.pixels.clone(),
        );
        self.backlog.register(registry);
        self.models.register(registry);
    }

    /// What is counted of the queue of jobs.
    pub fn backlog(&self) -> &BacklogMetrics {
        &self.backlog
    }

    /// What is counted of models.
    pub fn models(&self) -> &ModelMetrics {
        &self.models
    }

    /// Counts one answered request. `route` is the matched pattern, never the path as sent.
    pub fn request(&self, method: &str, route: &str, status: u16, duration: Duration) {
        let labels = RequestLabels { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        self.request_seconds
            .get_or_create(&RouteLabels { route: route.to_owned() })
            .observe(duration.as_secs_f64());
    }

    /// Counts one job by the way it ended.
    pub fn job(&self, outcome: Outcome) {
        self.jobs.get_or_create(&JobLabels { outcome: outcome.label() }).inc();
    }

    /// Records the time a job spent in one stage.
    pub fn stage(&self, stage: &'static str, duration: Duration) {
        self.stage_seconds.get_or_create(&StageLabels { stage }).observe(duration.as_secs_f64());
    }

    /// Records how many iterations a job took.
    pub fn iterations(&self, count: usize) {
        self.iterations.observe(count as f64);
    }

    /// Takes note of what the worker pool holds now.
    pub fn load(&self, load: Load) {
        self.queued.set(i64::try_from(load.queued).unwrap_or(i64::MAX));
        self.running.set(i64::try_from(load.running).unwrap_or(i64::MAX));
        self.pixels.set(load.pixels);
    }

    /// Media type of [`Metrics::render`].
    pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// All metrics in the `OpenMetrics` text format.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing into a string fails only if a metric's own encoder does.
        if let Err(error) = encode(&mut text, &self.registry) {
            tracing::error!(%error, "a metric could not be rendered");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_rendered_with_its_labels() {
        let metrics = Metrics::default();
        metrics.request("POST", "/v1/inpaint", 200, Duration::from_millis(20));
        metrics.job(Outcome::Panicked);
        metrics.stage("solve", Duration::from_millis(20));
        metrics.iterations(30);
        metrics.load(Load { queued: 3, running: 2, pixels: 512 });
        let text = metrics.render();
        for line in [
            "cogd_http_requests_total{method=\"POST\",route=\"/v1/inpaint\",status=\"200\"} 1",
            "cogd_http_request_duration_seconds_bucket{le=\"0.025\",route=\"/v1/inpaint\"} 1",
            "cogd_jobs_total{outcome=\"panicked\"} 1",
            "cogd_stage_duration_seconds_count{stage=\"solve\"} 1",
            "cogd_solver_iterations_sum 30.0",
            "cogd_jobs_queued 3",
            "cogd_jobs_running 2",
            "cogd_pixels_in_flight 512",
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn two_services_in_one_process_do_not_share_counts() {
        let (one, other) = (Metrics::default(), Metrics::default());
        one.job(Outcome::Finished);
        assert!(!other.render().contains("outcome=\"finished\""));
    }
}
