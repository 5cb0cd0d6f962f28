//! The structure that ARCHITECTURE.md describes: layers, fences, sizes. A rule that is broken is
//! reported with file and path; every rule is first shown to catch a breach.

mod paths;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use paths::paths;

/// Each top-level module and the modules it may name, lowest layer first.
/// A module may name only modules listed above it, so a cycle cannot be written.
const LAYERS: &[(&str, &[&str])] = &[
    ("telemetry", &[]),
    ("numerics", &[]),
    ("onnx", &["numerics"]),
    // Below what trains, measures and serves networks: all of them read the same graphs.
    ("network", &["numerics", "onnx"]),
    ("auth", &[]),
    ("imaging", &["numerics"]),
    ("damage", &["numerics"]),
    ("cogd", &["numerics"]),
    // What the solver starts from, and what it is compared with.
    ("fillers", &["numerics"]),
    ("csc", &["numerics", "onnx", "cogd", "fillers"]),
    ("inference", &["telemetry", "numerics", "onnx"]),
    ("engines", &["numerics", "imaging", "fillers", "csc", "inference"]),
    ("registry", &["telemetry", "numerics", "imaging", "onnx", "inference", "engines"]),
    ("train", &["numerics", "network", "damage", "cogd", "fillers", "csc"]),
    ("bench", &["numerics", "onnx", "imaging", "damage", "cogd", "fillers", "csc", "engines"]),
    ("jobs", &["telemetry", "engines"]),
    ("storage", &["telemetry", "auth", "jobs"]),
    ("worker", &["telemetry", "numerics", "imaging", "csc", "engines", "jobs", "storage"]),
    (
        "http",
        &[
            "telemetry",
            "auth",
            "imaging",
            "inference",
            "engines",
            "registry",
            "jobs",
            "storage",
            "worker",
        ],
    ),
    (
        "config",
        &[
            "telemetry",
            "numerics",
            "auth",
            "imaging",
            "inference",
            "engines",
            "registry",
            "jobs",
            "storage",
            "worker",
            "http",
        ],
    ),
    (
        "app",
        &[
            "telemetry",
            "numerics",
            "auth",
            "imaging",
            "inference",
            "engines",
            "registry",
            "jobs",
            "storage",
            "worker",
            "http",
            "config",
        ],
    ),
    (
        "cli",
        &[
            "telemetry",
            "numerics",
            "onnx",
            "network",
            "auth",
            "imaging",
            "damage",
            "cogd",
            "fillers",
            "csc",
            "inference",
            "engines",
            "registry",
            "train",
            "bench",
            "jobs",
            "storage",
            "worker",
            "http",
            "config",
            "app",
        ],
    ),
];

/// Modules that take values and return values: no clock, no files, no sockets, no runtime.
const PURE: &[&str] = &[
    "numerics", "onnx", "network", "auth", "imaging", "damage", "cogd", "fillers", "csc",
    "engines", "train", "jobs",
];

/// What the pure modules must do without.
const IMPURE: &[&str] =
    &["std::env", "std::fs", "std::net", "std::process", "std::thread", "std::time", "tokio"];

/// Foreign crates, or parts of the standard library, and the only modules that may name them.
const FENCES: &[(&str, &[&str])] = &[
    ("image", &["imaging"]),
    ("jpeg_encoder", &["imaging"]),
    ("tiff", &["imaging"]),
    ("zune_jpeg", &["imaging"]),
    ("pulp", &["numerics", "cogd", "csc"]),
    ("rayon", &["numerics", "cogd", "csc"]),
    ("realfft", &["numerics", "csc"]),
    ("rustfft", &["numerics", "csc"]),
    ("axum", &["http"]),
    ("hyper", &["http"]),
    ("hyper_util", &["http"]),
    ("tokio_io_timeout", &["http"]),
    ("tower", &["http"]),
    ("tower_http", &["http"]),
    ("utoipa_axum", &["http"]),
    ("utoipa_swagger_ui", &["http"]),
    ("clap", &["config", "cli"]),
    ("toml", &["config", "registry"]),
    ("sqlx", &["storage"]),
    ("object_store", &["storage", "registry"]),
    ("async_nats", &["storage"]),
    ("reqwest", &["worker"]),
    ("ort", &["inference"]),
    ("prost", &["onnx"]),
    ("burn", &["train"]),
    ("tch", &["train"]),
    ("safetensors", &["train"]),
    ("anyhow", &["cli"]),
    ("indicatif", &["cli"]),
    ("ureq", &["telemetry", "cli"]),
    ("opentelemetry", &["telemetry"]),
    ("opentelemetry_http", &["telemetry"]),
    ("opentelemetry_otlp", &["telemetry"]),
    ("opentelemetry_sdk", &["telemetry"]),
    ("tracing_opentelemetry", &["telemetry"]),
    ("prometheus_client", &["telemetry"]),
    ("tracing_subscriber", &["telemetry"]),
    ("std::env", &["config"]),
];

