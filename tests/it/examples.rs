//! The clients of `examples/clients`, each run as its reader would, where its tool is installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tokio::task::spawn_blocking;

use crate::support::app::{TestApp, grey_png, mask_png, multipart};
use crate::support::clients::{Served, folder, python_with, skipped};

fn package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn has(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok();
    if !found {
        skipped(&format!("there is no {tool} for an example"));
    }
    found
}

/// Runs a client, which takes a service, a picture, its mask and a name for the result, and gives
/// what it said. The result must be what the service answers.
async fn run(mut client: Command) -> String {
    let app = TestApp::new().await;
    app.work();
    let (image, mask) = (grey_png(48, 32, 1), mask_png(48, 32));
    let answer = app.call(multipart("/v1/inpaint", &[("image", &image), ("mask", &mask)])).await;
    let served = Served::start(&app).await;
    let folder = tempfile::tempdir().unwrap();
    let result = folder.path().join("result.png");
    client.arg(format!("http://{}", served.address));
    for (name, bytes) in [("image.png", &image), ("mask.png", &mask)] {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        client.arg(file);
    }
    client.arg(&result);
    let output = spawn_blocking(move || client.output()).await.unwrap().unwrap();
    served.end().await;
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(std::fs::read(result).unwrap() == answer.body, "another picture came: {said}");
    said
}

fn text(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_repairs_a_picture() {
    if !has("curl") {
        return;
    }
    let said = run(Command::new(package("examples/clients/repair.sh"))).await;
    assert!(said.contains("x-engine: csc") && said.contains("server-timing:"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_repairs_a_picture_by_a_job() {
    let Some(python) = python_with("httpx") else { return };
    let mut client = Command::new(python);
    client.arg(package("examples/clients/repair.py"));
    let said = run(client).await;
    assert!(said.starts_with("csc: 70 iterations"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typescript_repairs_a_picture_with_types_of_the_description() {
    let wanted = "the packages of examples/clients/typescript";
    let Some(modules) = folder("TEST_TYPESCRIPT", wanted) else { return };
    let built = tempfile::tempdir().unwrap();
    for name in ["repair.ts", "tsconfig.json", "package.json"] {
        let from = package("examples/clients/typescript").join(name);
        std::fs::copy(from, built.path().join(name)).unwrap();
    }
    std::os::unix::fs::symlink(modules.join("node_modules"), built.path().join("node_modules"))
        .unwrap();
    let tool = |name: &str, arguments: &[&str]| {
        let mut tool = Command::new(built.path().join("node_modules/.bin").join(name));
        tool.args(arguments).current_dir(built.path());
        let output = tool.output().unwrap();
        assert!(output.status.success(), "{name}: {}", text(&output));
    };
    let description = package("openapi/v1.json");
    tool("openapi-typescript", &[description.to_str().unwrap(), "-o", "api.d.ts"]);
    tool("tsc", &[]);
    let mut client = Command::new("node");
    client.arg(built.path().join("built/repair.js"));
    let said = run(client).await;
    assert!(said.contains("csc: 70 iterations") && said.contains("coefficients"), "{said}");
}
