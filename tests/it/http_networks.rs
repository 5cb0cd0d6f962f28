//! Networks as engines of restorations, from the folder of models to the answer.

#![expect(clippy::cast_possible_truncation, reason = "samples are the low bits of numbers")]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cogd::imaging::{ColorModel, ImageFormat, ImageLimits, Raster, Samples, decode};
use cogd::inference::Device;
use serde_json::{Value, json};

use crate::support::app::{Answer, TestApp, multipart};
use crate::support::images::{file, levels};
use crate::support::models::{ModelFolder, denoiser, lama, migan_core, migan_pipeline, scale};
use crate::support::networks::runtime;
use crate::support::process::{Process, cogd, exchange, plain};

/// A service with every network of the tests.
struct Service {
    app: TestApp,
    folder: ModelFolder,
}

impl Service {
    async fn start() -> Self {
        let folder = ModelFolder::new();
        folder.put_model("lama", lama());
        folder.put_model("pipeline", migan_pipeline());
        // The same on a smaller copy of the whole picture.
        let (model, manifest) = migan_pipeline();
        let small = manifest.replace("1000000", "900\nhd_strategy = \"resize\"");
        folder.put_model("small", (model, small));
        folder.put_model("core", migan_core());
        folder.put_model("colour", denoiser(3));
        folder.put_model("grey", denoiser(1));
        folder.put("raw/1/model.onnx", scale(2.0).encode());
        let app = TestApp::with(|config| {
            config.models.dir = Some(folder.path());
            config.models.device = Device::Cpu;
            config.models.threads = 1;
            config.worker.queue_length = 50;
        });
        Self { app: app.await, folder }
    }

    async fn inpaint(&self, engine: &str, image: &[u8], mask: &[u8]) -> Answer {
        self.app.call(inpaint(engine, image, mask)).await
    }

    async fn reconstruct(&self, engine: &str, image: &[u8]) -> Answer {
        let parts: &[(&str, &[u8])] = &[("engine", engine.as_bytes()), ("image", image)];
        self.app.call(multipart("/v1/reconstruct", parts)).await
    }
}

fn inpaint(engine: &str, image: &[u8], mask: &[u8]) -> Request<Body> {
    let parts: &[(&str, &[u8])] =
        &[("engine", engine.as_bytes()), ("image", image), ("mask", mask)];
    multipart("/v1/inpaint", parts)
}

fn png(height: usize, width: usize, pixel: impl Fn(usize, usize) -> [u8; 3]) -> Vec<u8> {
    let samples = (0..height * width).flat_map(|at| pixel(at / width, at % width)).collect();
    let raster = Raster::from_samples(height, width, ColorModel::Rgb, Samples::Eight(samples));
    file(&raster.unwrap(), ImageFormat::Png)
}

fn open(bytes: &[u8]) -> Raster {
    decode(bytes, &ImageLimits::default()).unwrap().raster
}

fn mask(height: usize, width: usize, hole: impl Fn(usize, usize) -> bool) -> Vec<u8> {
    png(height, width, |y, x| if hole(y, x) { [255; 3] } else { [0; 3] })
}

fn block(top: usize, left: usize, side: usize) -> impl Fn(usize, usize) -> bool {
    move |y, x| (top..top + side).contains(&y) && (left..left + side).contains(&x)
}

fn pixel(answer: &Answer, y: usize, x: usize) -> [u16; 3] {
    let raster = answer.picture().raster;
    [0, 1, 2].map(|channel| raster.sample(channel, y, x))
}

#[track_caller]
fn assert_near(actual: [u16; 3], expected: [u16; 3]) {
    let near = actual.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1);
    assert!(near, "{actual:?} and not {expected:?}");
}

/// A picture that is even, so that what every network is shown of a hole is known.
const EVEN: [u8; 3] = [40, 100, 200];