/// Foreign crates that a single file may name, of which the rest of its module knows nothing.
const FILES: &[(&str, &str)] = &[("ort", "inference/ort.rs")];

/// Lines of a source file, its tests not counted.
const LONGEST_FILE: usize = 450;

#[test]
fn the_layer_table_has_no_cycle_and_every_module_stands_in_it_in_order() {
    let mut below = BTreeSet::new();
    for (module, imports) in LAYERS {
        for import in *imports {
            assert!(below.contains(import), "{module} may name {import}, which is not below it");
        }
        assert!(below.insert(*module), "{module} is listed twice");
    }
    let root = fs::read_to_string(source_folder().join("lib.rs")).unwrap();
    let mut table = LAYERS.iter().map(|(module, _)| *module);
    for module in root.lines().filter_map(|line| line.strip_prefix("pub mod ")) {
        let module = module.trim_end_matches(';');
        assert!(table.any(|listed| listed == module), "src/lib.rs: `{module}` is out of order");
    }
}

#[test]
fn modules_name_only_the_layers_below_them() {
    assert_eq!(layer_faults("csc/solve.rs", "use crate::numerics::Plane;"), "");
    assert_eq!(layer_faults("csc/solve.rs", "// crate::http is\nlet s = \"crate::http\";"), "");
    for breach in [
        "use crate::http::ApiState;",
        "use crate::{numerics::Plane, http::ApiState};",
        "use crate::{\n    numerics::{Control, Plane},\n    http,\n};",
        "fn f() { crate::http::router(); }",
        "fn f(state: &crate::http::ApiState) {}",
        "use super::super::http::ApiState;",
        "use super::super::{http::ApiState};",
        "mod tests { use super::super::super::http; }",
    ] {
        let fault = "src/csc/solve.rs: `csc` must not name `crate::http`\n";
        assert_eq!(layer_faults("csc/solve.rs", breach), fault, "{breach}");
    }
    // One step up from a file inside a module is that module, whatever the name.
    assert_eq!(layer_faults("csc/solve.rs", "use super::http;"), "");
    assert_eq!(layer_faults("csc/solve.rs", "mod tests { use super::super::http; }"), "");
    assert_ne!(layer_faults("csc/mod.rs", "use super::http;"), "");
    assert_ne!(layer_faults("unheard_of/mod.rs", ""), "");

    assert_no_faults(layer_faults);
}

#[test]
fn foreign_crates_stay_behind_their_fences() {
    assert_eq!(fence_faults("imaging/encode/tiff.rs", "use tiff::encoder::TiffEncoder;"), "");
    assert_eq!(fence_faults("http/answer.rs", "use crate::imaging::image; let image = 1;"), "");
    for breach in [
        "use image::DynamicImage;",
        "use ::image::DynamicImage;",
        "use {image::DynamicImage};",
        "use image;",
        "use image as pictures;",
        "fn f(picture: &image::DynamicImage) {}",
        "#[derive(image::Picture)] struct S;",
    ] {
        let fault = "src/http/answer.rs: only imaging may name `image`\n";
        assert_eq!(fence_faults("http/answer.rs", breach), fault, "{breach}");
    }

    assert_eq!(fence_faults("inference/ort.rs", "use ort::session::Session;"), "");
    let fault = "src/inference/handle.rs: only inference/ort.rs may name `ort`\n";
    assert_eq!(fence_faults("inference/handle.rs", "use ort::session::Session;"), fault);

    assert_no_faults(fence_faults);
}

