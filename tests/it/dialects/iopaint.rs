//! What the page of `IOPaint` and its plugins ask for.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cogd::imaging::{BitDepth, ColorModel, ImageFormat};
use serde_json::{Value, json};

use super::pictures::{
    HEIGHT, WIDTH, data_url, is_hidden, only_the_hole_differs, photograph, stroke, white_on_black,
};
use crate::support::app::{Answer, TestApp, json as json_request, multipart};
use crate::support::images::{file, scene};

const INPAINT: &str = "/api/v1/inpaint";

/// What the page sends along with every picture, misspelled as it is.
fn of_the_page(image: &str, mask: &str) -> Value {
    json!({
        "image": image, "mask": mask,
        "ldm_steps": 30, "ldm_sampler": "ddim", "zits_wireframe": true,
        "cv2_flag": "INPAINT_NS", "cv2_radius": 5,
        "hd_strategy": "Crop", "hd_strategy_crop_triger_size": 640,
        "hd_strategy_crop_margin": 128, "hd_trategy_resize_imit": 2048,
        "prompt": "", "negative_prompt": "",
        "use_croper": false, "croper_x": -56, "croper_y": 0, "croper_height": 512,
        "croper_width": 512,
        "use_extender": false, "extender_x": 0, "extender_y": 0, "extender_height": 0,
        "extender_width": 0,
        "sd_mask_blur": 12, "sd_strength": 1.0, "sd_steps": 50, "sd_guidance_scale": 7.5,
        "sd_sampler": "DPM++ 2M", "sd_seed": -1, "sd_match_histograms": false,
        "sd_lcm_lora": false, "paint_by_example_example_image": null,
        "p2p_image_guidance_scale": 1.5, "enable_controlnet": false,
        "controlnet_conditioning_scale": 0.4, "controlnet_method": "",
        "enable_brushnet": false, "powerpaint_task": "text-guided", "fitting_degree": 1.0,
    })
}

fn told(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), "application/json", "{answer:?}");
    let body = answer.json();
    assert!(body["errors"].is_string() && body["error"].is_string(), "{body}");
    body
}

