//! What stands around the program (image, compose files, manifests, alerts, dashboard, proxies) names
//! only what the program has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cogd::config::Config;
use cogd::telemetry::BuildInfo;
use serde_json::json;

use crate::support::app::{grey_png, mask_png, png};
use crate::support::models::{ModelFolder, scale};
use crate::support::networks::runtime;
use crate::support::process::{Process, cogd, exchange, plain, upload};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files below a folder, those left out that git leaves out.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            found.push(path);
        } else if !path.ends_with("secrets") && !path.ends_with("models") {
            files(&path, found);
        }
    }
}

fn deployed() -> Vec<(PathBuf, String)> {
    let mut found = vec![root().join("Dockerfile")];
    files(&root().join("deploy"), &mut found);
    assert!(found.len() > 10);
    let text = |path: PathBuf| fs::read_to_string(&path).ok().map(|text| (path, text));
    found.into_iter().filter_map(text).collect()
}

/// The words that begin so, each with its place: letters of one case, digits and `_`.
fn words<'a>(text: &'a str, start: &str) -> Vec<(usize, &'a str)> {
    let upper = start.starts_with(|c: char| c.is_ascii_uppercase());
    let inside = move |c: char| {
        c == '_' || c.is_ascii_digit() || c.is_ascii_alphabetic() && c.is_ascii_uppercase() == upper
    };
    let starts = text.match_indices(start).map(|(at, _)| at);
    let starts = starts.filter(|at| !text[..*at].ends_with(inside));
    let word = |at: usize| {
        let rest = &text[at..];
        (at, &rest[..rest.find(|c| !inside(c)).unwrap_or(rest.len())])
    };
    starts.map(word).filter(|(_, word)| word.len() > start.len()).collect()
}

/// What a server tells of itself: the names of samples, each with the labels it was seen with.
struct Scrape {
    /// Else nothing is known of models.
    has_runtime: bool,
    labels: BTreeMap<String, BTreeSet<String>>,
}

impl Scrape {
    /// Asks a server that has done what is counted: a restoration, a job that fails and is told to
    /// nobody, and where there is a runtime a network, with success and without.
    fn of_a_running_server() -> Self {
        let (folder, models) = (tempfile::tempdir().unwrap(), ModelFolder::new());
        models.put("double/1/model.onnx", scale(2.0).encode());
        let mut command = cogd(&["serve", "--bind", "127.0.0.1:0", "--data-dir"]);
        command.arg(folder.path()).arg("--models-dir").arg(models.path()).stderr(Stdio::null());
        let secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
        command.args(["--webhooks-secret", secret, "--webhooks-allow", "127.0.0.1"]);
        let server = Process::start(&mut command);
        let ask = |request: &[u8]| exchange(&server.address(), request).unwrap();
        let (image, mask) = (grey_png(32, 32, 1), mask_png(32, 32));
        let picture: &[(&str, &[u8])] = &[("image", &image), ("mask", &mask)];
        assert_eq!(ask(&upload("/v1/inpaint", &[], picture)).status, 200);
        let unknown = png(32, 32, |_, _| 255);
        let job: &[(&str, &[u8])] =
            &[("image", &image), ("mask", &unknown), ("webhook", b"http://127.0.0.1:1/")];
        assert_eq!(ask(&upload("/v1/inpaint", &[("Prefer", "wait=60")], job)).status, 422);
        let has_runtime = runtime().is_some();
        if has_runtime {
            for (columns, status) in [(4, 200), (3, 400)] {
                let x = json!({"name": "x", "shape": [1, columns], "datatype": "FP32",
                    "data": vec![1; columns]});
                let body = json!({"inputs": [x]}).to_string();
                let head = format!(
                    "POST /v2/models/double/infer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                     Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                assert_eq!(ask((head + &body).as_bytes()).status, status);
            }
        }
        let began = Instant::now();
        loop {
            let said = ask(&plain("GET", "/metrics"));
            let told = std::str::from_utf8(&said.body).unwrap();
            if told.contains("cogd_webhook_attempts_total{") {
                return Self { has_runtime, ..Self::read(told) };
            }
            assert!(began.elapsed() < Duration::from_mins(1), "no webhook was tried");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn read(text: &str) -> Self {
        let mut labels = BTreeMap::<_, BTreeSet<_>>::new();
        for line in text.lines() {
            if let Some((name, kind)) =
                line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' '))
            {
                let suffixes: &[&str] = match kind {
                    "counter" => &["_total"],
                    "histogram" => &["_bucket", "_sum", "_count"],
                    "info" => &["_info"],
                    _ => &[""],
                };
                for suffix in suffixes {
                    labels.entry(format!("{name}{suffix}")).or_default();
                }
            } else if !line.starts_with('#') {
                let (name, rest) = line.split_at(line.find(['{', ' ']).unwrap());
                let known = labels.get_mut(name).unwrap_or_else(|| panic!("{line} has no type"));
                known.extend(keys(rest));
            }
        }
        Self { has_runtime: true, labels }
    }

    /// What is wrong with the metrics that a text names, and with the labels it picks them by.
    fn faults(&self, text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        for (at, name) in words(text, "cogd_").into_iter().chain(words(text, "process_")) {
            let family = || self.labels.keys().any(|known| known.starts_with(name));
            match self.labels.get(name) {
                None if name.starts_with("cogd_model_") && !self.has_runtime => {}
                None if name.ends_with('_') && family() => {}
                None => faults.push(format!("{name} is not told")),
                // Nothing was counted yet, so nothing is known of its labels.
                Some(known) if known.is_empty() => {}
                Some(known) => {
                    let given = ["job", "instance", "namespace", "le"];
                    for key in keys(&text[at + name.len()..]) {
                        if !known.contains(&key) && !given.contains(&key.as_str()) {
                            faults.push(format!("{name} has no label {key}"));
                        }
                    }
                }
            }
        }
        faults
    }
}

/// The labels in the braces that a text begins with, as in `{route="/livez", status=~"5.."} > 1`.
fn keys(text: &str) -> Vec<String> {
    let Some(inside) = text.strip_prefix('{') else { return Vec::new() };
    let mut keys = Vec::new();
    let (mut key, mut quoted) = (String::new(), false);
    for c in inside.chars() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '}' => break,
            '=' | '!' | '~' => keys.extend((!key.is_empty()).then(|| std::mem::take(&mut key))),
            ',' | ' ' => {}
            c => key.push(c),
        }
    }
    keys
}

