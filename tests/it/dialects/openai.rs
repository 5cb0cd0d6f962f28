//! Edits of images as clients of `OpenAI` ask for them.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cogd::auth::AuthMode;
use cogd::imaging::{ImageFormat, ImageLimits, decode};
use serde_json::{Value, json};

use super::pictures::{
    HEIGHT, WIDTH, data_url, from_base64, get, is_hidden, only_the_hole_differs, photograph,
    rubbed_out, transparent_hole, white_on_black,
};
use crate::support::app::{Answer, TestApp, json as json_request, multipart};

const EDITS: &str = "/v1/images/edits";

fn first(answer: &Answer) -> cogd::imaging::Picture {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    decode(&from_base64(&answer.json()["data"][0]["b64_json"]), &ImageLimits::default()).unwrap()
}

/// What is wrong, from an answer that says so.
fn fault(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), "application/json", "{answer:?}");
    answer.json()["error"].clone()
}

#[tokio::test]
async fn an_edit_changes_the_hole_of_the_mask_and_nothing_else() {
    let app = TestApp::new().await;
    let (image, mask) = (photograph(ImageFormat::Png), transparent_hole());
    let parts = [
        ("prompt", b"".as_slice()),
        ("model", b"gpt-image-1"),
        ("background", b"auto"),
        ("image", &image),
        ("mask", &mask),
    ];
    let answer = app.call(multipart(EDITS, &parts)).await;
    let picture = first(&answer);
    assert_eq!(picture.format, ImageFormat::Png);
    assert!(only_the_hole_differs(&picture.raster));
    let body = answer.json();
    assert_eq!(body["size"], format!("{WIDTH}x{HEIGHT}"));
    assert_eq!(body["output_format"], "png");
    assert_eq!(body["usage"]["total_tokens"], 0);
    assert!(body["created"].as_i64().unwrap() > 1_700_000_000);
    assert_eq!(answer.header("x-engine"), "csc");
    assert!(answer.header("server-timing").contains("solve;dur="));

    let body = json!({
        "images": [{ "image_url": data_url(&image) }],
        "mask": { "image_url": data_url(&mask) },
        "model": "dall-e-2", "prompt": "", "user": null,
    });
    let again = app.call(json_request(EDITS, &body)).await;
    assert_eq!(again.json()["data"], answer.json()["data"]);
}

#[tokio::test]
async fn an_image_that_is_its_own_mask_comes_back_whole() {
    let app = TestApp::new().await;
    let answer = app.call(multipart(EDITS, &[("image", &rubbed_out())])).await;
    let raster = first(&answer).raster;
    assert!((0..HEIGHT).all(|y| (0..WIDTH).all(|x| raster.sample(3, y, x) == 255)));
    // The nonsense below the hole has no influence: it is filled from around it.
    let magenta = |y, x| raster.sample(1, y, x) < 32 && raster.sample(0, y, x) > 224;
    assert!((0..HEIGHT).all(|y| (0..WIDTH).all(|x| !is_hidden(y, x) || !magenta(y, x))));

    for image in [photograph(ImageFormat::Png), photograph(ImageFormat::Jpeg)] {
        let answer = app.call(multipart(EDITS, &[("image", &image)])).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(fault(&answer)["param"], "image");
        assert!(fault(&answer)["message"].as_str().unwrap().contains("nothing transparent"));
    }
}

