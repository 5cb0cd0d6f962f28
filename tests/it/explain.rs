//! How a restoration came about, where that is asked for.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cogd::imaging::{BitDepth, ColorModel, ImageFormat, ImageLimits, Raster, decode};
use serde_json::Value;

use crate::support::app::{Answer, TestApp, mask_png, multipart};
use crate::support::images::{file, scene};

fn raster(text: &Value) -> Raster {
    let bytes = STANDARD.decode(text.as_str().unwrap()).unwrap();
    decode(&bytes, &ImageLimits::default()).unwrap().raster
}

fn explanation(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/json");
    answer.json()["explanation"].clone()
}

/// A picture of 64 x 48 pixels and its mask of 16 hidden ones.
fn parts() -> (Vec<u8>, Vec<u8>) {
    let image = scene(48, 64, ColorModel::Rgb, BitDepth::Eight);
    (file(&image, ImageFormat::Png), mask_png(64, 48))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[tokio::test]
async fn a_full_report_tells_of_every_iteration_and_of_what_is_not_explained() {
    let app = TestApp::new().await;
    let (image, mask) = parts();
    let request = |extra: &[(&str, &[u8])]| {
        let mut parts = vec![("image", image.as_slice()), ("mask", &mask), ("iterations", b"14")];
        parts.extend(extra);
        multipart("/v1/inpaint", &parts)
    };
    let answer = app.call(request(&[("report", b"full")])).await;
    let told = explanation(&answer);
    let iterations = told["iterations"].as_array().unwrap();
    assert_eq!(iterations.len(), 14);
    for (index, iteration) in iterations.iter().enumerate() {
        assert_eq!(iteration["iteration"], index + 1);
        assert!(number(&iteration["objective"]) > 0.0, "{iteration}");
        // Most coefficients of a smooth picture are zero, and never all of them: means are kept.
        let sparsity = number(&iteration["sparsity"]);
        assert!((0.5..1.0).contains(&sparsity), "{iteration}");
    }
    // The last residual is that of the report, and thresholds fall within both phases.
    let last = iterations.last().unwrap();
    assert_eq!(last["residual"], answer.json()["report"]["residual"]);
    let thresholds: Vec<_> = iterations.iter().map(|it| number(&it["threshold"])).collect();
    assert!(
        thresholds[..6].is_sorted_by(|a, b| a > b) && thresholds[6..].is_sorted_by(|a, b| a > b)
    );
    // A lower threshold keeps more.
    let first = number(&iterations[6]["sparsity"]);
    assert!(number(&last["sparsity"]) < first);

    let map = raster(&told["residual_map"]["image"]);
    assert_eq!((map.width(), map.height(), map.model()), (64, 48, ColorModel::Grey));
    assert!(number(&told["residual_map"]["white"]) > 0.0);
    let brightest = (0..48).flat_map(|y| (0..64).map(move |x| (y, x)));
    assert_eq!(brightest.map(|(y, x)| map.sample(0, y, x)).max(), Some(255));

    // What is told changes nothing of the result.
    let mut plain = request(&[]);
    plain.headers_mut().insert("accept", "application/json".parse().unwrap());
    let plain = app.call(plain).await.json();
    assert_eq!(plain["image"], answer.json()["image"]);
    assert!(plain.get("explanation").is_none());
}

#[tokio::test]
async fn noise_that_is_removed_is_the_map_and_the_wiener_pass_has_no_threshold() {
    let app = TestApp::new().await;
    let (image, _) = parts();
    let parts = [("image", image.as_slice()), ("sigma", b"12"), ("report", b"full")];
    let told = explanation(&app.call(multipart("/v1/reconstruct", &parts)).await);
    let iterations = told["iterations"].as_array().unwrap();
    // One by single blocks, eight shifts by groups with thresholds, and eight more without.
    assert_eq!(iterations.len(), 17);
    assert!(iterations[..9].iter().all(|it| it["sparsity"].is_number()));
    assert!(iterations[9..].iter().all(|it| it.get("objective").is_none()));
    assert!(told["residual_map"]["image"].is_string());
}

#[tokio::test]
async fn a_comparison_fills_the_same_hole_and_nothing_else() {
    let app = TestApp::new().await;
    let (image, mask) = parts();
    let parts = [("image", image.as_slice()), ("mask", &mask), ("compare", b"telea, harmonic")];
    let told = explanation(&app.call(multipart("/v1/inpaint", &parts)).await);
    assert_eq!(told["iterations"], serde_json::json!([]));
    let comparisons = told["comparisons"].as_array().unwrap();
    let names: Vec<_> = comparisons.iter().map(|one| one["filler"].as_str().unwrap()).collect();
    assert_eq!(names, ["telea", "harmonic"]);
    let original = scene(48, 64, ColorModel::Rgb, BitDepth::Eight);
    for comparison in comparisons {
        assert_eq!(comparison["media_type"], "image/png");
        let filled = raster(&comparison["image"]);
        let hidden = |y, x| (24..28).contains(&y) && (32..36).contains(&x);
        for (y, x) in (0..48).flat_map(|y| (0..64).map(move |x| (y, x))) {
            for channel in 0..3 {
                let (a, b) = (filled.sample(channel, y, x), original.sample(channel, y, x));
                assert!(a == b || (hidden(y, x) && a.abs_diff(b) < 24), "{y} {x}: {a} {b}");
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_told_is_refused() {
    let app = TestApp::new().await;
    let (image, mask) = parts();
    let mut request =
        multipart("/v1/inpaint", &[("image", &image), ("mask", &mask), ("report", b"full")]);
    request.headers_mut().insert("accept", "image/png".parse().unwrap());
    assert_eq!(app.call(request).await.problem(), "not-acceptable");
    for (name, value) in [("report", b"everything".as_slice()), ("compare", b"patchmatch")] {
        let parts = [("image", image.as_slice()), ("mask", &mask), (name, value)];
        let answer = app.call(multipart("/v1/inpaint", &parts)).await;
        assert_eq!(answer.problem(), "invalid-parameters");
        assert_eq!(answer.json()["errors"][0]["field"], name);
    }
    let large = file(&scene(2049, 2048, ColorModel::Grey, BitDepth::Eight), ImageFormat::Png);
    let parts = [("image", large.as_slice()), ("mask", &large), ("compare", b"telea")];
    let answer = app.call(multipart("/v1/inpaint", &parts)).await;
    assert_eq!(answer.problem(), "invalid-parameters");
    let fault = &answer.json()["errors"][0];
    assert_eq!((&fault["field"], &fault["limit"]), (&"compare".into(), &4_194_304.into()));
    assert_eq!(fault["actual"], 2049 * 2048);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_keeps_its_explanation_beside_its_result() {
    let app = TestApp::new().await;
    app.work();
    let (image, mask) = parts();
    let asked = [
        ("image", image.as_slice()),
        ("mask", &mask),
        ("report", b"full"),
        ("compare", b"harmonic"),
        ("iterations", b"14"),
    ];
    let at_once = app.call(multipart("/v1/inpaint", &asked)).await;
    let mut request = multipart("/v1/inpaint", &asked);
    request.headers_mut().insert("prefer", "wait=60".parse().unwrap());
    request.headers_mut().insert("accept", "application/json".parse().unwrap());
    let waited = app.call(request).await;
    assert_eq!(explanation(&waited), explanation(&at_once));
    let path = format!("/v1/jobs/{}/result", waited.header("x-job-id"));
    let bare = app.get(&path).await;
    assert_eq!(bare.header("content-type"), "image/png");
    assert_eq!(bare.body, STANDARD.decode(waited.json()["image"].as_str().unwrap()).unwrap());
}
