//! A finished restoration as a response.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, VARY};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use super::negotiate::Representation;
use crate::engines::{Answer, Explanation, Report};

pub(super) const ENGINE: &str = "x-engine";
const DICTIONARY: &str = "x-dictionary";
const ITERATIONS: &str = "x-solver-iterations";
pub(super) const COVERAGE: &str = "x-mask-coverage";
pub(super) const INTERPRETATION: &str = "x-mask-interpretation";
pub(super) const WARNING: &str = "x-warning";
pub(super) const TIMING: &str = "server-timing";

/// The headers that scripts of other origins may read.
pub(super) const ANSWER_HEADERS: [&str; 7] =
    [ENGINE, DICTIONARY, ITERATIONS, COVERAGE, INTERPRETATION, WARNING, TIMING];

/// The image and everything about it, for clients that prefer JSON.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Restoration {
    /// The repaired image in base64.
    #[schema(format = Byte)]
    image: String,
    /// Media type of the image.
    #[schema(example = "image/png")]
    media_type: &'static str,
    /// What was done.
    report: Report,
    /// How it came about, if `report` or `compare` asked for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    explanation: Option<Explanation>,
}

/// The body of an answer, made where the work is done: encoding a photograph takes a while.
#[derive(Debug)]
pub(super) struct Rendered {
    content_type: &'static str,
    body: Bytes,
    report: Report,
}

impl Rendered {
    /// Renders an answer in the negotiated shape.
    ///
    /// # Errors
    /// If the report cannot be written as JSON.
    pub(super) fn new(answer: Answer, shape: Representation) -> serde_json::Result<Self> {
        let Answer { bytes, format, report, explanation } = answer;
        let media_type = format.media_type();
        if let Representation::Image(_) = shape {
            return Ok(Self { content_type: media_type, body: bytes.into(), report });
        }
        let restoration =
            Restoration { image: STANDARD.encode(bytes), media_type, report, explanation };
        let body = serde_json::to_vec(&restoration)?;
        let report = restoration.report;
        Ok(Self { content_type: "application/json", body: body.into(), report })
    }
}

/// Puts the report and the timings into the headers.
pub(super) fn respond(rendered: Rendered, timing: &str) -> Response {
    let Rendered { content_type, body, report } = rendered;
    let mut response = Body::from(body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(VARY, HeaderValue::from_static("accept"));
    let mut add = |name: &'static str, value: String| {
        // Names of dictionaries come from outside; one that no header can hold is left out.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.append(HeaderName::from_static(name), value);
        }
    };
    add(ENGINE, report.engine.clone());
    if let Some(dictionary) = report.dictionary {
        add(DICTIONARY, dictionary);
    }
    add(ITERATIONS, report.iterations.to_string());
    add(COVERAGE, format!("{:.6}", report.mask_coverage));
    if let Some(reading) = report.mask_interpretation {
        add(INTERPRETATION, reading.name().to_owned());
    }
    add(TIMING, timing.to_owned());
    for warning in &report.warnings {
        add(WARNING, warning.slug().to_owned());
    }
    response
}

/// `queue;dur=0.021, decode;dur=3.400, …`, from milliseconds.
pub(super) fn server_timing<'a>(stages: impl Iterator<Item = (&'a str, f64)>) -> String {
    let entry = |(stage, milliseconds)| format!("{stage};dur={milliseconds:.3}");
    stages.map(entry).collect::<Vec<_>>().join(", ")
}
