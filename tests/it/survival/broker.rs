//! A message broker that is not there: needed at the start, and missed by nobody after it.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use cogd::app::{App, StartError};
use cogd::config::Config;
use cogd::storage::StorageError;
use tokio::net::TcpListener;

use super::{all_succeeded, in_time, post, settings};
use crate::support::app::TestApp;
use crate::support::proxy::{Mode, Proxy};
use crate::support::world::{Engine, World, run};

#[tokio::test]
async fn a_broker_that_does_not_answer_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    // One port where nobody listens, and one where somebody does and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ports = [&closed, &silent].map(|listener| listener.local_addr().unwrap().port());
    drop(closed);
    for port in ports {
        let mut config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
        config.queue.url = Some(format!("nats://127.0.0.1:{port}").parse().unwrap());
        let error = in_time(Box::pin(App::build(config))).await.unwrap_err();
        let StartError::Storage(StorageError::Unavailable { what, .. }) = error else {
            panic!("{error:?}")
        };
        assert_eq!(what, "the message broker");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_goes_away_holds_up_no_request_and_no_job() {
    run(Engine::Nats, away).await;
}

async fn away(world: Arc<World>) {
    let proxy = Proxy::before(world.config.url.as_ref().unwrap().expose()).await;
    let app = TestApp::with(|config| {
        settings(&world, config);
        config.queue.url = Some(proxy.url().parse().unwrap());
    })
    .await;
    app.work();
    let mut accepted = 0;
    for mode in [Mode::Open, Mode::Closed, Mode::Open, Mode::Silent, Mode::Open] {
        proxy.turn(mode);
        for seed in 0..5 {
            let answer = in_time(app.call(post(seed, "respond-async"))).await;
            assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
            accepted += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(all_succeeded(&app.app).await.len(), accepted);
    }
}
