//! A disk that is full, on a small file system of its own.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Once;
use std::time::Duration;

use super::{borrowed, grid_png, small, wait_until};
use crate::support::app::grey_png;
use crate::support::process::{Process, Said, cogd, exchange, plain, upload};
use crate::support::world::skipped;

/// So long that a busy machine does not miss heartbeats of 0.2 s until it is over.
const LEASE: &str = "6s";
const LONGER_THAN_A_LEASE: Duration = Duration::from_secs(8);

/// Makes the folder `$0` a file system of eight megabytes, and runs the rest in it.
const ON_A_SMALL_DISK: &str = r#"mount -t tmpfs -o size=8m none "$0" && exec "$@""#;

fn on_a_small_disk(folder: &std::path::Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", ON_A_SMALL_DISK]).arg(folder);
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_takes_nothing_that_was_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let can_mount = on_a_small_disk(folder.path()).arg("true").output();
    if !can_mount.is_ok_and(|output| output.status.success()) {
        return skipped(&Once::new(), "a full disk: this system lets nobody mount a small one");
    }
    let serve = cogd(&["serve", "--bind", "127.0.0.1:0", "--log-filter", "off"]);
    let mut command = on_a_small_disk(folder.path());
    command.arg(serve.get_program()).args(serve.get_args());
    // One place holds a job that cannot be stored, another one looks for more all the time.
    command.args(["--workers", "2", "--jobs-lease", LEASE, "--jobs-heartbeat", "0.2s"]);
    command.args(["--jobs-poll", "0.5s", "--data-dir"]).arg(folder.path());
    let server = Process::start(&mut command);
    let address = server.address();
    let call = |request: Vec<u8>| exchange(&address, &request).expect("an answer");
    let post = |seed: u32| {
        let parts = small(seed);
        call(upload("/v1/inpaint", &[("Prefer", "respond-async")], &borrowed(&parts)))
    };
    let mut accepted = 0;
    let mut accept = |said: &Said| {
        if said.status == 202 {
            accepted += 1;
        } else {
            assert!(matches!(said.status, 503 | 507), "{said:?}");
            let problem = said.json()["type"].clone();
            assert!(
                problem == "/problems/storage-full" || problem == "/problems/storage-unavailable"
            );
        }
        said.status
    };
    for seed in 0..20 {
        assert_eq!(accept(&post(seed)), 202);
    }
    let (image, mask) = (grey_png(160, 160, 1), grid_png(160));
    let long: &[(&str, &[u8])] = &[("image", &image), ("mask", &mask), ("iterations", b"60")];
    let long = call(upload("/v1/inpaint", &[("Prefer", "respond-async")], long));
    assert_eq!(accept(&long), 202);
    let path = format!("/v1/jobs/{}", long.json()["id"].as_str().unwrap());
    wait_until("it runs", async || call(plain("GET", &path)).json()["state"] == "running").await;
    let filler = fill(&server, &folder.path().join("filler"));
    let mut told = 0;
    for seed in 0..20 {
        if accept(&post(seed)) == 507 {
            told += 1;
        }
        for path in ["/v1/jobs", "/readyz"] {
            let said = call(plain("GET", path));
            assert!(matches!(said.status, 200 | 503 | 507), "{path}: {said:?}");
        }
        assert_eq!(call(plain("GET", "/livez")).status, 200);
    }
    assert!(told > 0, "nobody was told that the disk is full");
    tokio::time::sleep(LONGER_THAN_A_LEASE).await;
    std::fs::remove_file(filler).unwrap();

    let jobs =
        || call(plain("GET", "/v1/jobs?limit=200")).json()["jobs"].as_array().unwrap().clone();
    wait_until("all accepted jobs have succeeded", async || {
        let jobs = jobs();
        assert!(jobs.iter().all(|job| job["state"] != "failed"), "{jobs:#?}");
        jobs.iter().filter(|job| job["state"] == "succeeded").count() == accepted
    })
    .await;
    assert_eq!(jobs().len(), accepted);
    assert!(jobs().iter().all(|job| job["attempts"] == 1), "{:#?}", jobs());
    assert_eq!(post(1).status, 202);
}

/// Takes all the room that is left on the disk of a process.
fn fill(server: &Process, path: &std::path::Path) -> PathBuf {
    let path = format!("/proc/{}/root{}", server.child.id(), path.display());
    let mut filler = std::fs::File::create(&path).unwrap();
    let mut piece = vec![0; 1 << 20];
    while !piece.is_empty() {
        if filler.write_all(&piece).is_err() {
            piece.truncate(piece.len() / 2);
        }
    }
    path.into()
}
