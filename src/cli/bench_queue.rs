//! `cogd bench queue`.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::engines::{Options, Task};
use crate::jobs::{BlobRef, Completion, JobId, JobProgress, JobSpec, Priority, RestoreJob};
use crate::storage::{
    Beat, Clock, Database, Enqueued, JobQueue, Limits, NewJob, QueueConfig, Recorded, SecretUrl,
    StorageConfig,
};

/// Measure what the queue itself costs a job
#[derive(Debug, clap::Args)]
pub(super) struct QueueBench {
    /// Database without unfinished jobs; its tables are brought up to date
    #[arg(long, value_name = "URL")]
    database: SecretUrl,

    /// NATS JetStream server that hands out the jobs [default: the database does it]
    #[arg(long, value_name = "URL")]
    queue: Option<SecretUrl>,

    /// Jobs for each number of clients
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(8..=1_000_000))]
    jobs: u64,

    /// Jobs that wait all the time beside them
    #[arg(long, value_name = "N", default_value_t = 0)]
    backlog: usize,
}

/// The owner of all jobs of the measurement.
const OWNER: &str = "cogd-bench";

/// Owners of the backlog.
const BACKLOG_OWNERS: usize = 1000;

/// Wide enough for any backlog; the jobs are counted all the same.
const LIMITS: Limits = Limits { all: 100_000_000, owner: 1000 };

/// Jobs that are added at once to the backlog.
const CHUNK: usize = 1000;

const LEASE: Duration = Duration::from_secs(30);

impl QueueBench {
    pub(super) fn run(self) -> anyhow::Result<()> {
        Runtime::new()?.block_on(self.measure())
    }

    async fn measure(self) -> anyhow::Result<()> {
        let storage =
            StorageConfig { database_url: Some(self.database.clone()), ..StorageConfig::default() };
        let database = Database::connect(&storage, Path::new(".")).await?;
        database.migrate().await?;
        let config = QueueConfig { url: self.queue.clone(), ..QueueConfig::default() };
        let queue = JobQueue::open(database.clone(), Clock::system(), &config).await?;
        let stats = queue.stats().await?;
        let waiting: u64 = stats.queued.iter().map(|(_, count)| count).sum();
        ensure!(waiting + stats.running == 0, "the database has unfinished jobs");

        let backlog: Vec<NewJob> = (0..self.backlog)
            .map(|number| NewJob {
                owner: format!("{OWNER}-{}", number % BACKLOG_OWNERS),
                ..job(Priority::Low)
            })
            .collect();
        for jobs in backlog.chunks(CHUNK) {
            queue.enqueue_all(jobs, Limits::NONE).await?;
        }
        let mut table = String::from(
            "| clients | jobs | enqueue | claim | heartbeat | succeed | wall per job |\n\
             |---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for clients in [1, 8] {
            let each = self.jobs / clients;
            let start = Instant::now();
            let running: Vec<_> =
                (0..clients).map(|_| tokio::spawn(client(queue.clone(), each))).collect();
            let (mut spent, mut ended) = (Spent::default(), Vec::new());
            for client in running {
                let (times, jobs) = client.await.context("a client panicked")??;
                spent.add(&times);
                ended.extend(jobs);
            }
            let wall = start.elapsed();
            for id in ended {
                queue.forget(OWNER, id).await?;
            }
            let jobs = each * clients;
            let mean = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3 / jobs as f64);
            writeln!(
                table,
                "| {clients} | {jobs} | {} | {} | {} | {} | {} |",
                mean(spent.enqueue),
                mean(spent.claim),
                mean(spent.heartbeat),
                mean(spent.succeed),
                mean(wall),
            )?;
        }
        for job in backlog {
            queue.cancel(&job.owner, job.id).await?;
            queue.forget(&job.owner, job.id).await?;
        }
        database.close().await;
        super::print(&table)
    }
}

/// Time spent in each step, of all jobs.
#[derive(Debug, Default)]
struct Spent {
    enqueue: Duration,
    claim: Duration,
    heartbeat: Duration,
    succeed: Duration,
}

impl Spent {
    fn add(&mut self, other: &Self) {
        self.enqueue += other.enqueue;
        self.claim += other.claim;
        self.heartbeat += other.heartbeat;
        self.succeed += other.succeed;
    }
}

/// Adds jobs and works on them, one after the other. Gives the times, and the jobs that ended.
async fn client(queue: JobQueue, jobs: u64) -> anyhow::Result<(Spent, Vec<JobId>)> {
    let worker = JobQueue::worker_name();
    let progress = JobProgress { stage: "solve".to_owned(), ..JobProgress::default() };
    let mut spent = Spent::default();
    let mut ended = Vec::new();
    for _ in 0..jobs {
        let new = job(Priority::Normal);
        let start = Instant::now();
        let enqueued = queue.enqueue(&new, LIMITS).await?;
        spent.enqueue += start.elapsed();
        ensure!(matches!(enqueued, Enqueued::New(_)), "the job was not added: {enqueued:?}");

        let start = Instant::now();
        let claim = loop {
            match queue.claim(&worker, LEASE).await? {
                Some(claim) => break claim,
                // The others were quicker, and one of them has yet to add the job that is left.
                None => queue.wait_for_work(LEASE).await,
            }
        };
        spent.claim += start.elapsed();

        let start = Instant::now();
        let beat = queue.heartbeat(&claim, Some(&progress), LEASE).await?;
        spent.heartbeat += start.elapsed();
        ensure!(beat == Beat::Held { cancel_requested: false }, "the claim was lost");

        let start = Instant::now();
        let recorded = queue.succeed(&claim, &completion(claim.job.id)).await?;
        spent.succeed += start.elapsed();
        ensure!(matches!(recorded, Recorded::Yes(_)), "the claim was lost");
        ended.push(claim.job.id);
    }
    Ok((spent, ended))
}

fn job(priority: Priority) -> NewJob {
    let id = JobId::generate();
    let restore = RestoreJob { task: Task::Inpaint, options: Options::default(), pixels: 1 << 20 };
    NewJob {
        id,
        owner: OWNER.to_owned(),
        spec: JobSpec::Restore(restore),
        inputs: vec![blob(id, "image"), blob(id, "mask")],
        priority,
        batch: None,
        webhook: None,
        trace: None,
        max_attempts: 3,
        idempotency: None,
    }
}

fn completion(id: JobId) -> Completion {
    Completion {
        result: blob(id, "result"),
        report: Value::Null,
        timings: Vec::new(),
        explanation: None,
    }
}

/// A reference to a file that is never looked at.
fn blob(id: JobId, role: &str) -> BlobRef {
    BlobRef {
        role: role.to_owned(),
        key: format!("jobs/{id}/{role}"),
        size: 1 << 20,
        sha256: "0".repeat(64),
        media_type: "image/png".to_owned(),
    }
}
