//! What a running job is watched with: its clock, its deadline, and whether to stop.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::{Span, info_span};

use super::preview::{self, Preview};
use crate::engines::{Observer, Stage};
use crate::imaging::Raster;
use crate::jobs::JobProgress;
use crate::numerics::{Control, Progress, Stopped};
use crate::telemetry::Subject;
use crate::telemetry::trace::TARGET;

/// Where the time of a job went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// From acceptance to the start of the work.
    pub queue: Duration,
    /// Reading the pictures.
    pub decode: Duration,
    /// Computing.
    pub solve: Duration,
    /// Writing the picture.
    pub encode: Duration,
}

impl Timings {
    /// Every stage with its name, in order.
    pub fn named(&self) -> [(&'static str, Duration); 4] {
        [
            ("queue", self.queue),
            (Stage::Decode.name(), self.decode),
            (Stage::Solve.name(), self.solve),
            (Stage::Encode.name(), self.encode),
        ]
    }

    /// Every stage with its name, in milliseconds.
    pub fn milliseconds(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.named().into_iter().map(|(stage, time)| (stage, time.as_secs_f64() * 1e3))
    }

    fn of(&mut self, stage: Stage) -> &mut Duration {
        match stage {
            Stage::Decode => &mut self.decode,
            Stage::Solve => &mut self.solve,
            Stage::Encode => &mut self.encode,
        }
    }
}

/// Keeps the time of one job and tells it to stop.
#[derive(Debug)]
pub struct Watch {
    accepted: Instant,
    deadline: Instant,
    cancelled: AtomicBool,
    /// The work was told to stop, and so has no result.
    stopped: AtomicBool,
    iterations: AtomicUsize,
    stopwatch: Mutex<Stopwatch>,
    /// A draft, until somebody takes it.
    preview: Mutex<Option<Preview>>,
    /// The step of a trace that the job belongs to.
    cause: Span,
}

#[derive(Debug, Default)]
struct Stopwatch {
    timings: Timings,
    stage: Option<(Stage, Instant)>,
    /// The step of a trace that is the stage, the time in the queue being one.
    step: Option<Span>,
    latest: Option<Progress>,
    subject: Option<Subject>,
}

impl Stopwatch {
    fn turn_to(&mut self, next: Option<Stage>, now: Instant) {
        if let Some((stage, since)) = self.stage.take() {
            *self.timings.of(stage) += now - since;
        }
        self.stage = next.map(|stage| (stage, now));
    }
}

impl Watch {
    pub(super) fn new(allowed: Duration) -> Self {
        let (accepted, cause) = (Instant::now(), Span::current());
        let step = Some(step(&cause, "queue", &Subject::default()));
        Self {
            accepted,
            deadline: accepted + allowed,
            cancelled: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            iterations: AtomicUsize::new(0),
            stopwatch: Mutex::new(Stopwatch { step, ..Stopwatch::default() }),
            preview: Mutex::default(),
            cause,
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Asks whether to go on. Work that was told not to has no result.
    pub fn goes_on(&self) -> bool {
        let alive = self.is_alive();
        if !alive {
            self.stopped.store(true, Ordering::Relaxed);
        }
        alive
    }

    /// How far the work has come, and how long it will probably take to finish its iterations.
    pub fn progress(&self) -> JobProgress {
        let stopwatch = self.stopwatch();
        let Some((stage, since)) = stopwatch.stage else { return JobProgress::default() };
        let mut progress = JobProgress { stage: stage.name().to_owned(), ..JobProgress::default() };
        if let Some(latest) = stopwatch.latest {
            progress.iteration = latest.iteration as u64;
            progress.iterations = latest.total as u64;
            progress.residual = Some(latest.residual);
            let left = latest.total.saturating_sub(latest.iteration) as f64;
            if stage == Stage::Solve {
                let each = since.elapsed().as_secs_f64() / latest.iteration.max(1) as f64;
                progress.remaining_s = Some(each * left);
            }
        }
        progress
    }

    /// Keeps a draft until somebody takes it. Those that come before then are passed over, so that
    /// no more of them are made small than are looked at.
    pub(super) fn show(&self, draft: &Raster) {
        if self.preview().is_some() {
            return;
        }
        let Some(png) = preview::draw(draft) else { return };
        let iteration = self.stopwatch().latest.map_or(0, |latest| latest.iteration as u64);
        *self.preview() = Some(Preview { iteration, png });
    }

    /// The draft that was kept, if nobody has taken it yet.
    pub(super) fn take_preview(&self) -> Option<Preview> {
        self.preview().take()
    }

    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Whether the job is still wanted: its owner waits, and its time is not up.
    pub(super) fn is_alive(&self) -> bool {
        !self.is_cancelled() && Instant::now() < self.deadline
    }

    pub(super) fn was_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// The job leaves the queue.
    pub(super) fn start(&self) {
        let mut stopwatch = self.stopwatch();
        stopwatch.timings.queue = self.accepted.elapsed();
        stopwatch.step = None;
    }

    /// The job is over: closes its last stage.
    pub(super) fn finish(&self) -> Timings {
        let mut stopwatch = self.stopwatch();
        stopwatch.turn_to(None, Instant::now());
        stopwatch.step = None;
        stopwatch.timings
    }

    /// What the job was for and what did it; work that is no restoration does not say.
    pub(super) fn subject(&self) -> Option<Subject> {
        self.stopwatch().subject.clone()
    }

    pub(super) fn iterations(&self) -> usize {
        self.iterations.load(Ordering::Relaxed)
    }

    fn preview(&self) -> MutexGuard<'_, Option<Preview>> {
        self.preview.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // Only plain values are written under the lock, so a poisoned one holds nothing torn.
    fn stopwatch(&self) -> MutexGuard<'_, Stopwatch> {
        self.stopwatch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A step of the trace that `cause` is a step of.
fn step(cause: &Span, name: &'static str, subject: &Subject) -> Span {
    info_span!(
        target: TARGET,
        parent: cause,
        "stage",
        otel.name = name,
        cogd.task = subject.task,
        cogd.engine = subject.engine,
    )
}

impl Control for Watch {
    fn report(&self, progress: Progress) -> Result<(), Stopped> {
        self.stopwatch().latest = Some(progress);
        self.iterations.fetch_add(1, Ordering::Relaxed);
        self.check()
    }

    fn check(&self) -> Result<(), Stopped> {
        if self.goes_on() { Ok(()) } else { Err(Stopped) }
    }
}

impl Observer for Watch {
    fn enter(&self, stage: Stage) {
        let mut stopwatch = self.stopwatch();
        stopwatch.turn_to(Some(stage), Instant::now());
        // The one before ends before this one begins.
        stopwatch.step = None;
        let subject = stopwatch.subject.clone().unwrap_or_default();
        stopwatch.step = Some(step(&self.cause, stage.name(), &subject));
    }

    fn engage(&self, task: &'static str, engine: &str) {
        self.stopwatch().subject = Some(Subject { task, engine: engine.to_owned() });
    }
}