#[tokio::test]
async fn several_images_and_several_copies_come_back_in_order() {
    let app = TestApp::new().await;
    let (one, other) = (rubbed_out(), rubbed_out());
    let parts = [("image[]", one.as_slice()), ("image[]", &other), ("n", b"2")];
    let answer = app.call(multipart(EDITS, &parts)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.json()["data"].as_array().unwrap().len(), 4);
    assert_eq!(answer.header("x-mask-interpretation"), "alpha-inverted, alpha-inverted");

    let parts: Vec<_> = (0..11).map(|_| ("image[]", one.as_slice())).collect();
    let answer = app.call(multipart(EDITS, &parts)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(fault(&answer)["param"], "image");
}

#[tokio::test]
async fn a_mask_without_a_hole_gives_the_image_back_and_one_that_hides_all_is_refused() {
    let app = TestApp::new().await;
    let image = photograph(ImageFormat::Png);
    let blank = super::pictures::png(cogd::imaging::ColorModel::Grey, |_, _| [0]);
    let answer = app.call(multipart(EDITS, &[("image", &image), ("mask", &blank)])).await;
    assert_eq!(answer.header("x-warning"), "empty-mask");
    assert_eq!(from_base64(&answer.json()["data"][0]["b64_json"]), image);
    let full = super::pictures::png(cogd::imaging::ColorModel::Grey, |_, _| [255]);
    let answer = app.call(multipart(EDITS, &[("image", &image), ("mask", &full)])).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(fault(&answer)["code"], "nothing-known");
}

#[tokio::test]
async fn formats_and_sizes_are_as_asked_or_refused_by_name() {
    let app = TestApp::new().await;
    let (image, mask) = (photograph(ImageFormat::Png), white_on_black());
    let asked = |name: &'static str, value: &'static str| {
        let parts = [("image", image.as_slice()), ("mask", &mask), (name, value.as_bytes())];
        app.call(multipart(EDITS, &parts))
    };
    for (format, name) in [(ImageFormat::Jpeg, "jpeg"), (ImageFormat::WebP, "webp")] {
        let answer = asked("output_format", name).await;
        assert_eq!(first(&answer).format, format);
        assert_eq!(answer.json()["output_format"], name);
    }
    assert_eq!(asked("size", "32x24").await.status, StatusCode::OK);
    for (name, value) in [
        ("size", "1024x1024"),
        ("output_format", "gif"),
        ("n", "0"),
        ("response_format", "carrier-pigeon"),
        ("iterations", "0"),
    ] {
        let answer = asked(name, value).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
        assert_eq!(fault(&answer)["param"], name);
        assert_eq!(fault(&answer)["type"], "invalid_request_error");
    }
}

#[tokio::test]
async fn nothing_is_fetched_and_what_is_broken_is_told() {
    let app = TestApp::new().await;
    for (image, told) in [
        (json!({ "image_url": "http://127.0.0.1:1/x.png" }), "not fetched"),
        (json!({ "file_id": "file-1" }), "no files here"),
        (json!({ "image_url": "data:image/png;base64,*" }), "base64"),
    ] {
        let answer = app.call(json_request(EDITS, &json!({ "images": [image] }))).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(fault(&answer)["message"].as_str().unwrap().contains(told), "{answer:?}");
    }
    let answer = app.call(multipart(EDITS, &[("image", b"no image"), ("mask", b"none")])).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let request = Request::post(EDITS).header("content-type", "application/json");
    let answer = app.call(request.body(Body::from("{")).unwrap()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(fault(&answer)["code"], "malformed-request");
}

#[tokio::test]
async fn models_are_our_engines_and_an_unknown_one_is_not_found() {
    let app = TestApp::new().await;
    let listed = app.get("/v1/models").await.json();
    let names: Vec<_> = listed["data"].as_array().unwrap().iter().map(|m| &m["id"]).collect();
    assert_eq!(names, ["auto", "csc"]);
    assert_eq!(app.get("/v1/models/csc").await.json()["object"], "model");
    let missing = app.get("/v1/models/lama").await;
    assert_eq!(
        (missing.status, &fault(&missing)["code"]),
        (StatusCode::NOT_FOUND, &json!("model_not_found"))
    );
    let (image, mask) = (photograph(ImageFormat::Png), white_on_black());
    let parts = [("image", image.as_slice()), ("mask", &mask), ("model", b"lama")];
    let answer = app.call(multipart(EDITS, &parts)).await;
    assert_eq!(
        (answer.status, &fault(&answer)["code"]),
        (StatusCode::NOT_FOUND, &json!("model_not_found"))
    );
}

#[tokio::test]
async fn who_has_no_key_is_told_so_in_the_words_of_the_dialect() {
    let app = TestApp::with(|config| config.auth.mode = AuthMode::Keys).await;
    for path in ["/v1/models", "/v1/models/csc"] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(fault(&answer)["type"], "authentication_error");
        assert_eq!(answer.header("x-should-retry"), "false");
    }
    let answer = app.call(multipart(EDITS, &[("image", &rubbed_out())])).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

/// Name and data of each event of a stream.
fn events(answer: &Answer) -> Vec<(String, Value)> {
    assert_eq!(answer.header("content-type"), "text/event-stream", "{answer:?}");
    let text = std::str::from_utf8(&answer.body).unwrap();
    let line = |event: &str, name: &str| {
        let found = event.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
        found.unwrap_or_else(|| panic!("no {name} in {event}"))
    };
    text.split("\n\n")
        .filter(|event| !event.trim().is_empty())
        .map(|event| {
            (line(event, "event: "), serde_json::from_str(&line(event, "data: ")).unwrap())
        })
        .collect()
}

#[tokio::test]
async fn a_stream_shows_drafts_that_know_nothing_of_the_hole_and_ends_with_the_result() {
    let app = TestApp::new().await;
    let image = rubbed_out();
    let whole = app.call(multipart(EDITS, &[("image", &image)])).await.json();
    for partials in 0..=3_usize {
        let count = partials.to_string();
        let parts = [
            ("image", image.as_slice()),
            ("stream", b"true"),
            ("partial_images", count.as_bytes()),
        ];
        let answer = app.call(multipart(EDITS, &parts)).await;
        let events = events(&answer);
        assert_eq!(events.len(), partials + 1);
        for (index, (name, data)) in events[..partials].iter().enumerate() {
            assert_eq!((name.as_str(), &data["type"]), ("image_edit.partial_image", &json!(name)));
            assert_eq!(data["partial_image_index"], index);
            let draft = decode(&from_base64(&data["b64_json"]), &ImageLimits::default()).unwrap();
            // Pure magenta stood in the hole.
            let is_nonsense = |y, x| draft.raster.sample(1, y, x) < 32;
            assert!(!is_nonsense(11, 15) && draft.raster.sample(3, 11, 15) == 255);
        }
        let (name, data) = events.last().unwrap();
        assert_eq!(name, "image_edit.completed");
        assert_eq!(data["b64_json"], whole["data"][0]["b64_json"]);
        assert_eq!(data["mask_interpretation"], "alpha-inverted");
        assert_eq!(data["usage"]["total_tokens"], 0);
    }
}

#[tokio::test]
async fn what_goes_wrong_in_a_stream_is_its_last_event() {
    let app = TestApp::new().await;
    let (image, full) = (
        photograph(ImageFormat::Png),
        super::pictures::png(cogd::imaging::ColorModel::Grey, |_, _| [255]),
    );
    let parts = [("image", image.as_slice()), ("mask", &full), ("stream", b"true")];
    let events = events(&app.call(multipart(EDITS, &parts)).await);
    let [(name, data)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((name.as_str(), &data["error"]["code"]), ("error", &json!("nothing-known")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_gives_the_result_to_whoever_has_it_until_it_expires() {
    let app = TestApp::new().await;
    app.work();
    let image = rubbed_out();
    let whole = app.call(multipart(EDITS, &[("image", &image)])).await.json();
    let request = multipart(EDITS, &[("image", &image), ("response_format", b"url")]);
    let answer = app.call(with_host(request)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.header("x-mask-interpretation"), "alpha-inverted");
    let url = answer.json()["data"][0]["url"].as_str().unwrap().to_owned();
    let path = url.strip_prefix("https://pictures.example").unwrap();
    let result = app.call(get(path)).await;
    assert_eq!(result.header("content-type"), "image/png");
    assert_eq!(result.body, from_base64(&whole["data"][0]["b64_json"]));

    let (before, signature) = path.split_once("signature=").unwrap();
    let later = before.replace("expires=", "expires=9");
    for wrong in [
        format!("{later}signature={signature}"),
        format!("{before}signature=AAAA{}", &signature[4..]),
        before.to_owned(),
        format!("{path}&owner=somebody"),
        path.split_once('?').unwrap().0.to_owned(),
    ] {
        let answer = app.call(get(&wrong)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
        assert_eq!(fault(&answer)["code"], "not-found");
    }
    let image = photograph(ImageFormat::Png);
    let request = multipart(EDITS, &[("image", &image), ("response_format", b"url")]);
    assert_eq!(app.call(request).await.status, StatusCode::BAD_REQUEST);
}

/// As it comes through a proxy that ends TLS.
fn with_host(mut request: Request<Body>) -> Request<Body> {
    for (name, value) in [("host", "pictures.example"), ("x-forwarded-proto", "https")] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}
