//! A store of files that answers 503 for a while.

use std::sync::{Arc, Once};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cogd::jobs::{JobId, JobState};
use cogd::storage::BlobConfig;
use cogd::worker::Slots;

use super::{all_jobs, all_succeeded, in_time, is_refused, long, post, settings, wait_until};
use crate::support::app::TestApp;
use crate::support::proxy::{Mode, Proxy};
use crate::support::world::{Engine, World, run, server, skipped};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_away_for_ten_seconds_costs_no_attempt() {
    if let Some(server) = bucket_server() {
        run(Engine::Sqlite, async |world| away(&world, &server).await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_waits_for_a_result_that_cannot_be_read_gets_the_job() {
    if let Some(server) = bucket_server() {
        run(Engine::Sqlite, async |world| unreadable(&world, &server).await).await;
    }
}

static NO_BUCKET: Once = Once::new();

fn bucket_server() -> Option<String> {
    let found = server("TEST_S3_URL");
    if found.is_none() {
        skipped(&NO_BUCKET, "a store of files that is away: TEST_S3_URL is not set");
    }
    found
}

/// A folder of a bucket.
fn bucket(endpoint: &str, folder: JobId) -> BlobConfig {
    BlobConfig {
        url: Some(format!("s3://bkt/{folder}").parse().unwrap()),
        s3_endpoint: Some(endpoint.parse().unwrap()),
        s3_access_key_id: Some("test".to_owned()),
        s3_secret_access_key: Some("test".parse().unwrap()),
        ..BlobConfig::default()
    }
}

async fn unreadable(world: &Arc<World>, server: &str) {
    let (proxy, folder) = (Proxy::before(server).await, JobId::generate());
    let asked = TestApp::with(|config| {
        settings(world, config);
        config.blobs = bucket(proxy.url(), folder);
    })
    .await;
    let works = TestApp::with(|config| {
        settings(world, config);
        config.blobs = bucket(server, folder);
    })
    .await;
    let asked = Arc::new(asked);
    let waiting = tokio::spawn({
        let asked = Arc::clone(&asked);
        async move { asked.call(post(1, "wait=60")).await }
    });
    wait_until("it is accepted", async || all_jobs(&works.app).await.len() == 1).await;
    proxy.turn(Mode::Unavailable);
    works.work();
    let answer = in_time(waiting).await.unwrap();
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    assert_eq!(answer.json()["state"], "succeeded");
    let path = answer.header("location");
    assert_eq!(works.get(&format!("{path}/result")).await.status, StatusCode::OK);
    // A job is forgotten all the same; its files are swept.
    let delete = Request::delete(path).body(Body::empty()).unwrap();
    assert_eq!(in_time(asked.call(delete)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(works.get(path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_folder_that_is_not_mounted_costs_no_attempt() {
    let app = TestApp::new().await;
    app.call(post(1, "respond-async")).await;
    let (files, elsewhere) = (app.folder().join("data/blobs/jobs"), app.folder().join("elsewhere"));
    std::fs::rename(&files, &elsewhere).unwrap();
    app.work();
    // It is claimed, and handed back.
    wait_until("it was tried", async || all_jobs(&app.app).await[0].revision >= 3).await;
    std::fs::rename(&elsewhere, &files).unwrap();
    assert_eq!(all_succeeded(&app.app).await[0].attempts, 1);
}

async fn away(world: &Arc<World>, server: &str) {
    let proxy = Proxy::before(server).await;
    let app = TestApp::with(|config| {
        settings(world, config);
        config.jobs.slots = Slots::Fixed(1);
        config.blobs = bucket(proxy.url(), JobId::generate());
    })
    .await;
    let app = Arc::new(app);
    let done = app.call(post(0, "respond-async")).await;
    let result = format!("{}/result", done.header("location"));
    app.work();
    all_succeeded(&app.app).await;
    app.call(long()).await;
    wait_until("it runs", async || {
        all_jobs(&app.app).await.iter().any(|job| job.state == JobState::Running)
    })
    .await;
    for seed in 1..5 {
        let answer = app.call(post(seed, "respond-async")).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    }

    proxy.turn(Mode::Unavailable);
    let back = tokio::time::Instant::now() + Duration::from_secs(10);
    while tokio::time::Instant::now() < back {
        is_refused(&in_time(app.call(post(9, "respond-async"))).await);
        is_refused(&in_time(app.get(&result)).await);
        let ready = in_time(app.get("/readyz")).await;
        is_refused(&ready);
        assert_eq!(ready.json()["detail"], "no answer from: blobs");
        assert_eq!(app.get("/v1/jobs").await.status, StatusCode::OK);
    }
    proxy.turn(Mode::Open);

    let jobs = all_succeeded(&app.app).await;
    assert_eq!(jobs.len(), 6);
    assert!(jobs.iter().all(|job| job.attempts == 1), "{jobs:#?}");
    assert_eq!(app.get(&result).await.status, StatusCode::OK);
    assert_eq!(app.get("/readyz").await.status, StatusCode::OK);
}