#[test]
fn alerts_and_dashboard_name_only_metrics_that_a_running_server_tells() {
    let scrape = Scrape::of_a_running_server();
    let known = "sum(rate(cogd_jobs_total{job=\"a,b\", outcome!=\"finished\"}[5m])) / cogd_jobs_";
    assert_eq!(scrape.faults(known), [""; 0]);
    assert_eq!(scrape.faults("cogd_jobs"), ["cogd_jobs is not told"]);
    assert_eq!(
        scrape.faults("cogd_jobs_total{state=\"x\"}"),
        ["cogd_jobs_total has no label state"]
    );
    for path in [
        "deploy/observability/alerts.yml",
        "deploy/observability/alerts_test.yml",
        "deploy/observability/dashboard.json",
    ] {
        let text = read(path).replace("\\\"", "\"");
        assert!(!words(&text, "cogd_").is_empty(), "{path} names no metric");
        assert_eq!(scrape.faults(&text), [""; 0], "{path}");
    }
    // It makes a metric of its own of others, by which workers are scaled.
    let adapter = read("deploy/kubernetes/prometheus-adapter.yaml");
    let made = "cogd_backlog_jobs";
    assert!(adapter.contains(&format!("as: {made}")));
    assert!(read("deploy/kubernetes/base/autoscaling.yaml").contains(&format!("name: {made}")));
    assert_eq!(scrape.faults(&adapter.replace(made, "")), [""; 0]);
}

#[test]
fn the_dashboard_is_json_and_every_alert_has_a_test() {
    let dashboard = read("deploy/observability/dashboard.json");
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let numbers = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect::<BTreeSet<_>>();
    assert_eq!(numbers.len(), panels.len());
    let tests = read("deploy/observability/alerts_test.yml");
    let alerts = read("deploy/observability/alerts.yml");
    let names = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    assert!(names.clone().count() > 5);
    for name in names {
        assert!(tests.contains(&format!("alertname: {name}\n")), "nothing raises {name}");
    }
}

#[test]
fn every_setting_in_the_deployment_is_a_setting() {
    let reference = cogd::config::reference_page();
    for (path, text) in deployed() {
        // What compose files ask of whoever starts them is no setting of the program.
        for (_, name) in words(&text, "COGD_") {
            let asked = text.contains(&format!("${{{name}"));
            let known = name == "COGD_CONFIG" || reference.contains(&format!("`{name}`"));
            assert!(known || asked, "{}: {name} is no setting", path.display());
        }
    }
}

