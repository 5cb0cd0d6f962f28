//! Images in, edited images out.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::answer::{self, Head, ImagesResponse};
use super::describe::{EditBody, EditForm};
use super::errors::{EditErrors, KeyErrors};
use super::parameters::Parameters;
use super::request::Edit;
use super::results;
use super::stream::{self, StreamEvent};
use super::work::Order;
use crate::http::ApiState;
use crate::http::answer::server_timing;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::imaging::ImageFormat;
use crate::worker::Watch;

/// Repair images.
///
/// What is transparent in the mask is repaired; without a mask, what is transparent in the image,
/// which comes back opaque. A mask that is transparent nowhere is read as white on black. Unlike
/// those of a generator, masks are exact: no other pixel changes. Several images are repaired one
/// by one, with one mask for all of them.
#[utoipa::path(
    post,
    path = "/v1/images/edits",
    tag = "images",
    request_body(content((EditForm = "multipart/form-data"), (EditBody = "application/json"))),
    responses(
        (
            status = 200, description = "The repaired images, or events while they are repaired",
            content((ImagesResponse = "application/json"), (StreamEvent = "text/event-stream")),
            headers(
                ("X-Mask-Coverage" = String, description = "Share of each image that was hidden"),
                ("X-Mask-Interpretation" = String, description = "alpha-inverted: transparent was \
                 hidden; luma: bright was"),
                ("X-Engine" = String, description = "The engine that did it"),
                ("X-Warning" = String, description = "What the caller should know"),
                ("Server-Timing" = String, description = "Milliseconds of each stage"),
            ),
        ),
        KeyErrors, EditErrors,
    ),
)]
pub(super) async fn edit_images(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    edit: Edit,
) -> Result<Response, ApiError> {
    let (mut order, parameters) = Order::check(&state, edit).await?;
    let Parameters { by_url, stream, partials, copies, .. } = parameters;
    let format = order.options.output.format.unwrap_or(ImageFormat::Png);
    let head = Head { created: seconds(&state), format };
    if by_url {
        return results::edit_by_url(&state, &caller, &headers, order, &head, copies).await;
    }
    order.resolve(&state, &caller).await?;
    if stream {
        return stream::answer(&state, order, head, partials);
    }
    let (environment, pixels) = (Arc::clone(&state.environment), order.pixels);
    let work = move |watch: &Watch| {
        let edited = order.carry_out(&environment, watch, watch)?;
        answer::render(&head, edited, copies)
    };
    let finished = state.pool.submit(pixels, work)?.wait().await?.transpose()?;
    Ok(answer::respond(finished.value, &server_timing(finished.timings.milliseconds())))
}

/// The time now, as this dialect writes it.
pub(super) fn seconds(state: &ApiState) -> i64 {
    state.workshop.queue.clock().now().0.div_euclid(1000)
}
