//! Real clients against a service on a socket, where their packages are installed.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use cogd::http::{HttpConfig, serve};
use cogd::inference::Device;
use cogd::telemetry::Metrics;
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use crate::support::app::TestApp;
use crate::support::models::{ModelFolder, scale};
use crate::support::networks::runtime;

/// The Python of `TEST_PYTHON`, or the usual one, if it has these modules. Says so if not.
fn python_with(modules: &str) -> Option<String> {
    let python = std::env::var_os("TEST_PYTHON").map(|python| python.into_string().unwrap());
    let python = python.unwrap_or_else(|| "python3".to_owned());
    let mut command = Command::new(&python);
    command.args(["-c", &format!("import {modules}")]).stderr(Stdio::null());
    if command.status().is_ok_and(|status| status.success()) {
        return Some(python);
    }
    let line = format!("SKIPPED: {python} (TEST_PYTHON) cannot import {modules}\n");
    // Straight to the stream: what a test prints by macro is shown only when it fails.
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clients_of_triton_work_unchanged() {
    let Some(_) = runtime() else { return };
    let Some(python) = python_with("tritonclient.http.aio, numpy") else { return };
    let folder = ModelFolder::new();
    folder.put("double/1/model.onnx", scale(2.0).encode());
    let app = TestApp::with(|config| {
        config.models.dir = Some(folder.path());
        config.models.device = Device::Cpu;
    });
    let app = app.await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let stop = CancellationToken::new();
    let serving = tokio::spawn({
        let (router, stop) = (app.router.clone(), stop.clone().cancelled_owned());
        async move { serve(listener, router, &HttpConfig::default(), &Metrics::default(), stop).await }
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/triton_client.py");
    let mut client = Command::new(python);
    client.arg(script).arg(address).arg(folder.path());
    let output = spawn_blocking(move || client.output()).await.unwrap().unwrap();
    stop.cancel();
    serving.await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.ends_with("ok everything\n"), "{said}\n{failed}");
}
