//! A queue of jobs on each engine, with a clock that stands until it is moved.

use std::future::Future;
use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use cogd::engines::{Options, Task};
use cogd::jobs::{BlobRef, Completion, Failure, JobId, JobSpec, Priority, RestoreJob, Timestamp};
use cogd::storage::{
    Claim, Clock, Database, Enqueued, JobQueue, Limits, NewJob, QueueConfig, StorageConfig,
};
use futures_util::FutureExt as _;
use serde_json::json;
use sqlx::postgres::PgPool;

/// Where the jobs are kept and who hands them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
    Nats,
}

/// A database or a schema of its own, and whatever else a queue needs.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) storage: StorageConfig,
    pub(crate) config: QueueConfig,
    time: Arc<AtomicI64>,
    folder: tempfile::TempDir,
    /// The server and the name of the schema there.
    server: Option<(PgPool, String)>,
    broker: Option<(String, String)>,
}

/// The lease of all tests. Real time never comes near it, and the clock only moves when told to.
pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// Longer than anything takes, shorter than a person waits for a test that hangs.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

/// Runs a test in a world of that engine, if there is one, and cleans up however it ends.
pub(crate) async fn run<F: Future<Output = ()>>(
    engine: Engine,
    test: impl FnOnce(Arc<World>) -> F,
) {
    let Some(world) = World::open(engine).await else { return };
    let world = Arc::new(world);
    let test = tokio::time::timeout(PATIENCE, test(Arc::clone(&world)));
    let ended = AssertUnwindSafe(test).catch_unwind().await;
    world.close().await;
    match ended {
        Ok(in_time) => in_time.expect("the test hangs"),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

static NO_DATABASE: Once = Once::new();
static NO_BROKER: Once = Once::new();

/// Says once, past the capture of output, that tests are left out.
pub(crate) fn skipped(said: &Once, what: &str) {
    let line = format!("SKIPPED: tests on {what}\n");
    said.call_once(|| std::io::stderr().write_all(line.as_bytes()).unwrap());
}

pub(crate) fn server(variable: &str) -> Option<String> {
    let server = std::env::var_os(variable)?.into_string().unwrap();
    (!server.is_empty()).then_some(server)
}

impl World {
    async fn open(engine: Engine) -> Option<Self> {
        let mut world = Self {
            engine,
            storage: StorageConfig { connections: 4, ..StorageConfig::default() },
            // So long that nothing passes by polling alone.
            config: QueueConfig { poll: Duration::from_hours(1), ..QueueConfig::default() },
            time: Arc::new(AtomicI64::new(1_800_000_000_000)),
            folder: tempfile::tempdir().unwrap(),
            server: None,
            broker: None,
        };
        let name = format!("cogd_test_{}", JobId::generate().to_string().replace('-', ""));
        if engine != Engine::Sqlite {
            let Some(url) = server("TEST_DATABASE_URL") else {
                skipped(&NO_DATABASE, "PostgreSQL: TEST_DATABASE_URL is not set");
                return None;
            };
            let server = PgPool::connect(&url).await.unwrap();
            let statement = format!("CREATE SCHEMA {name}");
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&server).await.unwrap();
            let mut url = url::Url::parse(&url).unwrap();
            url.query_pairs_mut().append_pair("options[search_path]", &name);
            world.storage.database_url = Some(url.as_str().parse().unwrap());
            world.server = Some((server, name.clone()));
        }
        if engine == Engine::Nats {
            let Some(url) = server("TEST_NATS_URL") else {
                skipped(&NO_BROKER, "NATS: TEST_NATS_URL is not set");
                world.close().await;
                return None;
            };
            world.config.url = Some(format!("{url}/{name}").parse().unwrap());
            world.broker = Some((url, name));
        }
        world.database().await.migrate().await.unwrap();
        Some(world)
    }

    async fn close(&self) {
        if let Some((server, name)) = &self.server {
            let statement = format!("DROP SCHEMA {name} CASCADE");
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(server).await.unwrap();
        }
        if self.broker.is_some() {
            // A test that opened no queue has made no stream.
            self.delete_stream().await;
        }
    }

    /// Connections of their own, as another process would have.
    pub(crate) async fn database(&self) -> Database {
        Database::connect(&self.storage, self.folder.path()).await.unwrap()
    }

    /// A queue of its own on the same table, as another process would have.
    pub(crate) async fn queue(&self) -> JobQueue {
        self.queue_with(&self.config).await
    }

    pub(crate) async fn queue_with(&self, config: &QueueConfig) -> JobQueue {
        JobQueue::open(self.database().await, self.clock(), config).await.unwrap()
    }

    /// Takes away the stream of a NATS world, and all that is in it.
    pub(crate) async fn delete_stream(&self) -> bool {
        let (url, stream) = self.broker.as_ref().expect("a broker");
        let client = async_nats::connect(url).await.unwrap();
        async_nats::jetstream::new(client).delete_stream(stream).await.is_ok()
    }

    pub(crate) fn clock(&self) -> Clock {
        let time = Arc::clone(&self.time);
        Clock::from_fn(move || Timestamp(time.load(Ordering::SeqCst)))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock().now()
    }

    pub(crate) fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap();
        self.time.fetch_add(by, Ordering::SeqCst);
    }

    /// The folder of the services of this world; on SQLite, their database is in it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The address of the file that is the database of an SQLite world.
    pub(crate) fn sqlite_url(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("cogd.sqlite").display())
    }

    /// A connection to the schema of a PostgreSQL world.
    pub(crate) async fn server_pool(&self) -> PgPool {
        PgPool::connect(self.storage.database_url.as_ref().unwrap().expose()).await.unwrap()
    }

    /// Cuts the connections that listen; says how many there were.
    pub(crate) async fn cut_listeners(&self) -> i64 {
        let (server, name) = self.server.as_ref().expect("a server to listen to");
        let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE query LIKE 'LISTEN%' || $1 || '%'";
        sqlx::query_scalar(cut).bind(name).fetch_one(server).await.unwrap()
    }
}

