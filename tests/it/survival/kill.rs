//! Two workers on one database and one folder are killed again and again while they work: every
//! job has its result, recorded once, and it is the one that the request itself would have had.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use cogd::numerics::Random;
use futures_util::{StreamExt as _, stream};

use super::{all_succeeded, borrowed, settings, small};
use crate::queue::on_every_engine;
use crate::support::app::{TestApp, multipart};
use crate::support::process::Process;
use crate::support::world::{Engine, World};

on_every_engine!(workers_that_are_killed_lose_nothing_and_repeat_nothing);

const JOBS: u32 = 500;
const INPUTS: u32 = 5;
const KILLS: u32 = 20;

async fn workers_that_are_killed_lose_nothing_and_repeat_nothing(world: Arc<World>) {
    let app = TestApp::with(|config| {
        settings(&world, config);
        // A worker that is lost costs an attempt, as it may have died of the job. Were the same
        // job at hand at every kill, it would have this one left.
        config.jobs.retry.max_attempts = KILLS + 1;
    })
    .await;
    let request = |seed| multipart("/v1/inpaint", &borrowed(&lasting(seed)));
    let mut expected = Vec::new();
    for seed in 0..INPUTS {
        expected.push(app.call(request(seed)).await.body);
    }
    let accept = async |seed| {
        let mut request = request(seed);
        request.headers_mut().insert("prefer", "respond-async".parse().unwrap());
        let answer = app.call(request).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        (answer.header("x-job-id").to_owned(), seed)
    };
    let endings = Endings::watch(&world).await;

    let worker = || Process::start(world.command("worker").args(["--workers", "2"]));
    let mut workers = [worker(), worker()];
    let mut chance = Random::seeded(20_250_101);
    let mut accepted = Vec::new();
    for kill in 0..KILLS {
        // So that there is work at every kill, however fast the workers are.
        let seeds = (JOBS * kill / KILLS..JOBS * (kill + 1) / KILLS).map(|job| job % INPUTS);
        let jobs = stream::iter(seeds).map(accept).buffer_unordered(8).collect::<Vec<_>>();
        accepted.extend(jobs.await);
        tokio::time::sleep(Duration::from_millis(chance.below(20) as u64)).await;
        let victim = &mut workers[chance.below(2)];
        victim.kill();
        *victim = worker();
    }
    assert_eq!(accepted.len(), JOBS as usize);

    let jobs = all_succeeded(&app.app).await;
    assert_eq!(jobs.len(), JOBS as usize);
    assert!(jobs.iter().any(|job| job.attempts > 1), "no kill hit a job");
    assert_eq!(endings.count().await, (i64::from(JOBS), i64::from(JOBS)));
    for (id, seed) in accepted {
        let result = app.get(&format!("/v1/jobs/{id}/result")).await;
        assert_eq!(result.status, StatusCode::OK);
        assert_eq!(result.body, expected[seed as usize], "job {id} of input {seed}");
    }
}

/// The parts of a small restoration that takes long enough to be hit.
fn lasting(seed: u32) -> Vec<(&'static str, Vec<u8>)> {
    let mut parts = small(seed);
    parts.retain(|(name, _)| *name != "iterations");
    parts.push(("iterations", b"100".to_vec()));
    parts
}

/// Notes every write to a job that has ended, beside the code that is tested.
enum Endings {
    Sqlite(sqlx::SqlitePool),
    Postgres(sqlx::PgPool),
}

impl Endings {
    async fn watch(world: &World) -> Self {
        const TABLE: &str = "CREATE TABLE endings (job TEXT)";
        const COUNT: &str = "CREATE TRIGGER count_endings AFTER UPDATE ON jobs FOR EACH ROW";
        if world.engine == Engine::Sqlite {
            let pool = sqlx::SqlitePool::connect(&world.sqlite_url()).await.unwrap();
            let trigger = format!(
                "{TABLE}; {COUNT} WHEN NEW.finished IS NOT NULL \
                 BEGIN INSERT INTO endings VALUES (NEW.id); END;"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(trigger)).execute(&pool).await.unwrap();
            return Self::Sqlite(pool);
        }
        let pool = world.server_pool().await;
        let trigger = format!(
            "{TABLE}; CREATE FUNCTION count_ending() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN INSERT INTO endings VALUES (NEW.id); RETURN NULL; END $$; \
             {COUNT} WHEN (NEW.finished IS NOT NULL) EXECUTE FUNCTION count_ending();"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(trigger)).execute(&pool).await.unwrap();
        Self::Postgres(pool)
    }

    /// How often an outcome was written, and for how many jobs.
    async fn count(&self) -> (i64, i64) {
        const COUNT: &str = "SELECT COUNT(*), COUNT(DISTINCT job) FROM endings";
        match self {
            Self::Sqlite(pool) => sqlx::query_as(COUNT).fetch_one(pool).await.unwrap(),
            Self::Postgres(pool) => sqlx::query_as(COUNT).fetch_one(pool).await.unwrap(),
        }
    }
}
