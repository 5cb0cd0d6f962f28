//! The end of every job is told, at once, by the worker that ended it.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use cogd::jobs::Timestamp;

use super::{all_succeeded, borrowed, settings, small, wait_until};
use crate::queue::on_every_engine;
use crate::support::app::{TestApp, multipart};
use crate::support::world::World;

on_every_engine!(a_sign_of_life_never_keeps_an_end_from_being_told);

async fn a_sign_of_life_never_keeps_an_end_from_being_told(world: Arc<World>) {
    let app = TestApp::with(|config| {
        settings(&world, config);
        config.webhooks.secret = Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap());
        config.webhooks.allow = vec!["127.0.0.1".parse().unwrap()];
        // Nobody else finds what was left untold.
        config.jobs.sweep = Duration::from_hours(1);
        config.jobs.heartbeat = Duration::from_millis(1);
    })
    .await;
    for seed in 0..60 {
        let mut parts = small(seed);
        parts.push(("webhook", b"http://127.0.0.1:9/nobody".to_vec()));
        let answer = app.call(multipart("/v1/inpaint", &borrowed(&parts))).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    }
    app.work();
    all_succeeded(&app.app).await;
    let untold = async || {
        let database = &app.app.workshop().database;
        database.jobs_without_delivery(Timestamp(0), Timestamp(i64::MAX), 100).await.unwrap()
    };
    wait_until("all ends are told", async || untold().await.is_empty()).await;
}
