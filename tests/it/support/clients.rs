//! What the clients of others need: their packages, a browser, and a service on a socket.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use cogd::http::{HttpConfig, serve};
use cogd::telemetry::Metrics;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::app::TestApp;

/// Straight to the stream: what a test prints by macro is shown only when it fails.
pub(crate) fn skipped(why: &str) {
    std::io::stderr().write_all(format!("SKIPPED: {why}\n").as_bytes()).unwrap();
}

/// The Python of `TEST_PYTHON`, or the usual one, if it has these modules. Says so if not.
pub(crate) fn python_with(modules: &str) -> Option<String> {
    let python = std::env::var_os("TEST_PYTHON").map(|python| python.into_string().unwrap());
    let python = python.unwrap_or_else(|| "python3".to_owned());
    let mut command = Command::new(&python);
    command.args(["-c", &format!("import {modules}")]).stderr(Stdio::null());
    if command.status().is_ok_and(|status| status.success()) {
        return Some(python);
    }
    skipped(&format!("{python} (TEST_PYTHON) cannot import {modules}"));
    None
}

/// The folder that a variable of the environment names. Says so if there is none.
pub(crate) fn folder(variable: &str, what: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        skipped(&format!("{variable} names no folder with {what}"));
    }
    folder
}

/// A browser on this machine. Says so if there is none.
pub(crate) fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let folders: Vec<_> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    let files = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let found = files.into_iter().find(|file| file.is_file());
    if found.is_none() {
        skipped("no Chromium for the page of IOPaint");
    }
    found
}

/// A service on a socket, until it is stopped.
pub(crate) struct Served {
    pub(crate) address: String,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Served {
    pub(crate) async fn start(app: &TestApp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let stop = CancellationToken::new();
        let serving = tokio::spawn({
            let (router, stop) = (app.router.clone(), stop.clone().cancelled_owned());
            async move {
                serve(listener, router, &HttpConfig::default(), &Metrics::default(), stop).await;
            }
        });
        Self { address, stop, serving }
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.serving.await.unwrap();
    }
}
