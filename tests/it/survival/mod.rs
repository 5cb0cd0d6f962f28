//! What has been accepted survives: processes that are killed, clients that leave, disks that are
//! full, and servers that are away or fall silent.

mod announce;
mod broker;
mod cancel;
mod database;
mod disk;
mod kill;
mod objects;
mod readiness;
mod restart;

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cogd::app::App;
use cogd::config::Config;
use cogd::jobs::{Job, JobId, JobState};

use crate::support::app::{Answer, grey_png, mask_png, multipart, png};
use crate::support::world::World;

/// How long a condition is waited for that must come about.
const PATIENCE: Duration = Duration::from_mins(2);

/// The parts of a small restoration; there are as many as there are seeds.
fn small(seed: u32) -> Vec<(&'static str, Vec<u8>)> {
    let side = 16 + 2 * (seed % 5);
    vec![
        ("image", grey_png(side, side, seed)),
        ("mask", mask_png(side, side)),
        ("iterations", b"4".to_vec()),
    ]
}

fn borrowed<'a>(parts: &'a [(&'static str, Vec<u8>)]) -> Vec<(&'static str, &'a [u8])> {
    parts.iter().map(|(name, value)| (*name, value.as_slice())).collect()
}

/// A request that makes a job of a small restoration, with this preference.
fn post(seed: u32, prefer: &str) -> Request<Body> {
    let mut request = multipart("/v1/inpaint", &borrowed(&small(seed)));
    request.headers_mut().insert("prefer", prefer.parse().unwrap());
    request
}

/// A request that makes a job of a restoration which takes a while.
fn long() -> Request<Body> {
    let (image, mask) = (grey_png(160, 160, 1), grid_png(160));
    let parts: &[(&str, &[u8])] = &[("image", &image), ("mask", &mask), ("iterations", b"60")];
    let mut request = multipart("/v1/inpaint", parts);
    request.headers_mut().insert("prefer", "respond-async".parse().unwrap());
    request
}

/// A mask that hides every other pixel.
fn grid_png(side: u32) -> Vec<u8> {
    png(side, side, |x, y| if (x + y) % 2 == 0 { 255 } else { 0 })
}

/// An answer that must not take for ever.
async fn in_time<T>(answer: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), answer).await.expect("a request hangs")
}

/// The service says that its storage does not answer.
fn is_refused(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert_eq!(answer.problem(), "storage-unavailable");
    assert!(!answer.header("retry-after").is_empty());
}

/// Settings of a service in this process that shares the storage of a world.
fn settings(world: &World, config: &mut Config) {
    world.folder().clone_into(&mut config.data_dir);
    config.storage = world.storage.clone();
    config.queue = world.config.clone();
    config.queue.lease = Duration::from_secs(2);
    config.queue.poll = Duration::from_millis(500);
    config.jobs.heartbeat = Duration::from_millis(200);
}

/// All jobs there are, as their owner sees them.
async fn all_jobs(app: &App) -> Vec<Job> {
    let (queue, mut jobs, mut after) = (&app.workshop().queue, Vec::new(), None::<JobId>);
    loop {
        let page = queue.list("", &cogd::storage::JobFilter::default(), after, 200).await.unwrap();
        let Some(last) = page.last() else { return jobs };
        after = Some(last.id);
        jobs.extend(page);
    }
}

/// How many jobs have not ended.
async fn unfinished(app: &App) -> u64 {
    let stats = app.workshop().queue.stats().await.unwrap();
    stats.running + stats.queued.iter().map(|(_, count)| count).sum::<u64>()
}

/// Waits until every job has ended, and gives them all. None has failed.
async fn all_succeeded(app: &App) -> Vec<Job> {
    wait_until("every job has ended", async || unfinished(app).await == 0).await;
    let jobs = all_jobs(app).await;
    for job in &jobs {
        assert_eq!(job.state, JobState::Succeeded, "{job:?}");
    }
    jobs
}

async fn wait_until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "never: {what}");
}
