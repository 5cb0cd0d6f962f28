//! Real clients against a service on a socket, where their packages are installed.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cogd::auth::{ApiKey, AuthMode, Scope};
use cogd::imaging::{ImageLimits, decode};
use cogd::inference::Device;
use cogd::jobs::Timestamp;
use cogd::storage::{Database, KeyRecord, StorageConfig};
use cogd::worker::{ThreadCount, Watch};
use tokio::task::spawn_blocking;

use crate::support::app::TestApp;
use crate::support::clients::{Served, chromium, folder, python_with};
use crate::support::models::{ModelFolder, scale};
use crate::support::networks::runtime;

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

/// Runs a client to its end, which says that everything has passed.
async fn run_to_its_end(mut client: Command) {
    let output = spawn_blocking(move || client.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.ends_with("ok everything\n"), "{said}\n{failed}");
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
    let served = Served::start(&app).await;
    let mut client = Command::new(python);
    client.arg(script("triton_client.py")).arg(&served.address).arg(folder.path());
    run_to_its_end(client).await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_of_openai_works_unchanged() {
    let Some(python) = python_with("openai") else { return };
    let mut data = PathBuf::new();
    let app = TestApp::with(|config| {
        config.auth.mode = AuthMode::Keys;
        data.clone_from(&config.data_dir);
    });
    let app = app.await;
    app.work();
    let database = Database::connect(&StorageConfig::default(), &data).await.unwrap();
    let key = ApiKey::generate().unwrap();
    let record = KeyRecord::new(&key, "sdk", [Scope::Restore].into(), Timestamp(1));
    database.add_key(&record).await.unwrap();
    let full = TestApp::with(|config| {
        config.worker.queue_length = 0;
        config.worker.threads = ThreadCount::Exactly(NonZeroUsize::MIN);
    });
    let full = full.await;
    let busy = |watch: &Watch| {
        while watch.goes_on() {
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    let busy = full.app.pool().submit(1, busy).unwrap();
    let (open, closed) = (Served::start(&app).await, Served::start(&full).await);
    let mut client = Command::new(python);
    client.arg(script("openai_client.py")).arg(format!("http://{}", open.address));
    client.arg(key.reveal()).arg(format!("http://{}", closed.address));
    run_to_its_end(client).await;
    drop(busy);
    open.end().await;
    closed.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_iopaint_works_unchanged() {
    let Some(page) = folder("TEST_IOPAINT_PAGE", "the page of IOPaint") else { return };
    let Some(modules) = folder("TEST_WEB_MODULES", "playwright-core") else { return };
    let Some(browser) = chromium() else { return };
    let app = TestApp::with(|config| config.http.ui_dir = Some(page)).await;
    let served = Served::start(&app).await;
    let folder = tempfile::tempdir().unwrap();
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images/scene.png");
    let (result, mask) = (folder.path().join("result"), folder.path().join("result.mask"));
    let mut client = Command::new("node");
    client.arg(script("iopaint_page.mjs")).arg(&picture).arg(&result);
    client.env("COGD_URL", format!("http://{}", served.address));
    client.env("TEST_WEB_MODULES", modules).env("TEST_CHROMIUM", browser);
    run_to_its_end(client).await;
    served.end().await;

    // Nothing but the stroke has changed, and most of it has.
    let read = |path: &Path| {
        decode(&std::fs::read(path).unwrap(), &ImageLimits::default()).unwrap().raster
    };
    let (before, after, mask) = (read(&picture), read(&result), read(&mask));
    let (mut painted, mut changed) = (0, 0);
    for (y, x) in (0..before.height()).flat_map(|y| (0..before.width()).map(move |x| (y, x))) {
        let differs = (0..3).any(|c| before.sample(c, y, x) != after.sample(c, y, x));
        let is_painted = mask.sample(3, y, x) > 0;
        assert!(is_painted || !differs, "{y} {x} was not painted and has changed");
        painted += usize::from(is_painted);
        changed += usize::from(differs);
    }
    assert!(painted > 100 && 2 * changed > painted, "{changed} of {painted}");
}
