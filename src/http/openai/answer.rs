//! Edited images as an answer.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use super::work::Edited;
use crate::engines::Report;
use crate::http::answer::{COVERAGE, ENGINE, INTERPRETATION, TIMING, WARNING};
use crate::http::error::ApiError;
use crate::imaging::ImageFormat;

/// What is the same for all images of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// Seconds since 1970.
    pub(super) created: i64,
    /// The format of the images.
    pub(super) format: ImageFormat,
}

/// Edited images.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImagesResponse {
    /// Seconds since 1970.
    #[schema(example = 1_769_860_800)]
    created: i64,
    /// The images: of each one that was sent as many as were asked for.
    data: Vec<Image>,
    /// The format of the images.
    #[schema(example = "png")]
    output_format: &'static str,
    /// Width and height of the first image.
    #[schema(example = "512x512")]
    size: String,
    usage: Usage,
}

/// An edited image: itself, or its address.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(super) struct Image {
    /// The image in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = Byte)]
    pub(super) b64_json: Option<String>,
    /// Where the image can be had without a key, for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://pictures.example/v1/images/results/0192f0c1")]
    pub(super) url: Option<String>,
}

/// Tokens, of which none are used here. Clients look for the member.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(super) struct Usage {
    input_tokens: u32,
    input_tokens_details: UsageDetails,
    output_tokens: u32,
    total_tokens: u32,
}

/// The kinds of tokens that are not used here.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
struct UsageDetails {
    image_tokens: u32,
    text_tokens: u32,
}

/// An answer whose body is written, which takes a while for photographs.
#[derive(Debug)]
pub(super) struct Rendered {
    body: Bytes,
    reports: Vec<Report>,
}

/// Writes edited images with themselves in it.
pub(super) fn render(head: &Head, edited: Vec<Edited>, copies: u64) -> Result<Rendered, ApiError> {
    let mut data = Vec::new();
    let mut reports = Vec::with_capacity(edited.len());
    for Edited { bytes, report } in edited {
        let image = Image { b64_json: Some(STANDARD.encode(bytes)), url: None };
        // The same request gives the same picture, however often it is asked for.
        data.extend((0..copies).map(|_| image.clone()));
        reports.push(report);
    }
    write(head, data, reports)
}

/// Writes an answer.
pub(super) fn write(
    head: &Head,
    data: Vec<Image>,
    reports: Vec<Report>,
) -> Result<Rendered, ApiError> {
    let answer = ImagesResponse {
        created: head.created,
        data,
        output_format: name(head.format),
        size: reports.first().map(size).unwrap_or_default(),
        usage: Usage::default(),
    };
    let body = serde_json::to_vec(&answer).map_err(ApiError::internal)?;
    Ok(Rendered { body: body.into(), reports })
}

/// A format as this dialect calls it.
pub(super) fn name(format: ImageFormat) -> &'static str {
    format.media_type().trim_start_matches("image/")
}

/// Width and height as this dialect writes them.
pub(super) fn size(report: &Report) -> String {
    format!("{}x{}", report.width, report.height)
}

/// Puts the reports and the timings into the headers.
pub(super) fn respond(rendered: Rendered, timing: &str) -> Response {
    let Rendered { body, reports } = rendered;
    let mut response = Body::from(body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut add = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.append(HeaderName::from_static(name), value);
        }
    };
    let each =
        |of: &dyn Fn(&Report) -> String| reports.iter().map(of).collect::<Vec<_>>().join(", ");
    add(COVERAGE, each(&|report| format!("{:.6}", report.mask_coverage)));
    add(INTERPRETATION, each(&|report| interpretation(report).to_owned()));
    add(ENGINE, reports.first().map(|report| report.engine.clone()).unwrap_or_default());
    add(TIMING, timing.to_owned());
    let mut warnings: Vec<_> = reports.iter().flat_map(|report| &report.warnings).collect();
    warnings.dedup();
    for warning in warnings {
        add(WARNING, warning.slug().to_owned());
    }
    response
}

/// What counted as a hole.
pub(super) fn interpretation(report: &Report) -> &'static str {
    report.mask_interpretation.map_or("none", |reading| reading.name())
}