/// A job of `owner` to be added.
pub(crate) fn job(owner: &str) -> NewJob {
    let id = JobId::generate();
    NewJob {
        id,
        owner: owner.to_owned(),
        spec: JobSpec::Restore(RestoreJob {
            task: Task::Inpaint,
            options: Options::default(),
            pixels: 64,
        }),
        inputs: vec![blob("image", &format!("jobs/{id}/image"))],
        priority: Priority::Normal,
        batch: None,
        webhook: None,
        trace: None,
        max_attempts: 3,
        idempotency: None,
    }
}

pub(crate) fn blob(role: &str, key: &str) -> BlobRef {
    BlobRef {
        role: role.to_owned(),
        key: key.to_owned(),
        size: 7,
        sha256: "00".repeat(32),
        media_type: "image/png".to_owned(),
    }
}

pub(crate) fn completion(id: JobId) -> Completion {
    Completion {
        result: blob("result", &format!("jobs/{id}/result")),
        report: json!({"iterations": 3}),
        timings: vec![("solve".to_owned(), 1.5)],
        explanation: None,
    }
}

pub(crate) fn failure() -> Failure {
    Failure { problem: json!({"type": "/problems/timeout", "status": 500}), can_pass: true }
}

/// Adds a job and gives its name.
pub(crate) async fn add(queue: &JobQueue, new: &NewJob) -> JobId {
    match queue.enqueue(new, Limits::NONE).await.unwrap() {
        Enqueued::New(job) => job.id,
        other => panic!("{other:?}"),
    }
}

/// Claims what must be there.
pub(crate) async fn claim(queue: &JobQueue) -> Claim {
    queue.claim("worker", LEASE).await.unwrap().expect("a job to claim")
}
