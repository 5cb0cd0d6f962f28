//! The page at `/`: as it is served, and in a real browser.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cogd::app::App;
use cogd::auth::{ApiKey, AuthMode, Scope};
use cogd::config::Config;
use cogd::jobs::Timestamp;
use cogd::storage::{Database, KeyRecord, StorageConfig};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::support::app::TestApp;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Names and texts of the files of the page.
fn files() -> Vec<(String, String)> {
    let files = fs::read_dir(folder("web")).unwrap().map(|entry| entry.unwrap());
    files
        .map(|file| {
            let name = file.file_name().into_string().unwrap();
            (name, fs::read_to_string(file.path()).unwrap())
        })
        .collect()
}

#[tokio::test]
async fn every_file_of_the_page_is_served_with_its_type_and_a_tag() {
    let app = TestApp::new().await;
    for (name, text) in files() {
        let path =
            if name == "index.html" { "/".to_owned() } else { format!("/playground/{name}") };
        let answer = app.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.body == text.as_bytes(), "{path} is not the file");
        let media_type = match Path::new(&name).extension().unwrap().to_str().unwrap() {
            "html" => "text/html; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            other => panic!("{name}: {other}"),
        };
        assert_eq!(answer.header("content-type"), media_type);
        assert_eq!(answer.header("cache-control"), "no-cache");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'self';") && !policy.contains("unsafe"),
            "{policy}"
        );

        let tag = answer.header("etag").to_owned();
        let again = Request::get(&path).header("if-none-match", format!("\"other\", W/{tag}"));
        let again = app.call(again.body(Body::empty()).unwrap()).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
        assert_eq!(again.header("etag"), tag);
        let changed = Request::get(&path).header("if-none-match", "\"other\"");
        let changed = app.call(changed.body(Body::empty()).unwrap()).await;
        assert_eq!(changed.status, StatusCode::OK);
        let head = app.call(Request::head(&path).body(Body::empty()).unwrap()).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
        assert_eq!(head.header("content-length"), text.len().to_string());
    }
    for sample in ["sample.png", "sample-mask.png"] {
        let answer = app.get(&format!("/playground/{sample}")).await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "image/png"));
    }
    assert_eq!(app.get("/playground/nothing.js").await.problem(), "not-found");
    let post = app.call(Request::post("/").body(Body::empty()).unwrap()).await;
    assert_eq!(post.problem(), "method-not-allowed");
}

#[test]
fn the_page_names_only_files_that_are_there_and_nothing_that_its_policy_forbids() {
    let files = files();
    let names: BTreeSet<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let mut named = BTreeSet::from(["index.html"]);
    for (name, text) in &files {
        assert!(!text.contains("http://www.w3.org") || name == "icon.svg", "{name}");
        assert!(!text.contains("https://"), "{name} names something from elsewhere");
        assert!(!text.contains("style=\"") && !text.contains("<style"), "{name}: style in a line");
        assert!(
            !text.contains(" onclick=") && !text.contains("<script>"),
            "{name}: script in a line"
        );
        assert!(!text.contains("innerHTML") && !text.contains("eval("), "{name}: text as markup");
        // `from "./x.js"`, `href="playground/x.css"`, `new URL("./x.js", …)`.
        for piece in text.split('"').skip(1).step_by(2) {
            let name = piece.strip_prefix("./").or_else(|| piece.strip_prefix("playground/"));
            if let Some(name) = name.filter(|name| name.contains('.')) {
                named.insert(name);
            }
        }
    }
    named.retain(|name| !name.starts_with("sample"));
    assert_eq!(named, names);
}

#[tokio::test]
async fn the_page_is_public_and_can_be_switched_off() {
    let keys = TestApp::with(|config| config.auth.mode = AuthMode::Keys).await;
    assert_eq!(keys.get("/").await.status, StatusCode::OK);
    assert_eq!(keys.get("/playground/app.js").await.status, StatusCode::OK);
    assert_eq!(keys.get("/v1/engines").await.status, StatusCode::UNAUTHORIZED);
    let off = TestApp::with(|config| config.http.playground = false).await;
    for path in ["/", "/playground/app.js"] {
        assert_eq!(off.get(path).await.problem(), "not-found", "{path}");
    }
}