#[test]
fn pure_modules_name_no_clock_no_file_no_socket_and_no_runtime() {
    assert_eq!(purity_faults("imaging/decode/mod.rs", "use std::io::Cursor;"), "");
    assert_eq!(purity_faults("worker/pool.rs", "use std::time::Instant;"), "");
    assert_eq!(purity_faults("jobs/retry.rs", "use std::time::Duration;"), "");
    for breach in [
        "use std::time::Instant;",
        "use std::{io, time::Instant};",
        "use std::{time};",
        "let now = std::time::Instant::now();",
    ] {
        let fault = "src/csc/solve.rs: `csc` is pure and must not name `std::time`\n";
        assert_eq!(purity_faults("csc/solve.rs", breach), fault, "{breach}");
    }
    assert_ne!(purity_faults("engines/mod.rs", "tokio::spawn(work);"), "");

    assert_no_faults(purity_faults);
}

#[test]
fn sources_are_short_say_what_they_are_for_and_hide_no_warning() {
    let file = |lines: usize| format!("//! A file.\n{}", "fn f() {}\n".repeat(lines - 1));
    assert_eq!(style_faults("csc/solve.rs", &file(LONGEST_FILE)), "");
    assert_ne!(style_faults("csc/solve.rs", &file(LONGEST_FILE + 1)), "");
    let tested = file(LONGEST_FILE) + "#[cfg(test)]\nmod tests {\n" + &"\n".repeat(99) + "}\n";
    assert_eq!(style_faults("csc/solve.rs", &tested), "");
    assert_eq!(style_faults("csc/tests.rs", &file(2 * LONGEST_FILE)), "");
    assert_ne!(style_faults("csc/solve.rs", "fn f() {}"), "");
    assert_ne!(style_faults("csc/solve.rs", "//! A file.\nuse super::super::super::http;"), "");
    assert_ne!(style_faults("csc/solve.rs", "//! A file.\n#[allow(dead_code)]\nfn f() {}"), "");

    assert_no_faults(style_faults);
}

#[test]
fn a_folder_is_a_module_by_its_own_file_unless_it_holds_only_tests() {
    let mut faults = String::new();
    for folder in folders(&source_folder()) {
        let (inside, beside) = (folder.join("mod.rs").exists(), folder.with_extension("rs"));
        let only_tests = rust_files(&folder) == [folder.join("tests.rs")];
        if inside == beside.exists() || (beside.exists() && !only_tests) {
            writeln!(faults, "{}: needs mod.rs, and no file beside it", folder.display()).unwrap();
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn no_test_is_left_out() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    // Written in two parts, so that this line does not count.
    let left_out = concat!("#[ig", "nore");
    for file in rust_files(&source_folder()).into_iter().chain(rust_files(&tests)) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains(left_out), "{}: a test is left out", file.display());
    }
}

#[test]
fn the_map_shows_every_module_and_names_only_tests_that_exist() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let map = fs::read_to_string(package.join("ARCHITECTURE.md")).unwrap();
    let root = fs::read_to_string(source_folder().join("lib.rs")).unwrap();
    for module in root.lines().filter_map(|line| line.strip_prefix("pub mod ")) {
        let row = format!("| `{}` |", module.trim_end_matches(';'));
        assert!(map.contains(&row), "ARCHITECTURE.md has no row that begins {row}");
    }

    let files = rust_files(&source_folder()).into_iter().chain(rust_files(&package.join("tests")));
    let code: String = files.map(|file| fs::read_to_string(file).unwrap()).collect();
    let invariants = map.split("## Invariants").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = invariants.lines().filter(|line| line.starts_with('|')).skip(2);
    for row in rows {
        let held_by = row.split('|').nth(2).unwrap();
        let names: Vec<_> = held_by.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "nothing holds: {row}");
        for name in names {
            let last = name.rsplit("::").next().unwrap();
            let is_there =
                code.contains(&format!("fn {last}(")) || code.contains(&format!("mod {last};"));
            assert!(is_there, "ARCHITECTURE.md names `{name}`, which does not exist");
        }
    }
}