#[tokio::test]
async fn a_network_with_the_inputs_of_lama_fills_holes_in_pictures_of_every_size() {
    let Some(_) = runtime() else { return };
    let service = Service::start().await;
    // Smaller than the network, odd, larger, and with a hole that is larger than the network.
    for (height, width, top, left, side) in [
        (16, 24, 4, 5, 6),
        (1, 1000, 0, 700, 1),
        (700, 613, 600, 10, 30),
        (900, 800, 100, 100, 600),
    ] {
        let image = png(height, width, |_, _| EVEN);
        let hole = block(top, left, side);
        let answer = service.inpaint("lama", &image, &mask(height, width, &hole)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.header("x-engine"), "lama:1");
        assert!(!answer.headers.contains_key("x-dictionary"));
        let enlarged = if side > 512 { "enlarged" } else { "" };
        assert_eq!(answer.header("x-warning"), enlarged);
        assert_near(pixel(&answer, top + side / 2, left + side / 2), [84, 114, 164]);
        let raster = answer.picture().raster;
        for y in 0..height {
            for x in 0..width {
                if !hole(y, x) {
                    assert_eq!(raster.sample(0, y, x), 40, "{y} {x}");
                }
            }
        }
    }
}

#[tokio::test]
async fn networks_with_the_inputs_of_mi_gan_fill_holes() {
    let Some(_) = runtime() else { return };
    let service = Service::start().await;
    for (height, width) in [(33, 21), (130, 611)] {
        let (image, hole) = (png(height, width, |_, _| EVEN), mask(height, width, block(9, 3, 8)));
        let answer = service.inpaint("pipeline:1", &image, &hole).await;
        assert_near(pixel(&answer, 12, 5), EVEN.map(u16::from));
        let answer = service.inpaint("core", &image, &hole).await;
        assert_near(pixel(&answer, 12, 5), [64, 128, 191]);
        assert_eq!(pixel(&answer, 2, 20), EVEN.map(u16::from));
    }
}

#[tokio::test]
async fn no_byte_of_an_answer_depends_on_what_stands_in_a_hole() {
    let Some(_) = runtime() else { return };
    let service = Service::start().await;
    let hole = |y: usize, x: usize| block(20, 30, 25)(y, x) || (x + y).is_multiple_of(37);
    let textured = |secret: u8| {
        png(90, 110, |y, x| {
            let known = [x, y, x * y].map(|n| (n * 7 % 256) as u8);
            if hole(y, x) { [secret, 255 - secret, (x * y % 251) as u8 ^ secret] } else { known }
        })
    };
    // Two of them give back what they are shown.
    for engine in ["pipeline", "small", "lama", "core"] {
        let mut bodies = Vec::new();
        for secret in [0, 91, 255] {
            let answer = service.inpaint(engine, &textured(secret), &mask(90, 110, hole)).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            bodies.push(answer.body);
        }
        assert!(bodies[0] == bodies[1] && bodies[0] == bodies[2], "{engine}");
    }
}

