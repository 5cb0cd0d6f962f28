//! The service without a socket, and requests to it.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use cogd::app::App;
use cogd::config::Config;
use cogd::imaging::{EncodeOptions, ImageFormat, ImageLimits, Picture, decode, encode};
use http_body_util::BodyExt as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::description::contradiction;

/// A service with its folder, which goes when it goes. It runs no jobs before [`TestApp::work`].
pub(crate) struct TestApp {
    pub(crate) app: Arc<App>,
    pub(crate) router: Router,
    stop: CancellationToken,
    folder: tempfile::TempDir,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// An answer with its whole body.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl TestApp {
    /// A service at its defaults but for what `change` changes, and with no models but those that a
    /// test brings.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config { data_dir: folder.path().join("data"), ..Config::default() };
        config.models.builtin = false;
        change(&mut config);
        let app = Arc::new(App::build(config).await.unwrap());
        Self { router: app.router(), app, stop: CancellationToken::new(), folder }
    }

    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// Its folder, in which `data` is what it keeps.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Tells what runs jobs to stop.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Begins to run jobs, until it goes.
    pub(crate) fn work(&self) -> JoinHandle<()> {
        let (app, stop) = (Arc::clone(&self.app), self.stop.clone());
        tokio::spawn(async move { app.work(stop.cancelled_owned()).await })
    }

    /// The answer to a request, which must be one that the descriptions of the interfaces allow.
    pub(crate) async fn call(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = Answer::read(self.router.clone().oneshot(request).await.unwrap()).await;
        let contradiction = contradiction(&method, &path, &answer);
        assert_eq!(contradiction, None, "{method} {path}: {answer:?}");
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Request::get(path).body(Body::empty()).unwrap()).await
    }
}

impl Answer {
    async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The last part of the problem's type; fails if this is no problem.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        problem["type"].as_str().unwrap().strip_prefix("/problems/").unwrap().to_owned()
    }

    pub(crate) fn picture(&self) -> Picture {
        decode(&self.body, &ImageLimits::default()).unwrap()
    }
}

const BOUNDARY: &str = "a-boundary-that-no-test-contains";

/// A multipart request with these parts.
pub(crate) fn multipart(path: &str, parts: &[(&str, &[u8])]) -> Request<Body> {
    let (content_type, body) = multipart_body(parts);
    Request::post(path).header("content-type", content_type).body(body.into()).unwrap()
}

/// The content type and the bytes of a multipart body with these parts.
pub(crate) fn multipart_body(parts: &[(&str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in parts {
        body.extend_from_slice(
            format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; \
                 filename=\"x.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n"
            )
            .as_bytes(),
        );
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    (content_type, body)
}

/// A JSON request.
pub(crate) fn json(path: &str, body: &serde_json::Value) -> Request<Body> {
    let request = Request::post(path).header("content-type", "application/json");
    request.body(body.to_string().into()).unwrap()
}

/// A smooth grey PNG of this size; `seed` makes it another one.
pub(crate) fn grey_png(width: u32, height: u32, seed: u32) -> Vec<u8> {
    png(width, height, |x, y| ((x * 3 + y * 5 + seed * 7) % 200) as u8 + 20)
}

/// A PNG mask of this size that hides a square of 4 x 4 pixels in its middle.
pub(crate) fn mask_png(width: u32, height: u32) -> Vec<u8> {
    let inside = |at: u32, size: u32| (size / 2..size / 2 + 4).contains(&at);
    png(width, height, |x, y| if inside(x, width) && inside(y, height) { 255 } else { 0 })
}

/// An uncompressed image written by hand, and read and written again as PNG by the package.
pub(crate) fn png(width: u32, height: u32, sample: impl Fn(u32, u32) -> u8) -> Vec<u8> {
    // BMP, 24 bits a pixel, bottom row first, rows padded to four bytes.
    let padding = vec![0; (4 - (width as usize * 3) % 4) % 4];
    let size = (width as usize * 3 + padding.len()) * height as usize;
    let mut bmp = b"BM".to_vec();
    bmp.extend_from_slice(&u32::try_from(54 + size).unwrap().to_le_bytes());
    bmp.extend_from_slice(&[0; 4]);
    for word in [54, 40, width, height] {
        bmp.extend_from_slice(&word.to_le_bytes());
    }
    bmp.extend_from_slice(&[1, 0, 24, 0]);
    bmp.extend_from_slice(&[0; 24]);
    for y in (0..height).rev() {
        bmp.extend((0..width).flat_map(|x| [sample(x, y); 3]));
        bmp.extend_from_slice(&padding);
    }
    let picture = decode(&bmp, &ImageLimits::default()).unwrap();
    encode(&picture, &EncodeOptions::new(ImageFormat::Png)).unwrap().bytes
}