fn layer_faults(file: &str, text: &str) -> String {
    let mut faults = String::new();
    let module = top_module(file);
    if matches!(module, "lib" | "main") {
        return faults;
    }
    let Some((_, imports)) = LAYERS.iter().find(|(listed, _)| *listed == module) else {
        return format!("src/{file}: `{module}` is not in the layer table\n");
    };
    let depth = module_depth(file);
    let named: BTreeSet<_> = paths(text)
        .into_iter()
        .filter_map(|path| path.in_crate(depth))
        .filter(|named| named != module && LAYERS.iter().any(|(listed, _)| listed == named))
        .filter(|named| !imports.contains(&named.as_str()))
        .collect();
    for named in named {
        writeln!(faults, "src/{file}: `{module}` must not name `crate::{named}`").unwrap();
    }
    faults
}

fn fence_faults(file: &str, text: &str) -> String {
    let mut faults = String::new();
    let module = top_module(file);
    if matches!(module, "lib" | "main") {
        return faults;
    }
    let paths = paths(text);
    for (fenced, inside) in FENCES {
        if !inside.contains(&module) && paths.iter().any(|path| path.starts_with(fenced)) {
            let inside = inside.join(", ");
            writeln!(faults, "src/{file}: only {inside} may name `{fenced}`").unwrap();
        }
    }
    for (fenced, only) in FILES {
        if file != *only && paths.iter().any(|path| path.starts_with(fenced)) {
            writeln!(faults, "src/{file}: only {only} may name `{fenced}`").unwrap();
        }
    }
    faults
}

fn purity_faults(file: &str, text: &str) -> String {
    let mut faults = String::new();
    let module = top_module(file);
    if !PURE.contains(&module) {
        return faults;
    }
    let paths = paths(text);
    for named in IMPURE {
        // A length of time is no clock.
        let is_impure = |path: &paths::NamedPath| {
            path.starts_with(named) && !path.starts_with("std::time::Duration")
        };
        if paths.iter().any(is_impure) {
            let fault = format!("src/{file}: `{module}` is pure and must not name `{named}`\n");
            faults.push_str(&fault);
        }
    }
    faults
}

fn style_faults(file: &str, text: &str) -> String {
    let mut faults = String::new();
    if file.ends_with("tests.rs") {
        return faults;
    }
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().count();
    if lines > LONGEST_FILE {
        writeln!(faults, "src/{file}: {lines} lines, more than {LONGEST_FILE}").unwrap();
    }
    if !text.starts_with("//! ") {
        writeln!(faults, "src/{file}: must begin by saying what it is for").unwrap();
    }
    if text.contains("super::super::super") {
        writeln!(faults, "src/{file}: `super::super::super` should be a path from `crate`")
            .unwrap();
    }
    if text.contains("[allow(") {
        writeln!(faults, "src/{file}: `allow` should be `expect` with a reason").unwrap();
    }
    faults
}

/// Applies a rule to every source file.
fn assert_no_faults(rule: impl Fn(&str, &str) -> String) {
    let source = source_folder();
    let mut faults = String::new();
    for file in rust_files(&source) {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(&source).unwrap().to_str().unwrap();
        faults.push_str(&rule(&name.replace('\\', "/"), &text));
    }
    assert!(faults.is_empty(), "\n{faults}");
}

/// `csc/dct.rs` and `csc.rs` both belong to `csc`.
fn top_module(file: &str) -> &str {
    file.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

/// How many steps of `super` lead from a file to the root of the crate.
fn module_depth(file: &str) -> usize {
    file.trim_end_matches("/mod.rs").split('/').count()
}

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All Rust files below a folder, sorted.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let is_rust = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    let (folders, files): (Vec<_>, Vec<_>) = entries(folder).into_iter().partition(|p| p.is_dir());
    let below = folders.iter().flat_map(|folder| rust_files(folder));
    files.into_iter().filter(is_rust).chain(below).collect()
}

/// All folders below a folder.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let here: Vec<_> = entries(folder).into_iter().filter(|path| path.is_dir()).collect();
    let below: Vec<_> = here.iter().flat_map(|folder| folders(folder)).collect();
    here.into_iter().chain(below).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}
