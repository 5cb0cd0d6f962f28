//! Pictures in tensors, request by request.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cogd::imaging::{BitDepth, ColorModel, ImageFormat, ImageLimits, Raster, decode};
use cogd::inference::Device;
use serde_json::{Value, json};

use crate::support::app::{Answer, TestApp, grey_png, mask_png, multipart};
use crate::support::images::{file, levels, scene};
use crate::support::models::{ModelFolder, denoiser, lama, scale};
use crate::support::networks::runtime;

const LENGTH: &str = "inference-header-content-length";
const CSC: &str = "/v2/models/csc/infer";

/// An input with what stands behind the JSON for it.
type Input = (Value, Vec<u8>);

/// A tensor of files.
fn files(name: &str, files: &[&[u8]]) -> Input {
    let length = |file: &[u8]| u32::try_from(file.len()).unwrap().to_le_bytes();
    let bytes = files.iter().flat_map(|file| [&length(file), *file].concat()).collect();
    tensor(name, "BYTES", &[files.len()], bytes)
}

fn tensor(name: &str, datatype: &str, shape: &[usize], bytes: Vec<u8>) -> Input {
    let parameters = json!({"binary_data_size": bytes.len()});
    let json =
        json!({"name": name, "datatype": datatype, "shape": shape, "parameters": parameters});
    (json, bytes)
}

