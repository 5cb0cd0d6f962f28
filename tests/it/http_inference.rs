//! The Open Inference Protocol, request by request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cogd::inference::Device;
use cogd::onnx::{Dimension, ElementType, GraphBuilder};
use serde_json::{Value, json};

use crate::support::app::{Answer, TestApp};
use crate::support::models::{ModelFolder, scale};
use crate::support::networks::runtime;

const LENGTH: &str = "inference-header-content-length";

/// A service with the models of a folder.
struct Served {
    app: TestApp,
    folder: ModelFolder,
}

impl Served {
    /// One model, `double`; `None` without a runtime.
    async fn new() -> Option<Self> {
        runtime()?;
        let folder = ModelFolder::new();
        folder.put("double/1/model.onnx", scale(2.0).encode());
        Some(Self::with(folder).await)
    }

    async fn with(folder: ModelFolder) -> Self {
        let app = TestApp::with(|config| {
            config.models.dir = Some(folder.path());
            config.models.device = Device::Cpu;
            config.models.threads = 1;
        });
        Self { app: app.await, folder }
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.app.call(request.body(Body::from(body)).unwrap()).await
    }

    /// Asks `double`.
    async fn infer(&self, body: &Value) -> Answer {
        self.post("/v2/models/double/infer", &[], body.to_string().into()).await
    }

    /// Asks `double`, with tensors behind the JSON.
    async fn infer_bytes(&self, json: &Value, bytes: &[u8]) -> Answer {
        let json = json.to_string();
        let length = json.len().to_string();
        let body = [json.as_bytes(), bytes].concat();
        self.post("/v2/models/double/infer", &[(LENGTH, &length)], body).await
    }
}

/// The message of an error; fails unless it is one of this protocol with that status.
fn error(answer: &Answer, status: StatusCode) -> String {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/json");
    let body = answer.json();
    let members = body.as_object().unwrap();
    assert_eq!(members.len(), 1, "{body}");
    let message = members["error"].as_str().unwrap().to_owned();
    assert!(!message.is_empty());
    message
}

fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// One row for `double`.
fn row() -> Value {
    json!({"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2.5, -3, 4]})
}

#[tokio::test]
async fn json_goes_in_and_comes_out() {
    let Some(served) = Served::new().await else { return };
    let nested = json!({"name": "x", "shape": [2, 2, 1, 1], "datatype": "FP32"});
    let answer = served.infer(&json!({"id": "seven", "inputs": [row()], "later": [nested]})).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/json");
    let data = json!([2.0, 5.0, -6.0, 8.0]);
    assert_eq!(
        answer.json(),
        json!({
            "model_name": "double", "model_version": "1", "id": "seven",
            "outputs": [{"name": "y", "datatype": "FP32", "shape": [1, 4], "data": data}],
        })
    );
    // Nested, by version, with the output named.
    let body = json!({
        "inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [[1, 2, 3, 4]]}],
        "outputs": [{"name": "y"}],
    });
    let path = "/v2/models/double/versions/1/infer";
    let answer = served.post(path, &[], body.to_string().into()).await;
    assert_eq!(answer.json()["outputs"][0]["data"], json!([2.0, 4.0, 6.0, 8.0]));
}

#[tokio::test]
async fn tensors_travel_as_bytes_where_that_is_asked_for() {
    let Some(served) = Served::new().await else { return };
    let input = json!({"name": "x", "shape": [1, 4], "datatype": "FP32",
        "parameters": {"binary_data_size": 16}});
    for (parameters, output, is_binary) in [
        (json!({}), json!({}), false),
        (json!({"binary_data_output": true}), json!({}), true),
        (json!({"binary_data_output": true}), json!({"binary_data": false}), false),
        (json!({"binary_data_output": false}), json!({"binary_data": true}), true),
    ] {
        let body = json!({"parameters": parameters, "inputs": [input],
            "outputs": [{"name": "y", "parameters": output}]});
        let answer = served.infer_bytes(&body, &bytes(&[1.0, 2.0, 3.0, 4.0])).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        if is_binary {
            assert_eq!(answer.header("content-type"), "application/octet-stream");
            let length: usize = answer.header(LENGTH).parse().unwrap();
            let head: Value = serde_json::from_slice(&answer.body[..length]).unwrap();
            assert_eq!(head["outputs"][0]["parameters"]["binary_data_size"], 16);
            assert!(head["outputs"][0]["data"].is_null());
            assert_eq!(answer.body[length..], bytes(&[2.0, 4.0, 6.0, 8.0]));
        } else {
            assert_eq!(answer.header(LENGTH), "");
            assert_eq!(answer.json()["outputs"][0]["data"], json!([2.0, 4.0, 6.0, 8.0]));
        }
    }
    // Nothing but bytes: the shape follows from their number.
    let body = bytes(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    let answer = served.post("/v2/models/double/infer", &[(LENGTH, "0")], body).await;
    let length: usize = answer.header(LENGTH).parse().unwrap();
    let head: Value = serde_json::from_slice(&answer.body[..length]).unwrap();
    assert_eq!(head["outputs"][0]["shape"], json!([2, 4]));
}

#[tokio::test]
async fn half_precision_travels_as_bytes_only() {
    let Some(_) = runtime() else { return };
    let folder = ModelFolder::new();
    let mut g = GraphBuilder::new("half");
    let x = g.input("x", ElementType::F16, &["batch".into(), 2.into()]).unwrap();
    g.output("y", &x).unwrap();
    folder.put("half/1/model.onnx", g.finish().unwrap().encode());
    let served = Served::with(folder).await;
    let ask = async |input: Value, output: Value, bytes: &[u8]| {
        let json = json!({"inputs": [input], "outputs": [{"name": "y", "parameters": output}]});
        let json = json.to_string();
        let body = [json.as_bytes(), bytes].concat();
        let length = json.len().to_string();
        served.post("/v2/models/half/infer", &[(LENGTH, &length)], body).await
    };
    let binary = json!({"name": "x", "shape": [1, 2], "datatype": "FP16",
        "parameters": {"binary_data_size": 4}});
    let half = [0x00, 0x3c, 0x00, 0xc0];
    let answer = ask(binary.clone(), json!({"binary_data": true}), &half).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.body[answer.body.len() - 4..], half);
    let refused = ask(binary, json!({}), &half).await;
    assert!(error(&refused, StatusCode::BAD_REQUEST).contains("ask for it with `binary_data`"));
    let numbers = json!({"name": "x", "shape": [1, 2], "datatype": "FP16", "data": [1, 2]});
    let refused = ask(numbers, json!({"binary_data": true}), &[]).await;
    assert!(error(&refused, StatusCode::BAD_REQUEST).contains("FP16 has no numbers in JSON"));
}

#[tokio::test]
async fn whatever_is_wrong_with_a_request_is_told_and_is_the_callers_fault() {
    let Some(served) = Served::new().await else { return };
    let input = |changes: Value| {
        let mut input = row();
        for (name, value) in changes.as_object().unwrap() {
            input[name] = value.clone();
        }
        json!({"inputs": [input]})
    };
    let many: Vec<_> = (0..257).map(|index| json!({"name": index.to_string()})).collect();
    let long = "n".repeat(100_000);
    for (body, told) in [
        (json!([]), "the JSON cannot be read: invalid type: sequence, expected an object"),
        (json!([null, {}, [row()]]), "invalid type: sequence, expected an object"),
        (json!({"inputs": [["x", [1, 4], "FP32", {}, [0, 0, 0, 0]]]}), "expected an object"),
        (json!({"inputs": [row()], "outputs": [["y", {}]]}), "expected an object"),
        (json!({}), "missing field `inputs`"),
        (json!({"inputs": []}), "input `x` is missing"),
        (json!({"inputs": [row(), row()]}), "input `x` is given twice"),
        (input(json!({"name": "z"})), "the model has no input `z`; it has x"),
        (input(json!({"name": long})), "a name of 100000 bytes"),
        (input(json!({"shape": [1, 5]})), "the shape [1, 5] has 5 elements, but 4 are given"),
        (input(json!({"shape": [4]})), "takes the shape [batch, 4]"),
        (input(json!({"shape": [-1, 4]})), "has an axis of length -1"),
        (input(json!({"shape": [1.5, 4]})), "the JSON cannot be read"),
        (input(json!({"shape": [0, 4], "data": []})), "input `x` is empty"),
        (input(json!({"shape": [i64::MAX, i64::MAX, 4]})), "is too large"),
        (input(json!({"shape": vec![1; 17]})), "has 17 axes, but at most 16"),
        (input(json!({"shape": vec![1; 257]})), "a list of more than 256 entries"),
        (json!({"inputs": vec![row(); 257]}), "a list of more than 256 entries"),
        (input(json!({"datatype": "FP33"})), "expected one of BOOL, UINT8"),
        (input(json!({"datatype": "BYTES"})), "BYTES in JSON is text in base64"),
        (
            input(json!({"datatype": "BYTES", "parameters": {"content_type": "base64"}})),
            "`data` holds numbers, but BYTES",
        ),
        (
            input(json!({"datatype": "BYTES", "parameters": {"content_type": "base64"},
                "shape": [1], "data": ["AA=="]})),
            "BYTES is not supported: this model takes numbers",
        ),
        (input(json!({"datatype": "INT32", "data": [1, 2, 3, 4]})), "takes f32, but was given i32"),
        (input(json!({"datatype": "UINT8", "data": [1, 2, 300, 4]})), "data[2] is 300"),
        (input(json!({"data": ["a"]})), "`data` holds text"),
        (input(json!({"data": null})), "has neither data nor binary_data_size"),
        (input(json!({"parameters": {"binary_data_size": 16}})), "has both data and"),
        (input(json!({"parameters": {"binary_data_size": -1}})), "must be a whole number"),
        (input(json!({"parameters": {"shared_memory_region": "a"}})), "is not supported"),
        (input(json!({"parameters": {"a": {}}})), "the JSON cannot be read"),
        (json!({"inputs": [row()], "parameters": {"sequence_id": 3}}), "`sequence_id` is not"),
        (json!({"inputs": [row()], "parameters": {"binary_data_output": 1}}), "true or false"),
        (json!({"inputs": [row()], "outputs": [{"name": "z"}]}), "no output `z`; it has y"),
        (json!({"inputs": [row()], "outputs": [{"name": "y"}, {"name": "y"}]}), "asked for twice"),
        (json!({"inputs": [row()], "outputs": many}), "a list of more than 256 entries"),
        (
            json!({"inputs": [row()], "outputs": [{"name": "y", "parameters": {"classification": 2}}]}),
            "`classification` is not supported",
        ),
        (json!({"id": long, "inputs": [row()]}), "id has 100000 bytes"),
    ] {
        let told_back = error(&served.infer(&body).await, StatusCode::BAD_REQUEST);
        assert!(told_back.contains(told), "{told}: {told_back}");
        assert!(told_back.len() < 500, "{}", told_back.len());
    }
    // It is as well as before.
    assert_eq!(served.infer(&json!({"inputs": [row()]})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn lengths_that_do_not_fit_are_told_whatever_they_are() {
    let Some(served) = Served::new().await else { return };
    let input = |size: u64, shape: Value| {
        json!({"inputs": [{"name": "x", "shape": shape, "datatype": "FP32",
            "parameters": {"binary_data_size": size}}]})
    };
    let row = bytes(&[1.0; 4]);
    for (body, bytes, told) in [
        (input(12, json!([1, 4])), &row[..12], "12 bytes are given, but the shape has 16"),
        (input(17, json!([1, 4])), &row[..], "size of 17, but 16 bytes are left"),
        (input(8, json!([1, 2])), &row[..], "8 bytes behind the JSON belong to no input"),
        (input(1 << 53, json!([1, 4])), &row[..], "but 16 bytes are left"),
        (input(16, json!([1_i64 << 40, 1_i64 << 40])), &row[..], "is too large"),
        (input(16, json!([1_i64 << 40, 4])), &row[..], "but the shape has 17592186044416"),
    ] {
        let answer = served.infer_bytes(&body, bytes).await;
        let told_back = error(&answer, StatusCode::BAD_REQUEST);
        assert!(told_back.contains(told), "{told}: {told_back}");
    }
    let json = json!({"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32",
        "parameters": {"binary_data_size": 16}}]});
    let told = error(&served.infer(&json).await, StatusCode::BAD_REQUEST);
    assert!(told.contains("inference-header-content-length is missing"), "{told}");
    for (length, told) in [
        ("-1", "must be one whole number"),
        ("a", "must be one whole number"),
        ("99999999999999999999999", "must be one whole number"),
        ("9999", "is 9999, but the body has 16 bytes"),
        ("3", "the JSON cannot be read"),
        ("0", "input `x`"),
    ] {
        let body = if length == "0" { row[..15].to_vec() } else { row.clone() };
        let answer = served.post("/v2/models/double/infer", &[(LENGTH, length)], body).await;
        let told_back = error(&answer, StatusCode::BAD_REQUEST);
        assert!(told_back.contains(told), "{length}: {told_back}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_beside_loading_and_unloading_are_answered_or_told_that_it_is_unloaded() {
    let Some(served) = Served::new().await else { return };
    let served = Arc::new(served);
    let stop = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (served, stop) = (Arc::clone(&served), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut answered = 0;
                while !stop.load(Ordering::Relaxed) {
                    let answer = served.infer(&json!({"inputs": [row()]})).await;
                    if answer.status == StatusCode::OK {
                        assert_eq!(answer.json()["outputs"][0]["shape"], json!([1, 4]));
                        answered += 1;
                    } else {
                        let told = error(&answer, StatusCode::SERVICE_UNAVAILABLE);
                        assert_eq!(told, "the model `double` was unloaded");
                        // A refusal waits for nothing, and would leave no time to anybody else.
                        tokio::task::yield_now().await;
                    }
                }
                answered
            })
        })
        .collect();
    for round in 0..10_u8 {
        served.folder.put("double/1/model.onnx", scale(f32::from(round)).encode());
        for change in ["load", "unload", "load"] {
            let path = format!("/v2/repository/models/double/{change}");
            assert_eq!(served.post(&path, &[], Vec::new()).await.status, StatusCode::OK);
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        assert!(caller.await.unwrap() > 0);
    }
}

#[tokio::test]
async fn answers_are_compressed_and_errors_are_not() {
    let Some(served) = Served::new().await else { return };
    let path = "/v2/models/double/infer";
    for (accepted, used) in [("gzip", "gzip"), ("deflate", "deflate"), ("br", ""), ("", "")] {
        let headers = [("accept-encoding", accepted)];
        let body = json!({"inputs": [row()]}).to_string();
        let answer = served.post(path, &headers, body.into()).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-encoding"), used);
        let refused = served.post(path, &headers, b"{}".to_vec()).await;
        assert_eq!(refused.header("content-encoding"), "");
        error(&refused, StatusCode::BAD_REQUEST);
    }
    let unread = served.post(path, &[("content-encoding", "gzip")], b"no gzip".to_vec()).await;
    error(&unread, StatusCode::BAD_REQUEST);
    let unknown = served.post(path, &[("content-encoding", "br")], b"{}".to_vec()).await;
    error(&unknown, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_service_that_drains_says_so() {
    let Some(served) = Served::new().await else { return };
    served.app.app.pool().drain(Duration::ZERO);
    error(&served.app.get("/v2/health/ready").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(served.app.get("/v2/health/live").await.status, StatusCode::OK);
    let refused = served.infer(&json!({"inputs": [row()]})).await;
    error(&refused, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn what_is_not_there_is_404_and_what_is_not_ready_is_503() {
    let Some(served) = Served::new().await else { return };
    served.folder.put("broken/1/model.onnx", "no model");
    let loaded = served.post("/v2/repository/models/broken/load", &[], Vec::new()).await;
    let told = error(&loaded, StatusCode::SERVICE_UNAVAILABLE);
    assert!(told.contains("model.onnx: not a readable ONNX file"), "{told}");
    for (path, status) in [
        ("/v2/models/nobody", StatusCode::NOT_FOUND),
        ("/v2/models/..%2f..%2fetc", StatusCode::NOT_FOUND),
        ("/v2/models/%00", StatusCode::NOT_FOUND),
        ("/v2/models/%ff", StatusCode::BAD_REQUEST),
        ("/v2/models/double/versions/2", StatusCode::NOT_FOUND),
        ("/v2/models/double/versions/01/ready", StatusCode::NOT_FOUND),
        ("/v2/models/double/nothing", StatusCode::NOT_FOUND),
        ("/v2/models/nobody/ready", StatusCode::NOT_FOUND),
        ("/v2/models/broken/ready", StatusCode::SERVICE_UNAVAILABLE),
        ("/v2/models/broken", StatusCode::SERVICE_UNAVAILABLE),
        ("/v2/models/broken/stats", StatusCode::SERVICE_UNAVAILABLE),
        ("/v2/models/double/infer", StatusCode::METHOD_NOT_ALLOWED),
        ("/v2/nothing", StatusCode::NOT_FOUND),
    ] {
        error(&served.app.get(path).await, status);
    }
    let answer = served.post("/v2/models/nobody/infer", &[], Vec::new()).await;
    assert_eq!(error(&answer, StatusCode::NOT_FOUND), "there is no model `nobody`");
    // Elsewhere, errors are problems as before.
    assert_eq!(served.app.get("/v2x").await.problem(), "not-found");
}

#[tokio::test]
async fn the_server_and_its_models_describe_themselves() {
    let Some(served) = Served::new().await else { return };
    let get = async |path: &str| {
        let answer = served.app.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
        answer.json()
    };
    assert_eq!(get("/v2").await["name"], "cogd");
    assert_eq!(get("/v2/health/live").await, json!({"live": true}));
    assert_eq!(get("/v2/health/ready").await, json!({"ready": true}));
    assert_eq!(get("/v2/models").await, json!({"models": ["csc", "double"]}));
    assert_eq!(get("/v2/models/double/ready").await, json!({"name": "double", "ready": true}));
    let tensor = |name: &str| json!([{"name": name, "datatype": "FP32", "shape": [-1, 4]}]);
    assert_eq!(
        get("/v2/models/double/versions/1").await,
        json!({"name": "double", "versions": ["1"], "platform": "onnx_onnxv1",
            "inputs": tensor("x"), "outputs": tensor("y")})
    );
    let config = get("/v2/models/double/config").await;
    assert_eq!(config["max_batch_size"], 16);
    assert_eq!(config["input"], json!([{"name": "x", "data_type": "TYPE_FP32", "dims": [4]}]));

    let before = get("/v2/models/double/stats").await;
    assert_eq!(before["model_stats"][0]["inference_count"], 0);
    served.infer(&json!({"inputs": [row()]})).await;
    let after = get("/v2/models/stats").await;
    assert_eq!(after["model_stats"][0]["name"], "csc");
    let statistics = &after["model_stats"][1];
    assert_eq!(statistics["inference_stats"]["success"]["count"], 1);
    assert_eq!(statistics["batch_stats"][0]["batch_size"], 1);
    assert!(statistics["last_inference"].as_u64().unwrap() > 1_600_000_000_000);

    let system = get("/v1/system").await;
    assert_eq!(system["onnxruntime"]["state"], "loaded");
    assert!(system["onnxruntime"]["build"].is_string());
    assert_eq!(system["models"][0]["provider"], "CPUExecutionProvider");
    assert_eq!(system["memory"]["models"], system["models"][0]["bytes"]);
    let metrics = served.app.get("/metrics").await;
    let metrics = String::from_utf8(metrics.body.to_vec()).unwrap();
    for line in [
        "cogd_model_requests_total{model=\"double\",version=\"1\"} 1",
        "cogd_model_request_duration_seconds_count{model=\"double\",version=\"1\"} 1",
        "cogd_model_batch_size_sum{model=\"double\",version=\"1\"} 1.0",
        "cogd_model_queued{model=\"double\",version=\"1\"} 0",
        "cogd_model_loaded_bytes{model=\"double\",version=\"1\",provider=\"CPUExecutionProvider\"}",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
}

#[tokio::test]
async fn the_repository_is_listed_loaded_and_unloaded() {
    let Some(served) = Served::new().await else { return };
    let index = async |body: &str| {
        let body = body.as_bytes().to_vec();
        served.post("/v2/repository/index", &[], body).await.json()
    };
    let entries = index("").await;
    let csc = json!({"name": "csc", "version": "1", "state": "READY", "reason": "built in"});
    assert_eq!(entries[0], csc);
    assert_eq!(entries[1]["name"], "double");
    assert_eq!(entries[1]["state"], "READY");
    assert_eq!(index("null").await, entries, "as much as nothing");
    let unload = "/v2/repository/models/double/unload";
    let body = json!({"parameters": {"unload_dependents": false}}).to_string();
    let answer = served.post(unload, &[], body.into()).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(index("{}").await[1]["state"], "UNAVAILABLE");
    assert_eq!(index("{\"ready\": true}").await, json!([csc]));
    let told = served.infer(&json!({"inputs": [row()]})).await;
    assert_eq!(error(&told, StatusCode::SERVICE_UNAVAILABLE), "the model `double` was unloaded");

    served.folder.put("double/1/model.onnx", scale(3.0).encode());
    let load = "/v2/repository/models/double/load";
    for body in ["{}", "null"] {
        assert_eq!(served.post(load, &[], body.into()).await.status, StatusCode::OK);
    }
    let answer = served.infer(&json!({"inputs": [row()]})).await;
    assert_eq!(answer.json()["outputs"][0]["data"], json!([3.0, 7.5, -9.0, 12.0]));

    let body = json!({"parameters": {"config": "{}"}}).to_string();
    let told = error(&served.post(load, &[], body.into()).await, StatusCode::BAD_REQUEST);
    assert_eq!(told, "the parameter `config` is not supported");
    for broken in ["{", "[]", "[{}]", "0"] {
        error(&served.post(load, &[], broken.into()).await, StatusCode::BAD_REQUEST);
    }
    let nobody = served.post("/v2/repository/models/nobody/load", &[], Vec::new()).await;
    error(&nobody, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_body_that_is_too_large_or_a_time_that_is_too_short_is_told() {
    let Some(_) = runtime() else { return };
    let folder = ModelFolder::new();
    folder.put("double/1/model.onnx", scale(2.0).encode());
    // A network that takes its time.
    let mut g = GraphBuilder::new("slow");
    let axes: [Dimension; 2] = ["rows".into(), 1.into()];
    let x = g.input("x", ElementType::F32, &axes).unwrap();
    let row = g.input("row", ElementType::F32, &[1.into(), "columns".into()]).unwrap();
    let mut y = g.mul(&x, &row).unwrap();
    for _ in 0..50 {
        y = g.sigmoid(&y).unwrap();
    }
    g.output("y", &y).unwrap();
    folder.put("slow/1/model.onnx", g.finish().unwrap().encode());
    let app = TestApp::with(|config| {
        config.models.dir = Some(folder.path());
        config.models.device = Device::Cpu;
        config.models.deadline = Duration::from_mins(1);
        config.http.max_body_bytes = 100_000;
        config.image.max_bytes = 50_000;
    });
    let served = Served { app: app.await, folder };
    let large = served.post("/v2/models/double/infer", &[], vec![b' '; 100_001]).await;
    let told = error(&large, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(told, "the body has more than 100000 bytes");
    let zeros = vec![0; 2000];
    let body = json!({
        "parameters": {"timeout": 1000},
        "inputs": [
            {"name": "x", "shape": [2000, 1], "datatype": "FP32", "data": zeros},
            {"name": "row", "shape": [1, 2000], "datatype": "FP32", "data": zeros},
        ],
    });
    let late = served.post("/v2/models/slow/infer", &[], body.to_string().into()).await;
    let told = error(&late, StatusCode::GATEWAY_TIMEOUT);
    assert!(told.starts_with("not finished within 0.00"), "{told}");
}
