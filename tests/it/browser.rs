//! The page of `examples/clients`, served from another origin, in a real browser.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::response::Html;
use axum::routing::{get, post};
use cogd::app::App;
use cogd::auth::{ApiKey, AuthMode, Scope};
use cogd::config::Config;
use cogd::jobs::Timestamp;
use cogd::storage::{Database, KeyRecord, StorageConfig};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/clients/page.html"));

/// Fills in the form as a person would, and reports what the page then shows.
const PERSON: &str = r#"<script type="module">
const picture = (draw) => new Promise((done) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 96, height: 64 });
  draw(canvas.getContext("2d"));
  canvas.toBlob(done, "image/png");
});
const image = await picture((pen) => {
  const sky = pen.createLinearGradient(0, 0, 96, 64);
  sky.addColorStop(0, "teal");
  sky.addColorStop(1, "gold");
  pen.fillStyle = sky;
  pen.fillRect(0, 0, 96, 64);
  pen.fillStyle = "black";
  pen.fillRect(40, 20, 6, 30);
});
const mask = await picture((pen) => {
  pen.fillStyle = "black";
  pen.fillRect(0, 0, 96, 64);
  pen.fillStyle = "white";
  pen.fillRect(38, 18, 10, 34);
});
const form = document.forms[0];
form.elements.service.value = "SERVICE";
form.elements.key.value = "KEY";
for (const [name, blob] of Object.entries({ image, mask })) {
  const files = new DataTransfer();
  files.items.add(new File([blob], `${name}.png`, { type: "image/png" }));
  form.elements[name].files = files.files;
}
const seen = [];
const report = (what) => fetch("/report", { method: "POST", body: JSON.stringify(what) });
new MutationObserver(() => {
  const status = document.getElementById("status").textContent;
  seen.push(status);
  if (!/^(queued|running|succeeded)/.test(status)) report({ seen });
}).observe(document.getElementById("status"), { childList: true });
const result = document.getElementById("result");
result.addEventListener("load", () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 96, height: 64 });
  const pen = canvas.getContext("2d");
  pen.drawImage(result, 0, 0);
  const middle = Array.from(pen.getImageData(43, 35, 1, 1).data);
  report({ seen, size: [result.naturalWidth, result.naturalHeight], hidden: result.hidden, middle });
});
form.requestSubmit();
</script>"#;

/// Far longer than anything here takes, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

struct Browser {
    process: Child,
    _profile: tempfile::TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Browser {
    /// Opens the page, if there is a Chromium on this machine.
    fn open(url: &str) -> Option<Self> {
        let profile = tempfile::tempdir().unwrap();
        ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .find_map(|program| {
                let process = Command::new(program)
                    .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"])
                    .args(["--no-first-run", "--disable-background-networking"])
                    .args([
                        "--disable-component-update",
                        "--disable-sync",
                        "--disable-dev-shm-usage",
                    ])
                    .arg(format!("--user-data-dir={}", profile.path().display()))
                    // Something to talk to keeps it open until it is told to end.
                    .args(["--remote-debugging-port=0", url])
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn();
                process.ok()
            })
            .map(|process| Self { process, _profile: profile })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_has_a_picture_repaired_with_a_key() {
    let origin = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let page = format!("http://{}", origin.local_addr().unwrap());

    let folder = tempfile::tempdir().unwrap();
    let mut config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
    config.http.bind = "127.0.0.1:0".parse().unwrap();
    config.auth.mode = AuthMode::Keys;
    config.http.cors_origins = vec![page.parse().unwrap()];
    let app = App::build(config).await.unwrap();
    let database = Database::connect(&StorageConfig::default(), folder.path()).await.unwrap();
    let key = ApiKey::generate().unwrap();
    let record = KeyRecord::new(&key, "page", [Scope::Restore].into(), Timestamp(1));
    database.add_key(&record).await.unwrap();
    let listener = app.bind().await.unwrap();
    let service = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(app.serve(listener, async { drop(stopped.await) }));

    let person = PERSON.replace("SERVICE", &service).replace("KEY", key.reveal());
    let html = PAGE.replace("</html>", &format!("{person}</html>"));
    let (sender, mut reports) = mpsc::unbounded_channel();
    let pages = Router::new()
        .route("/", get(async move || Html(html)))
        .route("/report", post(async move |body: Bytes| sender.send(body).unwrap()));
    tokio::spawn(async { axum::serve(origin, pages).await });
    let Some(_browser) = Browser::open(&page) else {
        std::io::stderr().write_all(b"SKIPPED: no Chromium for the test of a web page\n").unwrap();
        return;
    };

    let report = timeout(PATIENCE, reports.recv()).await.expect("the page says nothing").unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["size"], serde_json::json!([96, 64]), "{report}");
    assert_eq!(report["hidden"], false);
    let seen = report["seen"].as_array().unwrap();
    assert!(seen.last().unwrap().as_str().unwrap().starts_with("succeeded"), "{report}");
    // The black bar is gone: its middle has the colours around it.
    let middle = report["middle"].as_array().unwrap();
    assert!(middle.iter().take(2).all(|channel| channel.as_u64().unwrap() > 60), "{report}");

    drop(stop);
    timeout(PATIENCE, serving).await.expect("the service does not stop").unwrap();
}
