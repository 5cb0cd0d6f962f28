//! Every way to be refused, and that it leaves as a problem.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cogd::http::ProblemCode;
use hyper::body::Frame;
use serde_json::json;

use crate::support::app::{TestApp, grey_png, json, mask_png, multipart, png};

const INPAINT: &str = "/v1/inpaint";

fn post(content_type: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(INPAINT).header("content-type", content_type).body(body.into()).unwrap()
}

#[tokio::test]
async fn each_fault_of_a_request_has_its_problem() {
    let (image, mask) = (grey_png(24, 16, 0), mask_png(24, 16));
    let (small, full) = (mask_png(16, 16), png(24, 16, |_, _| 255));
    let files = |mask: &[u8]| multipart(INPAINT, &[("image", &image), ("mask", mask)]);
    let with = |name: &str, value: &str| {
        multipart(INPAINT, &[("image", &image), ("mask", &mask), (name, value.as_bytes())])
    };
    let mut encoded = post("application/json", "{}");
    encoded.headers_mut().insert("content-encoding", "br".parse().unwrap());
    let cases = [
        (StatusCode::NOT_FOUND, "not-found", Request::get("/nowhere").body(Body::empty()).unwrap()),
        (
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            Request::put(INPAINT).body(Body::empty()).unwrap(),
        ),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", post("text/plain", "x")),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", encoded),
        (StatusCode::BAD_REQUEST, "malformed-request", post("multipart/form-data", "x")),
        (
            StatusCode::BAD_REQUEST,
            "malformed-request",
            post("multipart/form-data; boundary=b", "--b\r\nnonsense"),
        ),
        (StatusCode::BAD_REQUEST, "malformed-request", post("multipart/form-data; boundary=b", "")),
        (StatusCode::BAD_REQUEST, "malformed-request", post("application/json", "{")),
        (
            StatusCode::BAD_REQUEST,
            "malformed-request",
            post("application/json", "[".repeat(1_000_000)),
        ),
        (
            StatusCode::BAD_REQUEST,
            "malformed-request",
            Request::get("/problems/%ff").body(Body::empty()).unwrap(),
        ),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-parameters",
            multipart(INPAINT, &[("image", &image)]),
        ),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-parameters",
            multipart(INPAINT, &[("mask", &mask)]),
        ),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-parameters",
            multipart(INPAINT, &[("image", &image), ("image", &image)]),
        ),
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid-parameters", with(&"n".repeat(10_000), "1")),
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid-parameters", with("iterations", "0")),
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid-parameters", with("iterations", "many")),
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid-parameters", with("sigma", "5")),
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid-parameters", with("quality", "101")),
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid-parameters", with("dictionary", "nobody's")),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-parameters",
            with("params", r#"{"image": ""}"#),
        ),
        (StatusCode::BAD_REQUEST, "malformed-request", with("params", "[]")),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-parameters",
            json(INPAINT, &json!({ "image": "?", "mask": 5 })),
        ),
        (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-image",
            json(INPAINT, &json!({ "image": "aGk=", "mask": "" })),
        ),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-image", files(b"no image")),
        (StatusCode::UNPROCESSABLE_ENTITY, "unreadable-image", files(&mask[..mask.len() / 2])),
        (StatusCode::UNPROCESSABLE_ENTITY, "mask-mismatch", files(&small)),
        (StatusCode::UNPROCESSABLE_ENTITY, "nothing-known", files(&full)),
    ];
    let app = TestApp::new().await;
    for (index, (status, problem, request)) in cases.into_iter().enumerate() {
        let answer = app.call(request).await;
        assert_eq!(answer.problem(), problem, "case {index}: {answer:?}");
        assert_eq!(answer.status, status, "case {index}");
        assert!(ProblemCode::find(problem).is_some());
    }
}

#[tokio::test]
async fn a_wrong_parameter_is_named_with_its_limit() {
    let files = [("image", grey_png(24, 16, 0)), ("mask", mask_png(24, 16))];
    let parts = [
        ("image", files[0].1.as_slice()),
        ("mask", files[1].1.as_slice()),
        ("iterations", b"1000000"),
    ];
    let problem = TestApp::new().await.call(multipart(INPAINT, &parts)).await.json();
    assert_eq!(problem["errors"][0]["field"], "iterations");
    assert_eq!(problem["errors"][0]["limit"], 1000);
    assert_eq!(problem["errors"][0]["actual"], 1_000_000);
    let unknown = json!({ "image": "", "mask": "", "strength": 1 });
    let problem = TestApp::new().await.call(json(INPAINT, &unknown)).await.json();
    assert_eq!(problem["errors"][0]["field"], "strength");
}

#[tokio::test]
async fn each_limit_is_told_with_the_value_that_passed_it() {
    let app = TestApp::with(|config| {
        config.http.max_body_bytes = 4000;
        config.image.max_bytes = 1000;
        config.image.max_pixels = 100;
    })
    .await;
    let (long, big) = (vec![0; 5000], vec![0; 1500]);
    let image = png(24, 16, |_, _| 9);
    let declared = Request::post(INPAINT)
        .header("content-type", "application/json")
        .header("content-length", "4001");
    for (problem, limit, actual, request) in [
        (
            "body-too-large",
            4000,
            None,
            multipart(INPAINT, &[("quality", b"1"), ("mask_dilate", &long)]),
        ),
        ("body-too-large", 4000, Some(4001), declared.body(Body::empty()).unwrap()),
        ("file-too-large", 1000, None, multipart(INPAINT, &[("image", &big)])),
        (
            "file-too-large",
            1000,
            Some(1500),
            json(INPAINT, &json!({ "image": STANDARD.encode(&big), "mask": "" })),
        ),
        (
            "too-many-pixels",
            100,
            Some(384),
            multipart(INPAINT, &[("image", &image), ("mask", &image)]),
        ),
    ] {
        let answer = app.call(request).await;
        assert_eq!(answer.problem(), problem, "{answer:?}");
        assert_eq!(answer.json()["limit"], limit);
        match actual {
            Some(actual) => assert_eq!(answer.json()["actual"], actual),
            None => assert!(answer.json()["actual"].as_u64().is_none_or(|actual| actual > limit)),
        }
    }
}

#[tokio::test]
async fn a_body_that_never_comes_is_given_up() {
    let app = TestApp::with(|config| {
        config.http.body_timeout = Duration::from_millis(20);
    })
    .await;
    let answer = app.call(post("application/json", Body::new(Silence))).await;
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT);
    assert_eq!(answer.problem(), "request-timeout");
}

/// A body of which nothing ever arrives.
struct Silence;

impl HttpBody for Silence {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn every_problem_is_explained_at_its_type() {
    let app = TestApp::new().await;
    for code in ProblemCode::ALL {
        let description = code.describe();
        let answer = app.get(&format!("/problems/{}", description.slug)).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json()["title"], description.title);
        assert_eq!(answer.json()["status"], description.status.as_u16());
    }
    assert_eq!(app.get("/problems/bad-luck").await.problem(), "not-found");
}

#[tokio::test]
async fn a_method_that_is_not_there_is_answered_with_those_that_are() {
    let answer = TestApp::new().await.get(INPAINT).await;
    assert_eq!(answer.problem(), "method-not-allowed");
    assert_eq!(answer.header("allow"), "POST");
}