#[test]
fn what_stands_around_the_service_waits_until_it_has_stopped() {
    let config = Config::default();
    // The grace period, five seconds to record and five for the last answers.
    let needed = config.http.shutdown_grace + Duration::from_secs(10);
    for (path, key) in [
        ("deploy/compose.yaml", "stop_grace_period: "),
        ("deploy/compose.scale.yaml", "stop_grace_period: "),
        ("deploy/systemd/cogd.service", "TimeoutStopSec="),
        ("deploy/kubernetes/base/api.yaml", "terminationGracePeriodSeconds: "),
        ("deploy/kubernetes/base/worker.yaml", "terminationGracePeriodSeconds: "),
    ] {
        let text = read(path);
        let (_, value) = text.split_once(key).unwrap_or_else(|| panic!("{path} has no {key}"));
        let seconds = value.lines().next().unwrap().trim_end_matches('s').parse().unwrap();
        assert!(Duration::from_secs(seconds) >= needed, "{path}");
    }
    let mebibytes = config.http.max_body_bytes >> 20;
    for (path, line) in [
        ("deploy/proxy/nginx.conf", format!("client_max_body_size {mebibytes}m;")),
        ("deploy/proxy/Caddyfile", format!("max_size {mebibytes}MiB")),
    ] {
        assert!(read(path).contains(&line), "{path} has no {line}");
    }
}

#[test]
fn the_image_is_built_by_the_toolchain_and_from_the_targets_of_the_package() {
    let dockerfile = read("Dockerfile");
    let toolchain = read("rust-toolchain.toml");
    let (_, channel) = toolchain.split_once("channel = \"").unwrap();
    let channel = channel.split('"').next().unwrap();
    assert!(dockerfile.contains(&format!("library/rust:{channel}-slim")));
    let version = concat!("image.version=\"", env!("CARGO_PKG_VERSION"), "\"");
    assert!(dockerfile.contains(version));
    // Stand-ins for targets, or the manifest is refused when the crates are built by themselves.
    let mut targets = vec!["tests/it/main.rs".to_owned()];
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    for bench in manifest["bench"].as_array().unwrap() {
        targets.push(format!("benches/{}.rs", bench["name"].as_str().unwrap()));
    }
    for target in targets {
        assert!(root().join(&target).is_file());
        assert!(dockerfile.contains(&target), "{target} has no stand-in");
    }
}

#[test]
fn the_image_is_made_from_all_that_the_sources_include() {
    let (dockerfile, allowed) = (read("Dockerfile"), read(".dockerignore"));
    let copied = dockerfile.lines().filter_map(|line| line.strip_prefix("COPY "));
    let copied = copied.flat_map(str::split_whitespace).collect::<BTreeSet<_>>();
    let mut sources = Vec::new();
    files(&root().join("src"), &mut sources);
    let mut needed = BTreeSet::from(["migrations".to_owned()]);
    for source in sources {
        let text = fs::read_to_string(source).unwrap();
        for included in text.split("include_bytes!(").skip(1) {
            let path = included.split('"').nth(1).unwrap().trim_start_matches("../");
            let (folder, _) = path.split_once('/').unwrap();
            needed.insert(if folder == "docs" { path } else { folder }.to_owned());
        }
    }
    assert!(needed.len() > 3, "{needed:?}");
    for path in needed {
        assert!(copied.contains(path.as_str()), "Dockerfile: {path} is not copied");
        assert!(allowed.lines().any(|line| line == format!("!{path}")), ".dockerignore: {path}");
    }
}

#[test]
fn a_build_in_a_checkout_knows_its_commit() {
    let printed = cogd(&["--version"]).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let build = BuildInfo::CURRENT;
    assert_eq!(printed, format!("cogd {} ({})\n", build.version, build.commit));
    let git = |arguments: &[&str]| {
        let output = Command::new("git").current_dir(root()).args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    if std::env::var_os("BUILD_COMMIT").is_some() {
        return;
    }
    let checkout = git(&["rev-parse", "--show-toplevel"]);
    if checkout.is_none_or(|top| Path::new(&top) != root().canonicalize().unwrap()) {
        assert_eq!(build.commit, "unknown");
        return;
    }
    if let Some(commit) = build.commit.strip_suffix("-modified") {
        assert!(git(&["cat-file", "-e", commit]).is_some(), "{commit}");
    } else {
        let sources =
            ["src", "assets", "migrations", "web", "build.rs", "Cargo.toml", "Cargo.lock"];
        let differ = [&["diff", "--quiet", build.commit, "--"][..], &sources].concat();
        assert!(git(&differ).is_some(), "it was not made from {}", build.commit);
    }
}
