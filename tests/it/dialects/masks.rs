//! What is a hole in each interface: one picture of every kind, and what becomes of it.

use axum::http::StatusCode;
use serde_json::json;

use super::pictures::{
    HEIGHT, WIDTH, black_on_white, data_url, opaque_white_on_black, photograph, rubbed_out, stroke,
    transparent_hole, white_on_black,
};
use crate::support::app::{Answer, TestApp, json as json_request, multipart};
use cogd::imaging::ImageFormat;

/// The share of the picture that the masks hide, as headers write it.
fn a_hole() -> String {
    share(16)
}

/// Everything but that.
fn all_but_a_hole() -> String {
    share(WIDTH * HEIGHT - 16)
}

fn share(pixels: usize) -> String {
    format!("{:.6}", pixels as f64 / (WIDTH * HEIGHT) as f64)
}

/// A mask, what is said of it, the share that it hides, and how it is read.
type Case<'a> = (Vec<u8>, &'a [(&'a str, &'a [u8])], String, &'a str);

fn told(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let header = |name| answer.header(name).to_owned();
    (header("x-mask-coverage"), header("x-mask-interpretation"))
}

#[tokio::test]
async fn our_own_interface_takes_bright_for_hidden_unless_it_is_told_otherwise() {
    let app = TestApp::new().await;
    let image = photograph(ImageFormat::Png);
    let cases: [Case<'_>; 8] = [
        (white_on_black(), &[], a_hole(), "luma"),
        (black_on_white(), &[], all_but_a_hole(), "luma"),
        (black_on_white(), &[("mask_invert", b"true")], a_hole(), "luma-inverted"),
        (stroke(), &[], a_hole(), "luma"),
        (transparent_hole(), &[("mask_channel", b"alpha")], all_but_a_hole(), "alpha"),
        (
            transparent_hole(),
            &[("mask_channel", b"alpha"), ("mask_invert", b"true")],
            a_hole(),
            "alpha-inverted",
        ),
        (transparent_hole(), &[("mask_channel", b"auto")], a_hole(), "alpha-inverted"),
        (opaque_white_on_black(), &[("mask_channel", b"auto")], a_hole(), "luma"),
    ];
    for (mask, parameters, coverage, reading) in cases {
        let mut parts = vec![("image", image.as_slice()), ("mask", &mask)];
        parts.extend(parameters);
        let answer = app.call(multipart("/v1/inpaint", &parts)).await;
        assert_eq!(told(&answer), (coverage, reading.to_owned()), "{parameters:?}");
    }
}

#[tokio::test]
async fn the_interface_of_openai_takes_transparent_for_hidden_and_else_white() {
    let app = TestApp::new().await;
    let image = photograph(ImageFormat::Png);
    for (mask, reading) in [
        (transparent_hole(), "alpha-inverted"),
        (white_on_black(), "luma"),
        (opaque_white_on_black(), "luma"),
    ] {
        let parts = [("image", image.as_slice()), ("mask", &mask)];
        let answer = app.call(multipart("/v1/images/edits", &parts)).await;
        assert_eq!(told(&answer), (a_hole(), reading.to_owned()));
    }
    let answer = app.call(multipart("/v1/images/edits", &[("image", &rubbed_out())])).await;
    assert_eq!(told(&answer), (a_hole(), "alpha-inverted".to_owned()));
    // As natively, if it is said.
    let mask = black_on_white();
    let parts = [
        ("image", image.as_slice()),
        ("mask", &mask),
        ("mask_channel", b"luma"),
        ("mask_invert", b"true"),
    ];
    let answer = app.call(multipart("/v1/images/edits", &parts)).await;
    assert_eq!(told(&answer), (a_hole(), "luma-inverted".to_owned()));
}

#[tokio::test]
async fn a_strict_interface_of_openai_takes_transparent_for_hidden_and_nothing_else() {
    let app = TestApp::with(|config| config.http.openai_strict_mask = true).await;
    let image = photograph(ImageFormat::Png);
    let mask = transparent_hole();
    let parts = [("image", image.as_slice()), ("mask", &mask)];
    let answer = app.call(multipart("/v1/images/edits", &parts)).await;
    assert_eq!(told(&answer), (a_hole(), "alpha-inverted".to_owned()));
    for mask in [white_on_black(), opaque_white_on_black()] {
        let parts = [("image", image.as_slice()), ("mask", &mask)];
        let answer = app.call(multipart("/v1/images/edits", &parts)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
        assert_eq!(answer.json()["error"]["param"], "mask");
        assert_eq!(answer.header("x-should-retry"), "false");
    }
}

#[tokio::test]
async fn the_interface_of_iopaint_takes_bright_for_hidden_however_transparent() {
    let app = TestApp::new().await;
    let image = data_url(&photograph(ImageFormat::Png));
    for (mask, coverage) in [
        (white_on_black(), a_hole()),
        (stroke(), a_hole()),
        (opaque_white_on_black(), a_hole()),
        (black_on_white(), all_but_a_hole()),
    ] {
        let body = json!({ "image": image, "mask": data_url(&mask) });
        let answer = app.call(json_request("/api/v1/inpaint", &body)).await;
        assert_eq!(told(&answer), (coverage, "luma".to_owned()));
    }
    // White everywhere, transparent in the hole: all of it is hidden, and nothing is known.
    let body = json!({ "image": image, "mask": data_url(&transparent_hole()) });
    let answer = app.call(json_request("/api/v1/inpaint", &body)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}");
    assert_eq!(answer.json()["error"], "nothing-known");
}
