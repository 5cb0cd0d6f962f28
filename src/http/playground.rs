//! The page at `/`: files of `web/`, compiled in, and nothing from elsewhere.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE as BASE64;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::ApiState;
use super::error::ApiError;
use super::problem::ProblemCode;
use super::root_path::WithoutSlash;

/// The page runs its own scripts, shows pictures that it has at hand, and talks to this service.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);
/// Browsers keep the files, and ask each time whether they are still the same.
const CACHING: HeaderValue = HeaderValue::from_static("no-cache");

/// Names and bytes of files of `web/`.
macro_rules! web {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../web/", $name)))),+]
    };
}

/// A name and what is in the file.
type Source = (&'static str, &'static [u8]);

/// The page itself.
const PAGE: Source = ("index.html", include_bytes!("../../web/index.html"));

/// What it consists of, by names below `/playground/`.
const PARTS: &[Source] = web![
    "api.js",
    "app.js",
    "controls.css",
    "curl.js",
    "cursor.js",
    "curve.js",
    "dialogs.css",
    "dialogs.js",
    "divider.js",
    "dom.js",
    "download.js",
    "easel.js",
    "explanation.css",
    "explanation.js",
    "failure.js",
    "figures.js",
    "history.js",
    "icon.svg",
    "inline.js",
    "job.js",
    "key.js",
    "keyboard.js",
    "known-worker.js",
    "known.js",
    "layout.css",
    "mask.js",
    "maskfile.js",
    "numbers.js",
    "overlay.js",
    "picture.js",
    "png.js",
    "pointer.js",
    "problems.js",
    "progress.js",
    "repair.js",
    "report.js",
    "settings.js",
    "shapes.js",
    "source.js",
    "stage.css",
    "stage.js",
    "tokens.css",
    "toolbar.js",
    "tools.js",
    "viewport.js",
];

/// The sample, as the README shows it.
const SAMPLE: &[Source] = &[
    ("sample.png", include_bytes!("../../docs/images/scene.png")),
    ("sample-mask.png", include_bytes!("../../docs/images/mask.png")),
];

/// A file with what is said about it.
struct File {
    name: &'static str,
    media_type: HeaderValue,
    tag: HeaderValue,
    body: Bytes,
}

static PAGE_FILE: LazyLock<File> = LazyLock::new(|| File::new(&PAGE));
static FILES: LazyLock<Vec<File>> =
    LazyLock::new(|| PARTS.iter().chain(SAMPLE).map(File::new).collect());

impl File {
    fn new((name, bytes): &Source) -> Self {
        let ending = name.rsplit('.').next().unwrap_or_default();
        let media_type = match ending {
            "html" => "text/html; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            _ => unreachable!("{name} has another ending"),
        };
        let digest = Sha256::digest(bytes);
        let tag = format!("\"{}\"", BASE64.encode(&digest[..15]));
        let tag = HeaderValue::try_from(tag).expect("base64 is plain ASCII");
        let (media_type, body) = (HeaderValue::from_static(media_type), Bytes::from_static(bytes));
        Self { name, media_type, tag, body }
    }

    /// The file, or word that the client has it.
    fn answer(&self, asked: &HeaderMap) -> Response {
        let headers =
            [(CACHE_CONTROL, CACHING), (CONTENT_SECURITY_POLICY, POLICY), (ETAG, self.tag.clone())];
        if self.is_known_to(asked) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, [(CONTENT_TYPE, self.media_type.clone())], self.body.clone()).into_response()
    }

    fn is_known_to(&self, asked: &HeaderMap) -> bool {
        let tags = asked.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        // A proxy that compresses makes a tag a weak one; the comparison is weak anyway.
        tags.flat_map(|tags| tags.split(','))
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag == "*" || tag.as_bytes() == self.tag.as_bytes())
    }
}

/// The page and its files. They are public and are not described, as `/docs`.
pub(super) fn routes() -> Router<ApiState> {
    Router::new().route("/", get(show_page)).route("/playground/{file}", get(show_part))
}

async fn show_page(slash: Option<Extension<WithoutSlash>>, asked: HeaderMap) -> Response {
    if slash.is_some() {
        return Redirect::permanent("/").into_response();
    }
    PAGE_FILE.answer(&asked)
}

async fn show_part(Path(name): Path<String>, asked: HeaderMap) -> Result<Response, ApiError> {
    let file = FILES.iter().find(|file| file.name == name);
    let missing = || ApiError::new(ProblemCode::NotFound, "the page has no such file");
    Ok(file.ok_or_else(missing)?.answer(&asked))
}