#[tokio::test]
async fn the_page_has_its_stroke_repaired_and_nothing_else() {
    let app = TestApp::new().await;
    for (format, media_type) in [
        (ImageFormat::Png, "image/png"),
        (ImageFormat::WebP, "image/webp"),
        (ImageFormat::Bmp, "image/bmp"),
        (ImageFormat::Tiff, "image/png"),
    ] {
        let image = photograph(format);
        let body = of_the_page(&data_url(&image), &data_url(&stroke()));
        let answer = app.call(json_request(INPAINT, &body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.header("content-type"), media_type);
        assert_eq!(answer.header("x-seed"), "0");
        assert_eq!(answer.header("x-solver-iterations"), "50");
        assert!(only_the_hole_differs(&answer.picture().raster));
    }
}

#[tokio::test]
async fn scripts_send_bare_base64_and_nothing_but_two_pictures() {
    let app = TestApp::new().await;
    let (image, mask) = (photograph(ImageFormat::Png), white_on_black());
    let body = json!({ "image": STANDARD.encode(&image), "mask": STANDARD.encode(&mask) });
    let answer = app.call(json_request(INPAINT, &body)).await;
    assert!(only_the_hole_differs(&answer.picture().raster));
    // Soft selections of a painting program: above half is hidden.
    let soft =
        super::pictures::png(ColorModel::Grey, |y, x| [if is_hidden(y, x) { 128 } else { 127 }]);
    let body = json!({
        "image": format!("data:application/octet-stream;base64,{}", STANDARD.encode(&image)),
        "mask": data_url(&soft),
    });
    assert_eq!(app.call(json_request(INPAINT, &body)).await.body, answer.body);
}

#[tokio::test]
async fn the_sampler_is_the_engine_and_the_seed_comes_back() {
    let app = TestApp::new().await;
    let config = app.get("/api/v1/server-config").await.json();
    assert_eq!(config["samplers"], json!(["auto", "csc"]));
    assert_eq!(config["plugins"], json!([]));
    for text in ["removeBGModel", "realesrganModel", "interactiveSegModel"] {
        assert!(config[text].is_string(), "{text}");
    }
    let model = app.get("/api/v1/model").await.json();
    assert_eq!(config["modelInfos"], json!([model]));
    let chosen = app.call(json_request("/api/v1/model", &json!({ "name": "cogd" }))).await;
    assert_eq!(chosen.json(), model);
    let other = app.call(json_request("/api/v1/model", &json!({ "name": "lama" }))).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(app.get("/api/v1/samplers").await.json(), json!(["auto", "csc"]));
    let asked_again = app.call(json_request("/api/v1/samplers", &json!({}))).await;
    assert_eq!(asked_again.json(), json!(["auto", "csc"]));

    let mut body = of_the_page(&data_url(&photograph(ImageFormat::Png)), &data_url(&stroke()));
    body["sd_sampler"] = "csc".into();
    body["sd_steps"] = 7.into();
    body["sd_seed"] = 1234.into();
    let answer = app.call(json_request(INPAINT, &body)).await;
    assert_eq!(answer.header("x-engine"), "csc");
    assert_eq!(answer.header("x-solver-iterations"), "7");
    assert_eq!(answer.header("x-seed"), "1234");
}

#[tokio::test]
async fn only_what_lies_in_the_frame_is_repaired() {
    let app = TestApp::new().await;
    let mut body = of_the_page(&data_url(&photograph(ImageFormat::Png)), &data_url(&stroke()));
    body["use_croper"] = true.into();
    for (name, value) in
        [("croper_x", -56), ("croper_y", -8), ("croper_width", 72), ("croper_height", 512)]
    {
        body[name] = value.into();
    }
    // Columns 14 and 15 of the hole of four.
    let answer = app.call(json_request(INPAINT, &body)).await;
    assert_eq!(answer.header("x-mask-coverage"), format!("{:.6}", 8.0 / (WIDTH * HEIGHT) as f64));
}

#[tokio::test]
async fn errors_are_in_the_words_that_the_page_shows() {
    let app = TestApp::new().await;
    let image = data_url(&photograph(ImageFormat::Png));
    let small = file(&scene(8, 8, ColorModel::Grey, BitDepth::Eight), ImageFormat::Png);
    let body = json!({ "image": image, "mask": data_url(&small) });
    let answer = app.call(json_request(INPAINT, &body)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(told(&answer)["error"], "mask-mismatch");

    let answer = app.call(json_request(INPAINT, &json!({ "image": image, "sd_steps": 0 }))).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let detail = told(&answer)["detail"].clone();
    assert_eq!(detail[0]["loc"], json!(["body", "mask"]));
    assert_eq!(detail[1]["loc"], json!(["body", "sd_steps"]));

    let mut body = of_the_page(&image, &data_url(&stroke()));
    body["use_extender"] = true.into();
    let answer = app.call(json_request(INPAINT, &body)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told(&answer)["errors"].as_str().unwrap().starts_with("use_extender"));

    // There is no file manager, and nothing is saved.
    let answer = app.call(multipart("/api/v1/save_image", &[("file", b"x")])).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    told(&answer);
    assert_eq!(app.get("/api/v1/inputimage").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_mask_is_widened_in_the_colours_of_the_page() {
    let app = TestApp::new().await;
    let mask = data_url(&white_on_black());
    let body = json!({ "mask": mask, "operate": "expand", "kernel_size": 2 });
    let answer = app.call(json_request("/api/v1/adjust_mask", &body)).await;
    let raster = answer.picture().raster;
    assert_eq!(raster.model(), ColorModel::RgbAlpha);
    let pixel = |y, x| [0, 1, 2, 3].map(|channel| raster.sample(channel, y, x));
    assert_eq!(pixel(8, 15), [255, 203, 0, 186]);
    assert_eq!(pixel(7, 15), [0; 4]);
    let body = json!({ "mask": mask, "operate": "melt", "kernel_size": 5000 });
    let answer = app.call(json_request("/api/v1/adjust_mask", &body)).await;
    assert_eq!(told(&answer)["detail"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_picture_that_is_opened_is_asked_for_its_prompts_in_vain() {
    let app = TestApp::new().await;
    let image = photograph(ImageFormat::Png);
    let answer = app.call(multipart("/api/v1/gen-info", &[("file", &image)])).await;
    assert_eq!(answer.json(), json!({ "prompt": "", "negative_prompt": "" }));
    let answer = app.call(multipart("/api/v1/gen-info", &[("other", &image)])).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_page_of_others_is_served_from_its_folder_and_nothing_around_it() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page");
    std::fs::create_dir_all(page.join("assets")).unwrap();
    std::fs::write(page.join("index.html"), "<!doctype html><title>Page</title>").unwrap();
    std::fs::write(page.join("assets/page.js"), "1").unwrap();
    std::fs::write(folder.path().join("secret"), "secret").unwrap();
    let app = TestApp::with(|config| config.http.ui_dir = Some(page)).await;
    let root = app.get("/").await;
    assert_eq!((root.status, root.header("content-type")), (StatusCode::OK, "text/html"));
    assert!(root.header("content-security-policy").contains("default-src 'self'"));
    assert_eq!(app.get("/assets/page.js").await.body, "1");
    for path in ["/secret", "/../secret", "/assets/../../secret", "/%2e%2e/secret", "/assets"] {
        let answer = app.get(path).await;
        assert!(answer.status.is_client_error() || answer.status.is_redirection(), "{path}");
        assert!(!answer.body.starts_with(b"secret"), "{path}");
    }
    // The service is still there.
    assert_eq!(app.get("/livez").await.status, StatusCode::OK);
    assert_eq!(app.get("/api/v1/inputimage").await.json()["error"], "not-found");
}
