//! Who stops a job, and who does not. That a pool stops work within one iteration of being told is
//! shown where the pool is tested; here it is told.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cogd::jobs::JobState;
use cogd::worker::Slots;

use super::{all_jobs, all_succeeded, grid_png, post, settings, wait_until};
use crate::queue::on_every_engine;
use crate::support::app::{TestApp, grey_png, multipart};
use crate::support::process::{Process, upload};
use crate::support::world::World;

on_every_engine!(
    a_job_that_is_deleted_frees_its_place_in_whatever_process,
    a_client_that_hangs_up_while_it_waits_cancels_nothing,
);

async fn a_job_that_is_deleted_frees_its_place_in_whatever_process(world: Arc<World>) {
    let asked = TestApp::with(|config| settings(&world, config)).await;
    let works = TestApp::with(|config| {
        settings(&world, config);
        config.jobs.slots = Slots::Fixed(1);
    })
    .await;
    works.work();
    for deleting in [&works, &asked] {
        let (image, mask) = (grey_png(600, 600, 1), grid_png(600));
        let parts: &[(&str, &[u8])] =
            &[("image", &image), ("mask", &mask), ("iterations", b"1000")];
        let mut request = multipart("/v1/inpaint", parts);
        request.headers_mut().insert("prefer", "respond-async".parse().unwrap());
        let path = asked.call(request).await.header("location").to_owned();
        wait_until("it iterates", async || {
            asked.get(&path).await.json()["progress"]["iteration"].as_u64().unwrap_or(0) > 0
        })
        .await;
        assert_eq!(works.app.pool().load().running, 1);
        let answer = deleting.call(Request::delete(&path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        wait_until("its thread is free", async || works.app.pool().load().running == 0).await;
        wait_until("it has ended", async || {
            asked.get(&path).await.json()["state"] == JobState::Cancelled.name()
        })
        .await;
        let job = asked.get(&path).await.json();
        let progress = |name: &str| job["progress"][name].as_u64().unwrap();
        assert!(progress("iteration") < progress("iterations"), "{job}");
        // The only place is free for the next one.
        let next = asked.call(post(1, "wait=60")).await;
        assert_eq!(next.status, StatusCode::OK, "{next:?}");
    }
}

async fn a_client_that_hangs_up_while_it_waits_cancels_nothing(world: Arc<World>) {
    let look = TestApp::with(|config| settings(&world, config)).await;
    let server = Process::start(world.command("serve").args(["--bind", "127.0.0.1:0"]));
    let (image, mask) = (grey_png(160, 160, 1), grid_png(160));
    let parts: &[(&str, &[u8])] = &[("image", &image), ("mask", &mask), ("iterations", b"60")];
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(&upload("/v1/inpaint", &[("Prefer", "wait=60")], parts)).unwrap();
    wait_until("it runs", async || {
        all_jobs(&look.app).await.iter().any(|job| job.state == JobState::Running)
    })
    .await;
    drop(stream);
    let jobs = all_succeeded(&look.app).await;
    assert_eq!((jobs.len(), jobs[0].attempts), (1, 1));
}
