//! A server is killed while clients send it work: what it accepted is whole, what it did not is
//! gone, and a request that is repeated with its key makes one job.

use std::collections::HashSet;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cogd::jobs::Timestamp;
use cogd::numerics::Random;

use super::{all_jobs, all_succeeded, borrowed, settings, small};
use crate::queue::on_every_engine;
use crate::support::app::TestApp;
use crate::support::process::{Process, exchange, upload};
use crate::support::world::World;

on_every_engine!(a_server_that_is_killed_leaves_nothing_half_done);

const KILLS: usize = 15;
const CLIENTS: u32 = 3;

/// What all clients know.
#[derive(Default)]
struct Shared {
    address: Mutex<String>,
    is_over: AtomicBool,
    interrupted: AtomicUsize,
}

impl Shared {
    fn address(&self) -> String {
        self.address.lock().unwrap().clone()
    }
}

async fn a_server_that_is_killed_leaves_nothing_half_done(world: Arc<World>) {
    let look = TestApp::with(|config| {
        settings(&world, config);
        config.jobs.orphan_age = Duration::ZERO;
    })
    .await;
    let serve = || {
        let mut command = world.command("serve");
        command.args(["--bind", "127.0.0.1:0", "--jobs-max-attempts", "100"]);
        Process::start(command.args(["--worker-threads", "2"]))
    };
    let shared = Arc::new(Shared::default());
    let mut server = serve();
    *shared.address.lock().unwrap() = server.address();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || send_work(&shared, client))
        })
        .collect();
    let halting = std::thread::spawn({
        let shared = Arc::clone(&shared);
        move || send_halves(&shared)
    });
    let mut chance = Random::seeded(7);
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(chance.below(150) as u64)).await;
        server.kill();
        every_job_has_its_files(&look).await;
        server = serve();
        *shared.address.lock().unwrap() = server.address();
    }
    shared.is_over.store(true, Ordering::SeqCst);
    let mut answered = HashSet::new();
    let mut requests = 0;
    for client in clients {
        let ids = client.join().unwrap();
        requests += ids.len();
        answered.extend(ids);
    }
    halting.join().unwrap();
    assert!(shared.interrupted.load(Ordering::SeqCst) > 0, "no kill hit a request");
    let jobs: HashSet<String> =
        all_succeeded(&look.app).await.iter().map(|job| job.id.to_string()).collect();
    assert_eq!(jobs, answered);
    assert_eq!(jobs.len(), requests, "one job for each key");

    server.kill();
    let workshop = look.app.workshop();
    workshop.sweep().await.unwrap();
    let kept = workshop.blobs.jobs_before(Timestamp(i64::MAX)).await.unwrap();
    assert_eq!(kept.iter().map(ToString::to_string).collect::<HashSet<_>>(), jobs);
    assert_eq!(half_written(&world.folder().join("blobs/jobs")), Vec::<String>::new());
}

/// Sends requests, each until it is answered, and gives the job of each.
fn send_work(shared: &Shared, client: u32) -> Vec<String> {
    let mut jobs = Vec::new();
    while !shared.is_over.load(Ordering::SeqCst) {
        let key = format!("{client}-{}", jobs.len());
        let headers = [("Prefer", "respond-async"), ("Idempotency-Key", key.as_str())];
        let request = upload("/v1/inpaint", &headers, &borrowed(&small(client)));
        let answer = loop {
            if let Some(answer) = exchange(&shared.address(), &request) {
                break answer;
            }
            shared.interrupted.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
        jobs.push(answer.json()["id"].as_str().unwrap().to_owned());
        std::thread::sleep(Duration::from_millis(10));
    }
    jobs
}

/// Begins upload after upload and ends none.
fn send_halves(shared: &Shared) {
    let request = upload("/v1/inpaint", &[("Prefer", "respond-async")], &borrowed(&small(9)));
    let mut open = Vec::new();
    while !shared.is_over.load(Ordering::SeqCst) {
        if let Ok(mut stream) = TcpStream::connect(shared.address()) {
            // Whoever is killed meanwhile hears nothing.
            let _ = stream.write_all(&request[..request.len() / 2]);
            open.push(stream);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

async fn every_job_has_its_files(look: &TestApp) {
    for job in all_jobs(&look.app).await {
        assert_eq!(job.inputs.len(), 2);
        for input in &job.inputs {
            look.app.workshop().blobs.get(input).await.unwrap();
        }
    }
}

/// The files that were not written to their end.
fn half_written(jobs: &Path) -> Vec<String> {
    let folders = std::fs::read_dir(jobs).unwrap().map(|folder| folder.unwrap().path());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains('#')).collect()
}
