//! Dictionaries can be listed, read about, looked at and named.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cogd::imaging::ImageFormat;

use crate::support::app::{TestApp, grey_png, mask_png, multipart};

#[tokio::test]
async fn every_listed_dictionary_has_a_record_and_the_first_is_the_default() {
    let app = TestApp::new().await;
    let list = app.get("/v1/dictionaries").await;
    assert_eq!(list.status, StatusCode::OK);
    let list = list.json();
    let list = list["dictionaries"].as_array().unwrap();
    assert_eq!((&list[0]["name"], &list[0]["default"]), (&"dct".into(), &true.into()));
    for entry in list {
        let name = entry["name"].as_str().unwrap();
        let one = app.get(&format!("/v1/dictionaries/{name}")).await;
        assert_eq!(one.status, StatusCode::OK);
        assert_eq!(one.header("vary"), "accept");
        assert_eq!(one.json(), *entry);
    }
}

#[tokio::test]
async fn the_filters_are_drawn_for_who_asks_by_accept_or_by_query() {
    let app = TestApp::new().await;
    for (accept, path, drawn) in [
        ("image/png", "/v1/dictionaries/dct", true),
        ("image/*, application/json;q=0.5", "/v1/dictionaries/dct", true),
        ("application/json, */*", "/v1/dictionaries/dct", false),
        ("*/*", "/v1/dictionaries/dct", false),
        ("application/json", "/v1/dictionaries/dct?format=png", true),
        ("image/png", "/v1/dictionaries/dct?format=json", false),
    ] {
        let request = Request::get(path).header("accept", accept).body(Body::empty()).unwrap();
        let answer = app.call(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{accept} {path}");
        if drawn {
            assert_eq!(answer.header("content-type"), "image/png", "{accept} {path}");
            let picture = answer.picture();
            // Eight filters of 8 x 8 taps a row, four pixels a tap, a frame of one pixel.
            assert_eq!(picture.format, ImageFormat::Png);
            assert_eq!((picture.raster.width(), picture.raster.height()), (265, 265));
        } else {
            assert_eq!(answer.json()["name"], "dct", "{accept} {path}");
        }
    }
}

#[tokio::test]
async fn bad_names_and_forms_are_problems() {
    let app = TestApp::new().await;
    for path in ["/v1/dictionaries/nobodys", "/v1/dictionaries/nobodys?format=png"] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(answer.problem(), "unknown-dictionary");
    }
    let answer = app.get("/v1/dictionaries/dct?format=gif").await;
    assert_eq!(answer.problem(), "invalid-parameters");
    assert_eq!(answer.json()["errors"][0]["field"], "format");
    assert_eq!(app.get("/v1/dictionaries/%ff").await.problem(), "malformed-request");
    let request = Request::get("/v1/dictionaries/dct").header("accept", "text/html");
    let answer = app.call(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.problem(), "not-acceptable");
}

#[tokio::test]
async fn every_listed_dictionary_restores() {
    let app = TestApp::new().await;
    let list = app.get("/v1/dictionaries").await.json();
    for entry in list["dictionaries"].as_array().unwrap() {
        let name = entry["name"].as_str().unwrap();
        let (image, mask) = (grey_png(32, 32, 1), mask_png(32, 32));
        let answer = app
            .call(multipart(
                "/v1/inpaint",
                &[("image", &image), ("mask", &mask), ("dictionary", name.as_bytes())],
            ))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.header("x-dictionary"), name);
    }
}