#[tokio::test]
async fn networks_that_take_noise_away_see_the_picture_in_tiles() {
    let Some(_) = runtime() else { return };
    let service = Service::start().await;
    let image = png(203, 151, |y, x| [x as u8, y as u8, (x * 3 + y * 5) as u8]);
    for engine in ["colour", "grey"] {
        let answer = service.reconstruct(engine, &image).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        // They give back what they are shown, so it must be the picture.
        assert_eq!(levels(&answer.picture().raster), levels(&open(&image)));
    }
    let small = png(40, 30, |_, _| EVEN);
    let hole = mask(40, 30, block(10, 10, 5));
    let parts: &[(&str, &[u8])] = &[("engine", b"colour"), ("image", &small), ("mask", &hole)];
    let answer = service.app.call(multipart("/v1/reconstruct", parts)).await;
    assert_near(pixel(&answer, 12, 12), EVEN.map(u16::from));
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_many_sizes_at_once_answer_what_they_answer_alone() {
    let Some(_) = runtime() else { return };
    let service = Service::start().await;
    let request = |index: usize| {
        let (height, width) = (20 + 7 * index, 90 - 3 * index);
        let image =
            png(height, width, |y, x| [(x * 5 + index) as u8, (y * 3) as u8, (x ^ y) as u8]);
        let engine = ["pipeline", "lama", "core"][index % 3];
        inpaint(engine, &image, &mask(height, width, block(5, 6 + index, 9)))
    };
    let mut alone = Vec::new();
    for index in 0..12 {
        let answer = service.app.call(request(index)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        alone.push(answer.body);
    }
    let together = (0..12).map(|index| service.app.call(request(index)));
    for (answer, alone) in futures_util::future::join_all(together).await.iter().zip(alone) {
        assert_eq!(answer.body, alone);
    }
}

#[tokio::test]
async fn a_job_by_a_network_gives_what_the_request_itself_would_have_given() {
    let Some(_) = runtime() else { return };
    let service = Service::start().await;
    let (image, hole) = (png(50, 60, |y, x| [x as u8, y as u8, 9]), mask(50, 60, block(9, 9, 9)));
    let direct = service.inpaint("lama:1", &image, &hole).await;
    let mut request = inpaint("lama:1", &image, &hole);
    request.headers_mut().insert("prefer", "respond-async".parse().unwrap());
    let accepted = service.app.call(request).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{accepted:?}");
    let parts: &[(&str, &[u8])] = &[("engine", b"lama"), ("image", &image), ("mask", &hole)];
    let batch = service.app.call(multipart("/v1/batches", parts)).await;
    assert_eq!(batch.status, StatusCode::ACCEPTED, "{batch:?}");
    service.app.work();
    let ids = [&accepted.json()["id"], &batch.json()["jobs"][0]["id"]]
        .map(|id| id.as_str().unwrap().to_owned());
    for id in ids {
        let job = ended(&service.app, &id).await;
        assert_eq!(job["report"]["engine"], "lama:1", "{job}");
        assert_eq!(job["report"]["dictionary"], Value::Null);
        let result = service.app.get(&format!("/v1/jobs/{id}/result")).await;
        assert_eq!(result.body, direct.body);
    }
}

async fn ended(app: &TestApp, id: &str) -> Value {
    loop {
        let job = app.get(&format!("/v1/jobs/{id}")).await.json();
        if ["succeeded", "failed"].contains(&job["state"].as_str().unwrap()) {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_network_that_is_busy_refuses_a_request_and_keeps_a_job_waiting() {
    let Some(_) = runtime() else { return };
    let folder = ModelFolder::new();
    folder.put_model("lama", lama());
    let app = TestApp::with(|config| {
        config.models.dir = Some(folder.path());
        config.models.device = Device::Cpu;
        // No request may wait, so every one finds the queue full.
        config.models.queue_length = 0;
        config.jobs.retry.base = Duration::from_millis(1);
    });
    let app = app.await;
    let (image, hole) = (png(20, 20, |_, _| EVEN), mask(20, 20, block(5, 5, 5)));
    let refused = app.call(inpaint("lama", &image, &hole)).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (StatusCode::TOO_MANY_REQUESTS, "too-busy")
    );
    assert_eq!(refused.header("retry-after"), "1");

    let mut request = inpaint("lama", &image, &hole);
    request.headers_mut().insert("prefer", "respond-async".parse().unwrap());
    let path = app.call(request).await.header("location").to_owned();
    app.work();
    let mut was_running = 0;
    while was_running < 3 {
        let job = app.get(&path).await.json();
        assert!(["queued", "running"].contains(&job["state"].as_str().unwrap()), "{job}");
        was_running += usize::from(job["state"] == "running");
    }
    let cancel = Request::delete(&path).body(Body::empty()).unwrap();
    assert!(app.call(cancel).await.status.is_success());
}

#[tokio::test]
async fn an_engine_that_is_not_there_or_does_something_else_is_refused_at_once() {
    let service = Service::start().await;
    let (image, hole) = (png(20, 20, |_, _| EVEN), mask(20, 20, block(5, 5, 5)));
    for (engine, says) in [
        ("nobody", "there are auto, csc, colour, core, grey, lama, pipeline, small"),
        ("lama:2", "there is no network `lama:2`"),
        ("colour", "is a network for the task denoise"),
        ("raw", "is a network for the task raw"),
        ("../lama", "must be the name of an engine"),
        ("lama:", "must be the name of an engine"),
    ] {
        for prefer in ["handling=strict", "respond-async"] {
            let mut request = inpaint(engine, &image, &hole);
            request.headers_mut().insert("prefer", prefer.parse().unwrap());
            let answer = service.app.call(request).await;
            assert_eq!(answer.problem(), "invalid-parameters");
            let error = &answer.json()["errors"][0];
            assert_eq!(error["field"], "engine");
            assert!(error["message"].as_str().unwrap().contains(says), "{error}");
        }
    }
    let parts: &[(&str, &[u8])] =
        &[("engine", b"lama"), ("iterations", b"5"), ("image", &image), ("mask", &hole)];
    let answer = service.app.call(multipart("/v1/inpaint", parts)).await;
    assert_eq!(answer.json()["errors"][0]["field"], "iterations");
}

#[tokio::test]
async fn a_model_that_cannot_be_used_is_no_fault_of_the_request() {
    let service = Service::start().await;
    let (image, hole) = (png(20, 20, |_, _| EVEN), mask(20, 20, block(5, 5, 5)));
    let (model, manifest) = lama();
    service.folder.put_model("wrong", (model, manifest.replace("\"mask\"", "\"holes\"")));
    service.folder.put("broken/1/model.toml", "task = [");
    service.folder.put("broken/1/model.onnx", "no model");
    // Looks into the folder again.
    let app = TestApp::with(|config| config.models.dir = Some(service.folder.path())).await;
    for engine in ["wrong", "broken"] {
        let answer = app.call(inpaint(engine, &image, &hole)).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
        assert_eq!(answer.problem(), "model-unavailable");
    }
    let names: Vec<_> =
        engines(&app).await.into_iter().map(|engine| engine["name"].clone()).collect();
    assert!(!names.contains(&json!("broken")), "{names:?}");
}

async fn engines(app: &TestApp) -> Vec<Value> {
    app.get("/v1/engines").await.json()["engines"].as_array().unwrap().clone()
}

#[tokio::test]
async fn networks_are_listed_among_the_engines() {
    let service = Service::start().await;
    let engines = engines(&service.app).await;
    let names: Vec<_> = engines.iter().map(|engine| engine["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["auto", "csc", "colour", "core", "grey", "lama", "pipeline", "small"]);
    let lama = &engines[5];
    assert_eq!((&lama["generative"], &lama["tasks"]), (&json!(true), &json!(["inpaint"])));
    assert_eq!(lama["licence"], "Apache-2.0");
    assert_eq!(
        (&engines[2]["generative"], &engines[2]["tasks"]),
        (&json!(false), &json!(["reconstruct"]))
    );
}

#[test]
fn without_the_runtime_networks_are_listed_as_unavailable_and_our_own_engines_are_not() {
    let folder = ModelFolder::new();
    folder.put_model("lama", lama());
    let mut command = cogd(&["serve", "--log-filter", "off", "--bind", "127.0.0.1:0"]);
    command.arg("--models-dir").arg(folder.path()).arg("--data-dir").arg(folder.outside());
    command.env("ORT_DYLIB_PATH", "/nowhere/libonnxruntime.so");
    let server = Process::start(&mut command);
    let said = exchange(&server.address(), &plain("GET", "/v1/engines")).unwrap();
    let engines = said.json()["engines"].clone();
    let told = |name: &str| {
        let engine = engines.as_array().unwrap().iter().find(|engine| engine["name"] == name);
        engine.unwrap()["unavailable"].clone()
    };
    for network in ["lama", "hybrid"] {
        assert_eq!(told(network), "ONNX Runtime is not installed");
    }
    assert_eq!((told("auto"), told("csc")), (Value::Null, Value::Null));
}

fn features(model: &str, image: &[u8], more: &[(&str, &[u8])]) -> Request<Body> {
    let parts = [&[("model", model.as_bytes()), ("image", image)][..], more].concat();
    multipart("/v1/features", &parts)
}

#[tokio::test]
async fn features_are_the_outputs_of_a_network() {
    let Some(_) = runtime() else { return };
    let service = Service::start().await;
    let app = &service.app;
    let image = png(3, 5, |y, x| [(51 * x) as u8, (51 * y) as u8, 0]);
    let summary = app.call(features("colour", &image, &[])).await;
    assert_eq!(summary.header("content-type"), "application/json");
    let summary = summary.json();
    assert_eq!(summary["model"], "colour:1");
    assert_eq!((&summary["shown"], &summary["tensor"]), (&json!([3, 5]), &json!([4, 8])));
    let output = &summary["outputs"][0];
    assert_eq!((&output["name"], &output["dtype"]), (&json!("y"), &json!("f32")));
    assert_eq!((&output["shape"], &output["min"]), (&json!([1, 3, 4, 8]), &json!(0.0)));

    let npy = app.call(features("colour", &image, &[("format", b"npy")])).await;
    assert_eq!(npy.header("content-type"), "application/x-npy");
    assert!(npy.body.starts_with(b"\x93NUMPY"));
    let numbers = &npy.body[npy.body.len() - 3 * 4 * 8 * 4..];
    let number = |at: usize| f32::from_le_bytes(numbers[4 * at..][..4].try_into().unwrap());
    // Blue, green, red, as its manifest says.
    assert!((number(2 * 32 + 4) - 0.8).abs() < 1e-6 && number(4) == 0.0);

    let mut request = features("colour", &image, &[]);
    request.headers_mut().insert("accept", "application/x-safetensors".parse().unwrap());
    let all = app.call(request).await;
    assert_eq!(all.header("content-type"), "application/x-safetensors");
    assert!(all.body.ends_with(numbers));
}

#[tokio::test]
async fn features_that_cannot_be_had_are_refused() {
    let Some(_) = runtime() else { return };
    let service = Service::start().await;
    let app = &service.app;
    let image = png(3, 5, |_, _| EVEN);
    for (model, more, field) in [
        ("nobody", ("format", "npy"), "model"),
        ("raw", ("format", "npy"), "model"),
        ("a/b", ("format", "npy"), "model"),
        ("colour", ("format", "hdf5"), "format"),
        ("colour", ("sigma", "3"), "sigma"),
    ] {
        let answer = app.call(features(model, &image, &[(more.0, more.1.as_bytes())])).await;
        assert_eq!(answer.problem(), "invalid-parameters", "{model}");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{answer:?}");
    }
    let more: &[(&str, &[u8])] = &[("format", b"npy"), ("output", b"z")];
    let answer = app.call(features("colour", &image, more)).await;
    assert_eq!(answer.json()["errors"][0]["field"], "output");
    let answer = app.call(multipart("/v1/features", &[("image", &image)])).await;
    assert_eq!(answer.json()["errors"][0]["field"], "model");
    let mut request = features("colour", &image, &[]);
    request.headers_mut().insert("accept", "text/html".parse().unwrap());
    assert_eq!(app.call(request).await.problem(), "not-acceptable");
    assert_eq!(app.call(features("colour", b"nothing", &[])).await.problem(), "unsupported-image");
}

fn restore(folder: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cogd"));
    command.arg("restore").args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn the_command_line_restores_by_a_network_of_a_folder() {
    let Some(_) = runtime() else { return };
    let folder = ModelFolder::new();
    folder.put_model("lama", lama());
    let work = folder.outside();
    std::fs::write(work.join("in.png"), png(30, 40, |_, _| EVEN)).unwrap();
    std::fs::write(work.join("mask.png"), mask(30, 40, block(9, 9, 9))).unwrap();
    let arguments = |engine| {
        [
            "in.png",
            "--mask",
            "mask.png",
            "-o",
            "out.png",
            "--models-dir",
            "models",
            "--engine",
            engine,
        ]
    };
    let done = restore(work, &arguments("lama"));
    assert!(done.status.success(), "{done:?}");
    let result = std::fs::read(work.join("out.png")).unwrap();
    let raster = open(&result);
    assert!(raster.sample(0, 12, 12).abs_diff(84) <= 1);
    assert_eq!(raster.sample(0, 0, 0), 40);
    let unknown = restore(work, &arguments("nobody"));
    assert_eq!(unknown.status.code(), Some(1));
    let told = String::from_utf8_lossy(&unknown.stderr);
    assert!(
        told.contains("there is no engine `nobody`; there is auto, csc, hybrid, lama"),
        "{told}"
    );
}