fn floats(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn request(path: &str, parameters: &Value, inputs: &[Input]) -> Request<Body> {
    let listed: Vec<_> = inputs.iter().map(|(input, _)| input).collect();
    let json = json!({"parameters": parameters, "inputs": listed}).to_string();
    let tail = inputs.iter().flat_map(|(_, bytes)| bytes.iter().copied());
    let body = json.bytes().chain(tail).collect::<Vec<_>>();
    Request::post(path).header(LENGTH, json.len()).body(body.into()).unwrap()
}

/// Asks for bytes, in few iterations.
async fn ask(app: &TestApp, path: &str, inputs: &[Input]) -> Answer {
    let parameters = if path == CSC { json!({"iterations": 4}) } else { json!({}) };
    ask_with(app, path, parameters, inputs).await
}

async fn ask_with(app: &TestApp, path: &str, mut parameters: Value, inputs: &[Input]) -> Answer {
    parameters["binary_data_output"] = json!(true);
    app.call(request(path, &parameters, inputs)).await
}

/// The only output of an answer, and its bytes.
fn restored(answer: &Answer) -> (Value, Vec<u8>) {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let length: usize = answer.header(LENGTH).parse().unwrap();
    let head: Value = serde_json::from_slice(&answer.body[..length]).unwrap();
    let outputs = head["outputs"].as_array().unwrap();
    assert_eq!(outputs.len(), 1);
    assert_eq!(outputs[0]["name"], "restored");
    (outputs[0].clone(), answer.body[length..].to_vec())
}

/// The files of an answer.
fn restored_files(answer: &Answer) -> Vec<Vec<u8>> {
    let (output, mut bytes) = restored(answer);
    assert_eq!(output["datatype"], "BYTES");
    let mut files = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (file, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        files.push(file.to_vec());
        bytes = rest.to_vec();
    }
    assert_eq!(output["shape"], json!([files.len()]));
    files
}

/// The message of an error; fails unless it is one of this protocol with that status.
#[track_caller]
fn error(answer: &Answer, status: StatusCode) -> String {
    assert_eq!(answer.status, status, "{answer:?}");
    answer.json()["error"].as_str().unwrap().to_owned()
}

async fn inpaint(app: &TestApp, engine: &str, image: &[u8], mask: &[u8]) -> Vec<u8> {
    let mut parts: Vec<(&str, &[u8])> = vec![("image", image), ("mask", mask)];
    if engine == "csc" {
        parts.push(("iterations", b"4"));
    }
    parts.push(("engine", engine.as_bytes()));
    let answer = app.call(multipart("/v1/inpaint", &parts)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.body.to_vec()
}

/// A block of holes in the middle of 24 x 16 pixels, as numbers.
fn holes() -> Vec<u8> {
    let inside = |at: usize, size: usize| (size / 2..size / 2 + 4).contains(&at);
    (0..16 * 24).map(|at| u8::from(inside(at / 24, 16) && inside(at % 24, 24))).collect()
}

fn bytes_of(raster: &Raster) -> Vec<u8> {
    levels(raster).into_iter().map(|level| u8::try_from(level).unwrap()).collect()
}

#[tokio::test]
async fn files_come_back_as_they_do_from_inpainting() {
    let app = TestApp::new().await;
    let (image, mask) = (grey_png(24, 16, 0), mask_png(24, 16));
    let expected = inpaint(&app, "csc", &image, &mask).await;
    let answer = ask(&app, CSC, &[files("mask", &[&mask]), files("image", &[&image])]).await;
    assert_eq!(restored_files(&answer), std::slice::from_ref(&expected));

    // In JSON, files are base64.
    let text = |name: &str, file: &[u8]| {
        json!({"name": name, "datatype": "BYTES", "shape": [1], "data": [STANDARD.encode(file)],
            "parameters": {"content_type": "base64"}})
    };
    let body = json!({"id": "seven", "parameters": {"iterations": 4, "someone_elses": 1},
        "inputs": [text("image", &image), text("mask", &mask)], "outputs": [{"name": "restored"}]});
    let request = Request::post("/v2/models/csc/versions/1/infer").body(body.to_string().into());
    let answer = app.call(request.unwrap()).await;
    assert_eq!(
        answer.json(),
        json!({"model_name": "csc", "model_version": "1", "id": "seven",
            "outputs": [{"name": "restored", "datatype": "BYTES", "shape": [1],
                "parameters": {"content_type": "base64"}, "data": [STANDARD.encode(expected)]}]})
    );
}

#[tokio::test]
async fn warnings_are_parameters_of_the_answer() {
    let app = TestApp::new().await;
    let raster = scene(16, 24, ColorModel::RgbAlpha, BitDepth::Eight);
    let png = file(&raster, ImageFormat::Png);
    let empty = crate::support::app::png(24, 16, |_, _| 0);
    let pictures = [files("image", &[&png, &png]), files("mask", &[&empty])];
    let pixels = [
        tensor("image", "UINT8", &[1, 16, 24, 4], bytes_of(&raster)),
        tensor("mask", "UINT8", &[16, 24], vec![0; 384]),
    ];
    for inputs in [pictures, pixels] {
        let parameters = json!({"output_encoding": "jpeg"});
        let answer = ask_with(&app, CSC, parameters, &inputs).await;
        let length: usize = answer.header(LENGTH).parse().unwrap();
        let head: Value = serde_json::from_slice(&answer.body[..length]).unwrap();
        assert_eq!(head["parameters"], json!({"warnings": "empty-mask,alpha-dropped"}));
        let restored = &restored_files(&answer)[0];
        let picture = decode(restored, &ImageLimits::default()).unwrap();
        assert_eq!(picture.format, ImageFormat::Jpeg);
    }
}

#[tokio::test]
async fn many_files_share_a_mask_or_have_one_each() {
    let app = TestApp::new().await;
    let other = crate::support::app::png(24, 16, |x, y| if x == 3 && y > 5 { 255 } else { 0 });
    let (images, mask) = ([0, 1, 2].map(|seed| grey_png(24, 16, seed)), mask_png(24, 16));
    let listed = images.each_ref().map(|image| &image[..]);
    for masks in [&[&mask[..]][..], &[&mask, &other, &mask]] {
        let answer = ask(&app, CSC, &[files("image", &listed), files("mask", masks)]).await;
        let restored = restored_files(&answer);
        for (index, image) in images.iter().enumerate() {
            let mask = masks.get(index).unwrap_or(&masks[0]);
            assert_eq!(restored[index], inpaint(&app, "csc", image, mask).await, "{index}");
        }
    }
}

#[tokio::test]
async fn bytes_of_pixels_come_back_as_the_pixels_of_inpainting() {
    let app = TestApp::new().await;
    let mask = tensor("mask", "UINT8", &[16, 24], holes());
    for model in [ColorModel::Grey, ColorModel::Rgb, ColorModel::RgbAlpha] {
        let raster = scene(16, 24, model, BitDepth::Eight);
        let shape = [1, 16, 24, model.channels()];
        let image = tensor("image", "UINT8", &shape, bytes_of(&raster));
        let answer = ask(&app, CSC, &[image.clone(), mask.clone()]).await;
        let (output, bytes) = restored(&answer);
        assert_eq!((&output["datatype"], &output["shape"]), (&json!("UINT8"), &json!(shape)));
        let expected =
            inpaint(&app, "csc", &file(&raster, ImageFormat::Png), &mask_png(24, 16)).await;
        let expected = decode(&expected, &ImageLimits::default()).unwrap().raster;
        assert_eq!(bytes, bytes_of(&expected));
        // The same pixels as a file, if that is asked for.
        let parameters = json!({"iterations": 4, "output_encoding": "png"});
        let answer = ask_with(&app, CSC, parameters, &[image, mask.clone()]).await;
        let [encoded] = &restored_files(&answer)[..] else { panic!("one file") };
        let picture = decode(encoded, &ImageLimits::default()).unwrap();
        assert_eq!((picture.format, picture.raster), (ImageFormat::Png, expected));
    }
}

/// A picture of numbers that 16 bits cannot hold, in planes.
fn exact(channels: usize) -> Vec<f32> {
    let number = |at: usize| 0.5 + 0.4 * (at as f32 * 0.01).sin() + 1e-6 * (at % 7) as f32;
    (0..channels * 16 * 24).map(number).collect()
}

#[tokio::test]
async fn numbers_that_are_known_keep_every_bit_and_hidden_ones_have_no_influence() {
    let app = TestApp::new().await;
    let hidden = holes();
    for channels in [1, 3, 4] {
        let sent = exact(channels);
        let mut answers = Vec::new();
        for secret in [0.0, 1.0, -3e38, f32::NAN] {
            let mut numbers = sent.clone();
            for (at, number) in numbers.iter_mut().enumerate() {
                // Alpha is never hidden.
                if hidden[at % 384] == 1 && at < 3 * 384 {
                    *number = secret;
                }
            }
            let image = tensor("image", "FP32", &[1, channels, 16, 24], floats(&numbers));
            let mask = tensor("mask", "UINT8", &[1, 1, 16, 24], hidden.clone());
            let (output, bytes) = restored(&ask(&app, CSC, &[image, mask]).await);
            assert_eq!(output["datatype"], "FP32");
            assert_eq!(output["shape"], json!([1, channels, 16, 24]));
            answers.push(bytes);
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{channels}");
        let mut changed = 0;
        for (at, (now, before)) in answers[0].chunks_exact(4).zip(&sent).enumerate() {
            let now = f32::from_le_bytes(now.try_into().unwrap());
            if hidden[at % 384] == 0 || at >= 3 * 384 {
                assert_eq!(now.to_bits(), before.to_bits(), "{channels} {at}");
            } else {
                assert!((now - before).abs() < 0.1, "{channels} {at}: {now} and not {before}");
                changed += usize::from(now.to_bits() != before.to_bits());
            }
        }
        assert!(changed > 0);
    }
}

#[tokio::test]
async fn masks_of_every_type_and_shape_hide_the_same() {
    let app = TestApp::new().await;
    let image = tensor("image", "FP32", &[1, 1, 16, 24], floats(&exact(1)));
    let numbers: Vec<f32> = holes().iter().map(|&hole| f32::from(hole) * -0.25).collect();
    let mut answers = Vec::new();
    for (datatype, bytes) in [("UINT8", holes()), ("BOOL", holes()), ("FP32", floats(&numbers))] {
        for shape in [&[16, 24][..], &[1, 16, 24, 1], &[1, 1, 16, 24]] {
            let mask = tensor("mask", datatype, shape, bytes.clone());
            answers.push(restored(&ask(&app, CSC, &[image.clone(), mask]).await).1);
        }
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    // The options of masks are those of files.
    let inverted = holes().iter().map(|hole| 1 - hole).collect();
    let parameters = json!({"iterations": "4", "mask_invert": true});
    let mask = tensor("mask", "BOOL", &[16, 24], inverted);
    let answer = ask_with(&app, CSC, parameters, &[image, mask]).await;
    assert_eq!(restored(&answer).1, answers[0]);
}

#[tokio::test]
async fn noise_is_removed_without_a_mask() {
    let app = TestApp::new().await;
    let noisy: Vec<f32> = (0..384_u32).map(|at| 0.5 + (at * 7919 % 101) as f32 / 1e4).collect();
    let spread =
        |numbers: &[f32]| numbers.iter().map(|number| (number - 0.505).abs()).fold(0.0, f32::max);
    let image = tensor("image", "FP32", &[1, 1, 16, 24], floats(&noisy));
    let parameters = json!({"task": "reconstruct", "sigma": 10.5, "iterations": 2});
    let answer = ask_with(&app, CSC, parameters, std::slice::from_ref(&image)).await;
    let bytes = restored(&answer).1;
    let numbers = bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
    let smooth = spread(&numbers.collect::<Vec<_>>());
    assert!(smooth < spread(&noisy) / 2.0, "{smooth}");
    // Nothing to remove, nothing changed.
    let parameters = json!({"task": "reconstruct", "sigma": 0});
    let answer = ask_with(&app, CSC, parameters, &[image]).await;
    assert_eq!(restored(&answer).1, floats(&noisy));
}

#[tokio::test]
async fn whatever_is_wrong_with_pictures_is_told_and_is_the_callers_fault() {
    let app = TestApp::new().await;
    let (png, hole) = (grey_png(24, 16, 0), mask_png(24, 16));
    let (image, mask) = (files("image", &[&png]), files("mask", &[&hole]));
    let pixels = tensor("image", "UINT8", &[1, 16, 24, 1], vec![7; 384]);
    let known = tensor("mask", "UINT8", &[16, 24], holes());
    let shaped = |shape: &[usize]| tensor("image", "UINT8", shape, vec![7; shape.iter().product()]);
    let wide = tensor("image", "FP32", &[1, 1, 16, 24], floats(&[1.5; 384]));
    let masked = |datatype: &str, shape: &[usize]| {
        let size = if datatype == "FP64" { 8 } else { 1 };
        tensor("mask", datatype, shape, vec![1; size * shape.iter().product::<usize>()])
    };
    let (i, m) = (&image, &mask);
    for (inputs, told) in [
        (vec![], "input `image` is missing"),
        (vec![i.clone()], "input `mask` is missing"),
        (vec![i.clone(), i.clone(), m.clone()], "`image` is given twice"),
        (vec![i.clone(), m.clone(), files("x", &[])], "no input `x`; of pictures it takes image"),
        (vec![files("image", &[]), m.clone()], "input `image` is empty"),
        (vec![files("image", &[b"no image"]), m.clone()], "not a PNG, JPEG, WebP, TIFF or BMP"),
        (vec![files("image", &[&png, b""]), m.clone()], "image[1]: not a PNG"),
        (vec![files("image", &[&png[..80]]), m.clone()], "damaged or cut short"),
        (vec![i.clone(), files("mask", &[&mask_png(23, 16)])], "the mask is 23 x 16 pixels"),
        (vec![i.clone(), files("mask", &[&hole, &hole])], "`mask` has 2 elements for 1"),
        (vec![i.clone(), known.clone()], "`mask` must be BYTES, as `image` is"),
        (vec![pixels.clone(), m.clone()], "`mask` must be numbers, as `image` is"),
        (vec![tensor("image", "BYTES", &[1, 1], files("", &[&png]).1), m.clone()], "[1, 1], but"),
        (vec![tensor("image", "BYTES", &[1], vec![9, 0, 0]), m.clone()], "4 bytes for its length"),
        (vec![tensor("image", "BYTES", &[1], vec![9, 0, 0, 0, 1]), m.clone()], "has 9 bytes, but"),
        (vec![tensor("image", "BYTES", &[257], vec![]), m.clone()], "more than the 256 elements"),
        (vec![shaped(&[16, 24]), known.clone()], "is UINT8 [16, 24], but pictures are"),
        (vec![shaped(&[2, 16, 24, 1]), known.clone()], "but pictures are"),
        (vec![shaped(&[1, 16, 24, 2]), known.clone()], "1, 3 or 4 channels"),
        (vec![shaped(&[1, 0, 24, 1]), known.clone()], "but pictures are"),
        (vec![pixels.clone(), masked("UINT8", &[16, 23])], "but for this image it is UINT8"),
        (vec![pixels.clone(), masked("UINT8", &[24, 16])], "[1, 16, 24, 1], [1, 1, 16, 24] or"),
        (vec![pixels.clone(), masked("FP64", &[16, 24])], "is FP64 [16, 24]"),
        (vec![pixels.clone(), masked("BOOL", &[16, 24])], "the mask hides every pixel"),
        (vec![wide, known.clone()], "[0, 0, 0, 0] is 1.5, but FP32 goes from 0 to 1"),
    ] {
        let answer = ask(&app, CSC, &inputs).await;
        let message = error(&answer, StatusCode::BAD_REQUEST);
        assert!(message.contains(told), "{told}: {message}");
    }
    for (parameters, told) in [
        (json!({"iterations": 0}), "iterations: must lie between 1 and 1000"),
        (
            json!({"iterations": "many", "task": "paint"}),
            "`iterations` must be a whole number; `task`",
        ),
        (json!({"sigma": 3}), "only reconstruct removes noise"),
        (json!({"engine": "auto"}), "`engine` has no place here"),
        (json!({"mask_channel": "alpha"}), "the mask has no alpha channel"),
        (json!({"output_encoding": "gif"}), "`output_encoding` must be one of png"),
        (json!({"dictionary": "nobody"}), "there is no dictionary `nobody`"),
    ] {
        for inputs in [[i.clone(), m.clone()], [pixels.clone(), known.clone()]] {
            let answer = ask_with(&app, CSC, parameters.clone(), &inputs).await;
            let message = error(&answer, StatusCode::BAD_REQUEST);
            assert!(message.contains(told), "{told}: {message}");
        }
    }
    let raw = Request::post(CSC).header(LENGTH, "0").body(png.into()).unwrap();
    let told = error(&app.call(raw).await, StatusCode::BAD_REQUEST);
    assert!(told.contains("needs one input; `csc` has image and mask"), "{told}");
    let body = json!({"inputs": [], "outputs": [{"name": "output"}]}).to_string();
    let other = app.call(Request::post(CSC).body(body.into()).unwrap()).await;
    let told = error(&other, StatusCode::BAD_REQUEST);
    assert_eq!(told, "the model has no output `output`; it has restored");
}

#[tokio::test]
async fn pictures_pass_the_limits_of_images() {
    let app = TestApp::with(|config| {
        config.image.max_pixels = 383;
        config.image.max_bytes = 2000;
    })
    .await;
    let (png, mask) = (grey_png(24, 16, 0), mask_png(24, 16));
    let pixels = tensor("image", "UINT8", &[1, 16, 24, 1], vec![7; 384]);
    let known = tensor("mask", "UINT8", &[16, 24], holes());
    let (long, half) = (vec![0; 2001], grey_png(12, 16, 0));
    let halves = [files("image", &[&half, &half]), files("mask", &[&mask_png(12, 16)])];
    for (inputs, told) in [
        ([files("image", &[&png]), files("mask", &[&mask])], "384 pixels, but at most 383"),
        ([pixels, known], "384 pixels, but at most 383"),
        (halves, "all of `image`: the image has 384 pixels"),
        ([files("image", &[&long]), files("mask", &[&mask])], "2001 bytes, but at most 2000"),
    ] {
        let message = error(&ask(&app, CSC, &inputs).await, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(message.contains(told), "{told}: {message}");
    }
}

#[tokio::test]
async fn a_full_a_slow_and_a_closing_service_say_so() {
    let app = TestApp::with(|config| {
        config.worker.threads = "1".parse().unwrap();
        config.worker.pixels_in_flight = 1000;
    })
    .await;
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let _running = app.app.pool().submit(1, move |_| gate.recv().is_ok()).unwrap();
    let image = grey_png(24, 16, 0);
    let mask = files("mask", &[&mask_png(24, 16)]);
    // All pictures of a request count.
    let three = [files("image", &[&image, &image, &image]), mask.clone()];
    let answer = ask(&app, CSC, &three).await;
    let told = error(&answer, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(told, "1153 pixels would be in flight, and 1000 may");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    let one = [files("image", &[&image]), mask];
    let answer = ask_with(&app, CSC, json!({"timeout": 20_000}), &one).await;
    assert_eq!(error(&answer, StatusCode::GATEWAY_TIMEOUT), "not finished within 0.02 s");
    let stats = app.get("/v2/models/csc/stats").await.json();
    assert_eq!(stats["model_stats"][0]["inference_stats"]["fail"]["count"], 1);
    go.send(()).unwrap();
    app.app.pool().close();
    let answer = ask(&app, CSC, &one).await;
    assert_eq!(error(&answer, StatusCode::SERVICE_UNAVAILABLE), "the service is shutting down");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_leaves_stops_the_work() {
    let app = TestApp::with(|config| config.worker.threads = "1".parse().unwrap()).await;
    let image = tensor("image", "UINT8", &[1, 400, 400, 3], vec![90; 480_000]);
    let hole = |at: usize| (50..350).contains(&(at / 400)) && (50..350).contains(&(at % 400));
    let mask =
        tensor("mask", "BOOL", &[400, 400], (0..160_000).map(|at| hole(at).into()).collect());
    let request = request(CSC, &json!({"iterations": 1000}), &[image, mask]);
    let router = app.router.clone();
    let calling = tokio::spawn(async move {
        use tower::ServiceExt as _;
        router.oneshot(request).await
    });
    let until = async |running: usize| {
        while app.app.pool().load().running != running {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    until(1).await;
    calling.abort();
    tokio::time::timeout(Duration::from_mins(1), until(0)).await.unwrap();
    let metrics = app.get("/metrics").await;
    let metrics = String::from_utf8(metrics.body.to_vec()).unwrap();
    assert!(metrics.contains("cogd_jobs_total{outcome=\"cancelled\"} 1"), "{metrics}");
}

#[tokio::test]
async fn the_solver_describes_itself_as_a_model() {
    let app = TestApp::new().await;
    let get = async |path: &str| {
        let answer = app.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
        answer.json()
    };
    assert_eq!(get("/v2/models").await, json!({"models": ["csc"]}));
    assert_eq!(get("/v2/models/csc/versions/1/ready").await, json!({"name": "csc", "ready": true}));
    let tensor = |name: &str| json!({"name": name, "datatype": "BYTES", "shape": [-1]});
    let mut mask = tensor("mask");
    mask["parameters"] = json!({"optional": true});
    assert_eq!(
        get("/v2/models/csc").await,
        json!({"name": "csc", "versions": ["1"], "platform": "cogd_csc",
            "inputs": [tensor("image"), mask], "outputs": [tensor("restored")]})
    );
    let config = get("/v2/models/csc/config").await;
    assert_eq!((&config["max_batch_size"], &config["platform"]), (&json!(0), &json!("cogd_csc")));
    let input = json!({"name": "mask", "data_type": "TYPE_STRING", "dims": [-1], "optional": true});
    assert_eq!(config["input"][1], input);

    let (image, mask) = (grey_png(24, 16, 0), mask_png(24, 16));
    let before = get("/v2/models/csc/stats").await;
    assert_eq!(before["model_stats"][0]["inference_count"], 0);
    ask(&app, CSC, &[files("image", &[&image, &image]), files("mask", &[&mask])]).await;
    let after = &get("/v2/models/stats").await["model_stats"][0];
    assert_eq!((&after["name"], &after["version"]), (&json!("csc"), &json!("1")));
    assert_eq!((&after["inference_count"], &after["execution_count"]), (&json!(2), &json!(1)));
    assert_eq!(after["inference_stats"]["success"]["count"], 1);
    assert!(after["inference_stats"]["compute_infer"]["ns"].as_u64().unwrap() > 0);

    for change in ["load", "unload"] {
        let path = format!("/v2/repository/models/csc/{change}");
        let answer = app.call(Request::post(path).body(Body::empty()).unwrap()).await;
        let told = error(&answer, StatusCode::BAD_REQUEST);
        assert_eq!(told, "the model `csc` is built in: it is always loaded");
    }
    for rest in ["", "/ready", "/stats", "/config"] {
        let answer = app.get(&format!("/v2/models/csc/versions/2{rest}")).await;
        let told = error(&answer, StatusCode::NOT_FOUND);
        assert_eq!(told, "the model `csc` has no version `2`");
    }
}

/// A service with networks in its folder.
async fn with_networks() -> (TestApp, ModelFolder) {
    let folder = ModelFolder::new();
    folder.put_model("lama", lama());
    folder.put_model("grey", denoiser(1));
    folder.put("double/1/model.onnx", scale(2.0).encode());
    folder.put_model("csc", lama());
    let app = TestApp::with(|config| {
        config.models.dir = Some(folder.path());
        config.models.device = Device::Cpu;
        config.models.threads = 1;
    });
    (app.await, folder)
}

#[tokio::test]
async fn the_name_of_the_solver_cannot_be_taken() {
    let (app, _folder) = with_networks().await;
    let index = app.call(Request::post("/v2/repository/index").body(Body::empty()).unwrap()).await;
    let named: Vec<_> =
        index.json().as_array().unwrap().iter().filter(|e| e["name"] == "csc").cloned().collect();
    let reason = "built in; the model of this name in the folder is not used";
    assert_eq!(named, [json!({"name": "csc", "version": "1", "state": "READY", "reason": reason})]);
    assert_eq!(app.get("/v2/models/csc").await.json()["platform"], "cogd_csc");
    // By its version it would be a network, but it is never loaded.
    let (image, mask) = (grey_png(24, 16, 0), mask_png(24, 16));
    let parts: &[(&str, &[u8])] = &[("engine", b"csc:1"), ("image", &image), ("mask", &mask)];
    let answer = app.call(multipart("/v1/inpaint", parts)).await;
    assert_eq!(answer.problem(), "model-unavailable");
}

#[tokio::test]
async fn networks_that_restore_take_pictures_beside_their_own_tensors() {
    let Some(_) = runtime() else { return };
    let (app, _folder) = with_networks().await;
    let path = "/v2/models/lama/infer";
    let raster = scene(16, 24, ColorModel::Rgb, BitDepth::Eight);
    let (png, hole) = (file(&raster, ImageFormat::Png), mask_png(24, 16));
    let expected = inpaint(&app, "lama", &png, &hole).await;
    let answer = ask(&app, path, &[files("image", &[&png]), files("mask", &[&hole])]).await;
    assert_eq!(restored_files(&answer), std::slice::from_ref(&expected));
    let known = tensor("mask", "UINT8", &[16, 24], holes());
    let pixels = tensor("image", "UINT8", &[1, 16, 24, 3], bytes_of(&raster));
    let (_, bytes) = restored(&ask(&app, path, &[pixels, known.clone()]).await);
    assert_eq!(bytes, bytes_of(&decode(&expected, &ImageLimits::default()).unwrap().raster));
    let numbers = tensor("image", "FP32", &[1, 3, 16, 24], floats(&exact(3)));
    let (output, _) = restored(&ask(&app, path, &[numbers, known]).await);
    assert_eq!(output["shape"], json!([1, 3, 16, 24]));

    // What the network takes, it is given as it is.
    let own = [
        tensor("image", "FP32", &[1, 3, 512, 512], floats(&vec![0.5; 3 << 18])),
        tensor("mask", "FP32", &[1, 1, 512, 512], floats(&vec![1.0; 1 << 18])),
    ];
    let answer = ask(&app, path, &own).await;
    let length: usize = answer.header(LENGTH).parse().unwrap();
    let head: Value = serde_json::from_slice(&answer.body[..length]).unwrap();
    assert_eq!(head["outputs"][0]["name"], "output");
    assert_eq!(answer.body[length..][..4], (0.5_f32 * 255.0).to_le_bytes());

    // The task is that of the network.
    let answer = ask(&app, "/v2/models/grey/infer", &[files("image", &[&png])]).await;
    let [denoised] = &restored_files(&answer)[..] else { panic!("one file") };
    assert_eq!(decode(denoised, &ImageLimits::default()).unwrap().raster, raster);
    for (path, parameters, told) in [
        (path, json!({"iterations": 3}), "iterations: is for the engine csc"),
        (path, json!({"task": "reconstruct"}), "`task` is not what this network is for"),
        ("/v2/models/double/infer", json!({}), "BYTES is not supported: this model takes numbers"),
    ] {
        let inputs = [files("image", &[&png]), files("mask", &[&hole])];
        let answer = ask_with(&app, path, parameters, &inputs).await;
        let message = error(&answer, StatusCode::BAD_REQUEST);
        assert!(message.contains(told), "{told}: {message}");
    }
    let unfit = tensor("image", "UINT8", &[1, 16, 24, 2], vec![0; 768]);
    let told = error(&ask(&app, path, &[unfit]).await, StatusCode::BAD_REQUEST);
    assert!(told.contains("input `image` takes f32") || told.contains("`mask`"), "{told}");
}
