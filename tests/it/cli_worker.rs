//! A process that only works on jobs, and those who watch over it.

use std::process::{Command, Stdio};

use crate::support::process::{Process, cogd, exchange, plain};

/// A worker that tells how it is.
struct Worker {
    process: Process,
    address: String,
    _folder: tempfile::TempDir,
}

impl Worker {
    fn start(bind: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = cogd(&["worker", "--http-worker-bind", bind, "--data-dir"]);
        command.arg(folder.path()).stderr(Stdio::null());
        let process = Process::start(&mut command);
        let (_, address) = process.greeting.split_once(" on http://").unwrap();
        let address = address.replace("0.0.0.0", "127.0.0.1");
        Self { process, address, _folder: folder }
    }

    fn get(&self, path: &str) -> (u16, String) {
        let said = exchange(&self.address, &plain("GET", path)).unwrap();
        (said.status, String::from_utf8(said.body).unwrap())
    }
}

#[test]
fn a_worker_tells_how_it_is_and_serves_nothing_else() {
    let mut worker = Worker::start("127.0.0.1:0");
    for path in ["/livez", "/readyz", "/version"] {
        assert_eq!(worker.get(path).0, 200, "{path}");
    }
    let (status, metrics) = worker.get("/metrics");
    assert_eq!(status, 200);
    assert!(metrics.contains("cogd_backlog_running 0"), "{metrics}");
    for path in ["/v1/engines", "/v1/jobs", "/v2", "/docs/", "/openapi.json"] {
        assert_eq!(worker.get(path).0, 404, "{path}");
    }
    let id = worker.process.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(worker.process.child.wait().unwrap().success());
}

#[test]
fn a_worker_that_others_can_reach_works_without_a_key_but_shows_metrics_with_one() {
    let worker = Worker::start("0.0.0.0:0");
    assert_eq!(worker.get("/readyz").0, 200);
    let (status, problem) = worker.get("/metrics");
    assert_eq!(status, 401, "{problem}");
}

#[test]
fn a_worker_that_cannot_have_its_address_says_which() {
    let first = Worker::start("127.0.0.1:0");
    let folder = tempfile::tempdir().unwrap();
    let mut command = cogd(&["worker", "--http-worker-bind", &first.address, "--data-dir"]);
    let output = command.arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains(&format!("{} (http.worker_bind)", first.address)), "{told}");
}
