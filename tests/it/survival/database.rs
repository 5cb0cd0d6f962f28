//! A database that is away, locked, or silent: requests are told so in time, and what was accepted
//! is finished when it is back.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cogd::jobs::JobState;
use cogd::storage::{Beat, Database, JobQueue, StorageConfig};
use cogd::worker::Slots;
use sqlx::Connection as _;

use super::{all_jobs, all_succeeded, in_time, is_refused, long, post, settings, wait_until};
use crate::support::app::TestApp;
use crate::support::proxy::{Mode, Proxy};
use crate::support::world::{Engine, LEASE, World, add, claim, job, run};

/// Longer than every lease of these tests.
const OUTAGE: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_for_ten_seconds_takes_nothing_with_it() {
    run(Engine::Postgres, away).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_falls_silent_keeps_nobody_waiting_and_is_found_again() {
    run(Engine::Postgres, silent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_acceptance_was_never_confirmed_keeps_its_files() {
    run(Engine::Postgres, without_receipt).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_outage_nobody_is_taken_for_lost_before_a_lease_has_passed() {
    run(Engine::Postgres, outlasts_a_lease).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_locked_for_ten_seconds_takes_nothing_with_it() {
    run(Engine::Sqlite, locked).await;
}

/// A proxy before the database of a world, and settings to reach it that way.
async fn proxy(world: &World) -> (Proxy, StorageConfig) {
    let mut server: url::Url =
        world.storage.database_url.as_ref().unwrap().expose().parse().unwrap();
    // The proxy looks into what it passes on.
    server.query_pairs_mut().append_pair("sslmode", "disable");
    let proxy = Proxy::before(server.as_str()).await;
    let database_url = Some(proxy.url().parse().unwrap());
    let timeout = Duration::from_secs(1);
    (proxy, StorageConfig { database_url, timeout, ..world.storage.clone() })
}

/// A service that reaches its database by way of a proxy, and has one place for jobs.
async fn behind(world: &World) -> (Proxy, TestApp) {
    let (proxy, storage) = proxy(world).await;
    let app = TestApp::with(|config| {
        settings(world, config);
        config.storage = storage;
        config.jobs.slots = Slots::Fixed(1);
    })
    .await;
    (proxy, app)
}

/// Another service on the same storage, which nothing stands in the way of.
async fn beside(world: &World) -> TestApp {
    TestApp::with(|config| settings(world, config)).await
}

async fn away(world: Arc<World>) {
    let (proxy, app) = behind(&world).await;
    let (app, look) = (Arc::new(app), beside(&world).await);
    let (running, path) = accept_work(&app, &look).await;
    let waiting = tokio::spawn({
        let app = Arc::clone(&app);
        async move { app.call(post(3, "wait=6")).await }
    });
    wait_until("it is accepted", async || all_jobs(&look.app).await.len() == 7).await;

    proxy.turn(Mode::Closed);
    let back = tokio::time::Instant::now() + OUTAGE;
    while tokio::time::Instant::now() < back {
        is_refused(&in_time(app.call(post(4, "respond-async"))).await);
        is_refused(&in_time(app.get(&path)).await);
        is_refused(&in_time(app.get("/v1/jobs")).await);
        let delete = Request::delete(&path).body(Body::empty()).unwrap();
        is_refused(&in_time(app.call(delete)).await);
        let ready = in_time(app.get("/readyz")).await;
        is_refused(&ready);
        assert_eq!(ready.json()["detail"], "no answer from: database");
        assert_eq!(app.get("/livez").await.status, StatusCode::OK);
    }
    let answer = in_time(waiting).await.unwrap();
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    assert!(answer.header("location").starts_with("/v1/jobs/"));

    proxy.turn(Mode::Open);
    let jobs = all_succeeded(&look.app).await;
    assert_eq!(jobs.len(), 7);
    let running = jobs.iter().find(|job| job.id.to_string() == running).unwrap();
    assert_eq!(running.attempts, 1, "its worker was there all the time");
    wait_until("it is ready", async || app.get("/readyz").await.status == StatusCode::OK).await;
}

async fn silent(world: Arc<World>) {
    let (proxy, app) = behind(&world).await;
    let (app, look) = (Arc::new(app), beside(&world).await);
    let (_, path) = accept_work(&app, &look).await;
    let ask = async || {
        let requests = (0..30).map(|number| {
            let (app, path) = (Arc::clone(&app), path.clone());
            tokio::spawn(in_time(async move {
                match number % 3 {
                    0 => app.call(post(number, "respond-async")).await,
                    1 => app.get("/v1/jobs").await,
                    _ => app.get(&path).await,
                }
            }))
        });
        futures_util::future::try_join_all(requests.collect::<Vec<_>>()).await.unwrap()
    };
    // Every connection is made, so every one can fall silent.
    assert!(ask().await.iter().all(|answer| answer.status.is_success()));
    proxy.turn(Mode::Silent);
    for _ in 0..2 {
        ask().await.iter().for_each(is_refused);
        is_refused(&in_time(app.get("/readyz")).await);
    }
    // The connections of before stay silent for ever.
    proxy.turn(Mode::Open);
    wait_until("it is ready", async || app.get("/readyz").await.status == StatusCode::OK).await;
    wait_until("it takes work", async || {
        in_time(app.call(post(5, "respond-async"))).await.status == StatusCode::ACCEPTED
    })
    .await;
    all_succeeded(&look.app).await;
}

async fn without_receipt(world: Arc<World>) {
    let (proxy, app) = behind(&world).await;
    let look = beside(&world).await;
    let request = || {
        let mut request = post(1, "respond-async");
        request.headers_mut().insert("idempotency-key", "once".parse().unwrap());
        request
    };
    proxy.turn(Mode::WithoutReceipt);
    let mut jobs = Vec::new();
    // The connections of before are cut, and take nothing.
    while jobs.is_empty() {
        is_refused(&in_time(app.call(request())).await);
        jobs = all_jobs(&look.app).await;
    }
    proxy.turn(Mode::Open);
    let again = in_time(app.call(request())).await;
    assert_eq!(again.header("x-job-id"), jobs[0].id.to_string());
    app.work();
    assert_eq!(all_succeeded(&look.app).await.len(), 1);
}

async fn outlasts_a_lease(world: Arc<World>) {
    let (proxy, storage) = proxy(&world).await;
    let here = world.queue().await;
    let database = Database::connect(&storage, world.folder()).await.unwrap();
    let there = JobQueue::open(database, world.clock(), &world.config).await.unwrap();
    assert!(there.claim("other", LEASE).await.unwrap().is_none());
    let id = add(&here, &job("a")).await;
    let held = claim(&here).await;
    proxy.turn(Mode::Closed);
    there.claim("other", LEASE).await.unwrap_err();
    world.advance(2 * LEASE);
    proxy.turn(Mode::Open);
    let mut found = there.claim("other", LEASE).await;
    while found.is_err() {
        // Leases are not looked at more often than that.
        world.advance(Duration::from_secs(1));
        found = there.claim("other", LEASE).await;
    }
    assert!(found.unwrap().is_none(), "its worker had no time to speak");
    let beat = here.heartbeat(&held, None, LEASE).await.unwrap();
    assert_eq!(beat, Beat::Held { cancel_requested: false });
    // Now it has, and says nothing.
    world.advance(LEASE + Duration::from_secs(1));
    let again = there.claim("other", LEASE).await.unwrap().expect("a job to claim");
    assert_eq!((again.job.id, again.job.attempts), (id, 2));
}

async fn locked(world: Arc<World>) {
    let app = TestApp::with(|config| {
        settings(&world, config);
        config.storage.timeout = Duration::from_secs(1);
        config.jobs.slots = Slots::Fixed(1);
    })
    .await;
    let (running, path) = accept_work(&app, &app).await;
    let mut other = sqlx::SqliteConnection::connect(&world.sqlite_url()).await.unwrap();
    sqlx::raw_sql("PRAGMA busy_timeout = 60000; BEGIN EXCLUSIVE")
        .execute(&mut other)
        .await
        .unwrap();
    let back = tokio::time::Instant::now() + OUTAGE;
    while tokio::time::Instant::now() < back {
        is_refused(&in_time(app.call(post(4, "respond-async"))).await);
        assert_eq!(in_time(app.get(&path)).await.status, StatusCode::OK, "it can be read");
    }
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    let jobs = all_succeeded(&app.app).await;
    assert_eq!(jobs.len(), 6);
    let running = jobs.iter().find(|job| job.id.to_string() == running).unwrap();
    assert_eq!(running.attempts, 1, "its worker was there all the time");
}

/// Has a service accept a long job, which it begins, and five short ones behind it. Gives the name
/// of the long one, and the path of a short one.
async fn accept_work(app: &TestApp, look: &TestApp) -> (String, String) {
    let running = app.call(long()).await.header("x-job-id").to_owned();
    app.work();
    wait_until("it runs", async || {
        all_jobs(&look.app).await.iter().any(|job| job.state == JobState::Running)
    })
    .await;
    let mut path = String::new();
    for seed in 0..5 {
        let answer = app.call(post(seed, "respond-async")).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        answer.header("location").clone_into(&mut path);
    }
    (running, path)
}