/// A service on a socket, with its folder.
struct Service {
    address: String,
    folder: tempfile::TempDir,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Service {
    async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
        config.http.bind = "127.0.0.1:0".parse().unwrap();
        // So that a short repair is seen to go on.
        config.jobs.heartbeat = Duration::from_millis(50);
        change(&mut config);
        let app = App::build(config).await.unwrap();
        let listener = app.bind().await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(app.serve(listener, async { drop(stopped.await) }));
        Self { address, folder, stop, serving }
    }

    async fn key(&self, name: &str, scope: Scope) -> String {
        let database = Database::connect(&StorageConfig::default(), self.folder.path()).await;
        let key = ApiKey::generate().unwrap();
        let record = KeyRecord::new(&key, name, [scope].into(), Timestamp(1));
        database.unwrap().add_key(&record).await.unwrap();
        key.reveal().to_owned()
    }

    async fn stop(self) {
        drop(self.stop);
        self.serving.await.unwrap();
    }
}

#[tokio::test]
async fn the_page_is_found_below_a_path_with_and_without_a_slash() {
    let app =
        TestApp::with(|config| config.http.root_path = "/tools/repair".parse().unwrap()).await;
    assert_eq!(app.get("/tools/repair/").await.body, app.get("/").await.body);
    let answer = app.get("/tools/repair").await;
    assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(answer.header("location"), "/tools/repair/");
}

/// What runs the tests of `tests/web`, if it is here. Says so if not.
struct Runner {
    modules: PathBuf,
    chromium: PathBuf,
}

impl Runner {
    fn find() -> Option<Self> {
        let has_node = Command::new("node").arg("--version").output().is_ok();
        let modules = PathBuf::from(std::env::var_os("TEST_WEB_MODULES").unwrap_or_default());
        let has_modules = modules.join("node_modules/playwright-core").is_dir();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let chromium =
            ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(|name| {
                std::env::split_paths(&path)
                    .map(|folder| folder.join(name))
                    .find(|path| path.is_file())
            });
        let line = match chromium {
            Some(chromium) if has_modules && has_node => return Some(Self { modules, chromium }),
            Some(_) => "SKIPPED: no Node.js, or TEST_WEB_MODULES has no playwright-core\n",
            None => "SKIPPED: no Chromium for the tests of the page\n",
        };
        // Straight to the stream: what a test prints by macro is shown only when it fails.
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        None
    }

    /// Runs these files against the page at this address, with more variables.
    async fn run(self, files: &[&str], address: String, variables: Vec<(&'static str, String)>) {
        let mut node = Command::new("node");
        node.arg("--test").arg("--test-concurrency=1").arg("--test-reporter=spec");
        node.args(files.iter().map(|file| folder("tests/web").join(format!("{file}.test.mjs"))));
        node.env("COGD_URL", address).envs(variables);
        node.env("TEST_WEB_MODULES", self.modules).env("TEST_CHROMIUM", self.chromium);
        let output = spawn_blocking(move || node.output()).await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        for line in said.lines().filter(|line| line.contains("TOLD ")) {
            std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
        }
        let failed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}\n{failed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_repairs_pictures_with_the_page() {
    let Some(runner) = Runner::find() else { return };
    let service = Service::start(|_| {}).await;
    let files =
        ["mask", "words", "repair", "explanation", "sources", "keyboard", "looks", "photograph"];
    runner.run(&files, format!("{}/", service.address), Vec::new()).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_asks_for_a_key_where_one_is_needed() {
    let Some(runner) = Runner::find() else { return };
    let service = Service::start(|config| config.auth.mode = AuthMode::Keys).await;
    let (key, weak) =
        (service.key("page", Scope::Restore).await, service.key("weak", Scope::Infer).await);
    let keys = vec![("COGD_KEY", key), ("COGD_WEAK_KEY", weak)];
    runner.run(&["key"], format!("{}/", service.address), keys).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_works_below_a_path() {
    let Some(runner) = Runner::find() else { return };
    let service =
        Service::start(|config| config.http.root_path = "/tools/repair".parse().unwrap()).await;
    let address = format!("{}/tools/repair/", service.address);
    runner.run(&["place"], address, Vec::new()).await;
    service.stop().await;
}
