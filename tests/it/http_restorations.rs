//! Restorations as clients ask for them.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cogd::imaging::ImageFormat;
use serde_json::json;

use crate::support::app::{TestApp, grey_png, json, mask_png, multipart};

fn inpaint(seed: u32) -> Request<Body> {
    let (image, mask) = (grey_png(24, 16, seed), mask_png(24, 16));
    multipart("/v1/inpaint", &[("mask", &mask), ("image", &image)])
}

#[tokio::test]
async fn inpainting_answers_the_image_with_a_report_in_its_headers() {
    let answer = TestApp::new().await.call(inpaint(0)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.header("content-type"), "image/png");
    assert_eq!(answer.header("x-engine"), "csc");
    assert_eq!(answer.header("x-mask-coverage"), format!("{:.6}", 16.0 / (24.0 * 16.0)));
    assert!(answer.header("x-solver-iterations").parse::<usize>().unwrap() > 0);
    for stage in ["queue;dur=", "decode;dur=", "solve;dur=", "encode;dur="] {
        assert!(answer.header("server-timing").contains(stage));
    }
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.headers.contains_key("x-warning"));
    let picture = answer.picture();
    assert_eq!((picture.raster.width(), picture.raster.height()), (24, 16));
}

#[tokio::test]
async fn multipart_flat_params_and_json_give_the_same_bytes() {
    let app = TestApp::new().await;
    let (image, mask) = (grey_png(24, 16, 1), mask_png(24, 16));
    let flat = multipart(
        "/v1/inpaint",
        &[("iterations", b"5"), ("image", &image), ("mask_dilate", b"1"), ("mask", &mask)],
    );
    let params = br#"{"iterations": 5, "mask_dilate": 1}"#;
    let params =
        multipart("/v1/inpaint", &[("image", &image), ("mask", &mask), ("params", params)]);
    let url = format!("data:application/octet-stream;base64,{}", STANDARD.encode(&mask));
    let body = json!({
        "image": STANDARD.encode(&image), "mask": url, "iterations": 5, "mask_dilate": 1,
    });
    let mixed = multipart(
        "/v1/inpaint",
        &[
            ("iterations", b"5"),
            ("params", br#"{"mask_dilate": 1}"#),
            ("image", &image),
            ("mask", &mask),
        ],
    );
    let flat = app.call(flat).await;
    assert_eq!(flat.status, StatusCode::OK, "{flat:?}");
    assert_eq!(app.call(params).await.body, flat.body);
    assert_eq!(app.call(mixed).await.body, flat.body);
    assert_eq!(app.call(json("/v1/inpaint", &body)).await.body, flat.body);
}

#[tokio::test]
async fn accept_chooses_between_formats_and_json() {
    let app = TestApp::new().await;
    let asked = |accept: &'static str| {
        let mut request = inpaint(2);
        request.headers_mut().insert("accept", accept.parse().unwrap());
        app.call(request)
    };
    let bare = asked("*/*").await;
    for (accept, format) in [("image/webp", ImageFormat::WebP), ("image/bmp", ImageFormat::Bmp)] {
        let answer = asked(accept).await;
        assert_eq!(answer.header("content-type"), accept);
        assert_eq!(answer.picture().format, format);
    }
    let answer = asked("application/json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    let body = answer.json();
    assert_eq!(STANDARD.decode(body["image"].as_str().unwrap()).unwrap(), bare.body);
    assert_eq!(body["media_type"], "image/png");
    assert_eq!(body["report"]["task"], "inpaint");
    let answer = asked("text/html").await;
    assert_eq!(answer.problem(), "not-acceptable");
}

#[tokio::test]
async fn an_empty_mask_gives_the_image_back_with_a_warning() {
    let image = grey_png(24, 16, 3);
    let mask = crate::support::app::png(24, 16, |_, _| 0);
    let request = multipart("/v1/inpaint", &[("image", &image), ("mask", &mask)]);
    let answer = TestApp::new().await.call(request).await;
    assert_eq!(answer.header("x-warning"), "empty-mask");
    assert_eq!(answer.body, image);
}

#[tokio::test]
async fn reconstruction_needs_no_mask_and_takes_the_noise() {
    let request = multipart("/v1/reconstruct", &[("image", &grey_png(24, 16, 4)), ("sigma", b"8")]);
    let answer = TestApp::new().await.call(request).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_requests_in_parallel_answer_what_they_answer_in_sequence() {
    let app = TestApp::with(|config| config.worker.queue_length = 50).await;
    let mut in_sequence = Vec::new();
    for seed in 0..50 {
        in_sequence.push(app.call(inpaint(seed)).await.body);
    }
    let in_parallel = (0..50)
        .map(|seed| {
            let router = app.router.clone();
            tokio::spawn(async move {
                use http_body_util::BodyExt as _;
                use tower::ServiceExt as _;
                let response = router.oneshot(inpaint(seed)).await.unwrap();
                assert_eq!(response.status(), StatusCode::OK);
                response.into_body().collect().await.unwrap().to_bytes()
            })
        })
        .collect::<Vec<_>>();
    for (expected, answer) in in_sequence.into_iter().zip(in_parallel) {
        assert!(answer.await.unwrap() == expected);
    }
}

#[tokio::test]
async fn a_full_service_answers_too_busy_at_once_and_says_when_to_return() {
    let app = TestApp::with(|config| config.worker.pixels_in_flight = 1).await;
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let _running = app.app.pool().submit(1, move |_| gate.recv().is_ok()).unwrap();
    let answer = app.call(inpaint(0)).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.problem(), "too-busy");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert_eq!(answer.json()["limit"], 1);
    assert_eq!(answer.json()["actual"], 1 + 24 * 16);
    go.send(()).unwrap();
}

#[tokio::test]
async fn a_request_that_waits_past_its_deadline_is_told_so() {
    let app = TestApp::with(|config| {
        config.worker.threads = "1".parse().unwrap();
        config.worker.deadline = Duration::from_millis(20);
    })
    .await;
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let _running = app.app.pool().submit(1, move |_| gate.recv().is_ok()).unwrap();
    let answer = app.call(inpaint(0)).await;
    assert_eq!(answer.problem(), "deadline-exceeded");
    go.send(()).unwrap();
}

#[tokio::test]
async fn a_draining_service_says_so_to_clients_and_to_probes() {
    let app = TestApp::new().await;
    assert_eq!(app.get("/readyz").await.status, StatusCode::OK);
    app.app.pool().close();
    let answer = app.call(inpaint(0)).await;
    assert_eq!(answer.problem(), "shutting-down");
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(app.get("/readyz").await.problem(), "shutting-down");
    assert_eq!(app.get("/livez").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_gzipped_body_is_read_and_its_length_is_that_of_its_content() {
    /// An empty JSON object padded with spaces to 100 kB, as gzip.
    fn gzip(content: &[u8]) -> Vec<u8> {
        // Stored blocks need no compressor; the checksum is CRC-32.
        let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
        let chunks = content.chunks(65_535).collect::<Vec<_>>();
        for (index, chunk) in chunks.iter().enumerate() {
            let length = u16::try_from(chunk.len()).unwrap();
            bytes.push(u8::from(index + 1 == chunks.len()));
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(&(!length).to_le_bytes());
            bytes.extend_from_slice(chunk);
        }
        let crc = !content.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
            })
        });
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes.extend_from_slice(&u32::try_from(content.len()).unwrap().to_le_bytes());
        bytes
    }
    let app = TestApp::with(|config| {
        config.http.max_body_bytes = 50_000;
        config.image.max_bytes = 50_000;
    })
    .await;
    let call = |content: &[u8]| {
        let request = Request::post("/v1/reconstruct")
            .header("content-type", "application/json")
            .header("content-encoding", "gzip");
        app.call(request.body(gzip(content).into()).unwrap())
    };
    let body = json!({ "image": STANDARD.encode(grey_png(24, 16, 5)) }).to_string();
    assert_eq!(call(body.as_bytes()).await.status, StatusCode::OK);
    let padded = format!("{body}{}", " ".repeat(50_000));
    assert_eq!(call(padded.as_bytes()).await.problem(), "body-too-large");
}
