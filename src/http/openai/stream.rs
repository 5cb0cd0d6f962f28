//! An edit as server-sent events: drafts while the solver works, then the result.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::HeaderName;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream::unfold;
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use utoipa::ToSchema;

use super::answer::{Head, Usage, interpretation, name, size};
use super::errors::ErrorBody;
use super::work::{Edited, Order};
use crate::http::ApiState;
use crate::http::error::ApiError;
use crate::imaging::{EncodeOptions, Metadata, MetadataPolicy, Picture, Raster, encode};
use crate::worker::{Easel, Finished, JobFailure, Watch};

/// What an event tells.
#[derive(Debug, Serialize, ToSchema)]
struct ImageEvent {
    /// `image_edit.partial_image` or `image_edit.completed`, which is the name of the event as well.
    #[schema(example = "image_edit.completed")]
    r#type: &'static str,
    /// The image in base64.
    #[schema(format = Byte)]
    b64_json: String,
    /// Which draft it is, from 0 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    partial_image_index: Option<usize>,
    /// Seconds since 1970.
    created_at: i64,
    /// Width and height.
    #[schema(example = "512x512")]
    size: String,
    quality: &'static str,
    background: &'static str,
    #[schema(example = "png")]
    output_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    usage: Option<Usage>,
    /// Share of the image that was hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    mask_coverage: Option<f64>,
    /// What counted as a hole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    mask_interpretation: Option<&'static str>,
}

/// One server-sent event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description: events are written as lines")]
pub(super) struct StreamEvent {
    /// `image_edit.partial_image`, `image_edit.completed`, or `error`.
    event: String,
    /// JSON: a picture, or what went wrong.
    #[schema(content_media_type = "application/json", value_type = String)]
    data: ImageEvent,
}

const PARTIAL: &str = "image_edit.partial_image";
const COMPLETED: &str = "image_edit.completed";

/// Begins the work and answers with its events. A client that goes away cancels it.
pub(super) fn answer(
    state: &ApiState,
    order: Order,
    head: Head,
    partials: u64,
) -> Result<Response, ApiError> {
    let (sender, drafts) = unbounded_channel();
    let (environment, pixels) = (Arc::clone(&state.environment), order.pixels);
    let work = move |watch: &Watch| {
        let (quality, shown) = (order.options.output.quality, AtomicUsize::new(0));
        let show = |raster: &Raster| {
            let index = shown.fetch_add(1, Ordering::Relaxed);
            if let Some(draft) = partial(head, quality, index, raster) {
                // Nobody listens any more if the client has left.
                let _ = sender.send(draft);
            }
        };
        let drafts = usize::try_from(partials).unwrap_or_default();
        let easel = Easel::new(watch, drafts, &show);
        let mut edited = order.carry_out(&environment, &easel, watch)?;
        edited.pop().ok_or_else(|| ApiError::internal("no image was edited")).map(completed(head))
    };
    let ticket = state.pool.submit(pixels, work)?;
    let follower = Follower { drafts, result: Some(Box::pin(ticket.wait())) };
    let events = unfold(follower, |mut follower| async {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    // Some proxies would hold back a stream to compress or to buffer it.
    let headers = [
        (CACHE_CONTROL, "no-store, no-transform"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, stream).into_response())
}

fn completed(head: Head) -> impl FnOnce(Edited) -> String {
    move |Edited { bytes, report }| {
        let event = ImageEvent {
            r#type: COMPLETED,
            b64_json: STANDARD.encode(bytes),
            partial_image_index: None,
            created_at: head.created,
            size: size(&report),
            quality: "auto",
            background: "auto",
            output_format: name(head.format),
            usage: Some(Usage::default()),
            mask_coverage: Some(report.mask_coverage),
            mask_interpretation: Some(interpretation(&report)),
        };
        json(&event)
    }
}

fn json(event: &impl Serialize) -> String {
    serde_json::to_string(event).expect("an event is plain JSON")
}

/// A draft as the data of its event; `None` if it cannot be written.
fn partial(head: Head, quality: u8, index: usize, raster: &Raster) -> Option<String> {
    let (format, metadata) = (head.format, Metadata::default());
    let picture = Picture { raster: raster.clone(), metadata, format };
    let options = EncodeOptions { format, quality, metadata: MetadataPolicy::Strip };
    let encoded = encode(&picture, &options).ok()?;
    Some(json(&ImageEvent {
        r#type: PARTIAL,
        b64_json: STANDARD.encode(encoded.bytes),
        partial_image_index: Some(index),
        created_at: head.created,
        size: format!("{}x{}", raster.width(), raster.height()),
        quality: "auto",
        background: "auto",
        output_format: name(format),
        usage: None,
        mask_coverage: None,
        mask_interpretation: None,
    }))
}

type Outcome = Result<Finished<Result<String, ApiError>>, JobFailure>;

/// Follows the work to its end.
struct Follower {
    drafts: UnboundedReceiver<String>,
    result: Option<Pin<Box<dyn Future<Output = Outcome> + Send>>>,
}

impl Follower {
    /// The next event; `None` after the last.
    async fn next(&mut self) -> Option<Event> {
        let result = self.result.as_mut()?;
        tokio::select! {
            // Drafts before the result that they lead to.
            biased;
            Some(draft) = self.drafts.recv() => Some(Event::default().event(PARTIAL).data(draft)),
            outcome = result => {
                self.result = None;
                let outcome = outcome.map_err(ApiError::from).and_then(Finished::transpose);
                Some(match outcome {
                    Ok(finished) => Event::default().event(COMPLETED).data(finished.value),
                    Err(error) => {
                        if let Some(cause) = error.cause() {
                            tracing::error!(error = %cause, "an edit failed while it was streamed");
                        }
                        Event::default().event("error").data(json(&ErrorBody::of(&error)))
                    }
                })
            }
        }
    }
}
