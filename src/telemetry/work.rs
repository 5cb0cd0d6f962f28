//! What is counted of the worker pool.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::metrics::SECONDS;

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
    const ALL: [Self; 5] =
        [Self::Finished, Self::Cancelled, Self::Expired, Self::Panicked, Self::Rejected];

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
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabels {
    stage: &'static str,
    task: &'static str,
    engine: String,
}

/// What a job did. Engines come from a list or from the folder of models, never from requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Subject {
    /// What it was for.
    pub task: &'static str,
    /// What did it.
    pub engine: String,
}

/// The metrics of one worker pool.
#[derive(Debug)]
pub struct WorkMetrics {
    jobs: Family<OutcomeLabels, Counter>,
    stage_seconds: Family<StageLabels, Histogram>,
    iterations: Family<Subject, Histogram>,
    threads: Gauge,
    queued: Gauge,
    running: Gauge,
    pixels: Gauge<u64, AtomicU64>,
}

impl Default for WorkMetrics {
    fn default() -> Self {
        let jobs = Family::<OutcomeLabels, Counter>::default();
        for outcome in Outcome::ALL {
            jobs.get_or_create(&OutcomeLabels { outcome: outcome.label() }).inc_by(0);
        }
        Self {
            jobs,
            stage_seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            iterations: Family::new_with_constructor(|| Histogram::new(ITERATIONS)),
            threads: Gauge::default(),
            queued: Gauge::default(),
            running: Gauge::default(),
            pixels: Gauge::default(),
        }
    }
}

impl WorkMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("jobs", "Jobs of the worker pool by outcome", self.jobs.clone());
        registry.register_with_unit(
            "stage_duration",
            "Time a finished job spent in each stage, by what it was for and what did it",
            Unit::Seconds,
            self.stage_seconds.clone(),
        );
        registry.register(
            "solver_iterations",
            "Iterations of a finished job, by what it was for and what did it",
            self.iterations.clone(),
        );
        registry.register(
            "worker_threads",
            "Threads of the worker pool: jobs that can be at work",
            self.threads.clone(),
        );
        registry.register("jobs_queued", "Jobs waiting for a worker", self.queued.clone());
        registry.register("jobs_running", "Jobs at work", self.running.clone());
        registry.register(
            "pixels_in_flight",
            "Pixels of the jobs queued and running",
            self.pixels.clone(),
        );
    }

    /// Counts one job by the way it ended.
    pub fn ended(&self, outcome: Outcome) {
        self.jobs.get_or_create(&OutcomeLabels { outcome: outcome.label() }).inc();
    }

    /// Records where the time of a finished job went.
    pub fn stages(
        &self,
        subject: &Subject,
        stages: impl IntoIterator<Item = (&'static str, Duration)>,
    ) {
        let Subject { task, engine } = subject;
        for (stage, duration) in stages {
            let labels = StageLabels { stage, task, engine: engine.clone() };
            self.stage_seconds.get_or_create(&labels).observe(duration.as_secs_f64());
        }
    }

    /// Records how many iterations a job took.
    pub fn iterations(&self, subject: &Subject, count: usize) {
        self.iterations.get_or_create(subject).observe(count as f64);
    }

    /// Takes note of the size of the pool.
    pub fn threads(&self, count: usize) {
        self.threads.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Takes note of what the worker pool holds now.
    pub fn load(&self, load: Load) {
        self.queued.set(i64::try_from(load.queued).unwrap_or(i64::MAX));
        self.running.set(i64::try_from(load.running).unwrap_or(i64::MAX));
        self.pixels.set(load.pixels);
    }
}
