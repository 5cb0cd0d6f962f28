//! Images in, repaired images out.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::engines::{EngineError, Request, Task, process};
use crate::http::ApiState;
use crate::http::answer::{Rendered, respond};
use crate::http::error::ApiError;
use crate::http::negotiate::Accept;
use crate::http::openapi::{RestorationAnswers, RestorationProblems};
use crate::http::upload::Upload;
use crate::imaging::inspect;
use crate::worker::Watch;

/// Repair the hidden pixels of an image.
///
/// The mask has the size of the image; its bright pixels are hidden and computed anew. Every
/// other pixel comes back as it was.
#[utoipa::path(
    post,
    path = "/v1/inpaint",
    tag = "restoration",
    responses(RestorationAnswers, RestorationProblems)
)]
pub(super) async fn inpaint(
    State(state): State<ApiState>,
    headers: HeaderMap,
    upload: Upload,
) -> Result<Response, ApiError> {
    if upload.mask.is_none() {
        return Err(ApiError::invalid_field("mask", "is required"));
    }
    restore(&state, Task::Inpaint, &Accept::of(&headers), upload).await
}

/// Remove the noise of an image.
///
/// The image is composed anew from its sparse code. A mask is not required; if there is one, its
/// bright pixels are repaired as well.
#[utoipa::path(
    post,
    path = "/v1/reconstruct",
    tag = "restoration",
    responses(RestorationAnswers, RestorationProblems)
)]
pub(super) async fn reconstruct(
    State(state): State<ApiState>,
    headers: HeaderMap,
    upload: Upload,
) -> Result<Response, ApiError> {
    restore(&state, Task::Reconstruct, &Accept::of(&headers), upload).await
}

async fn restore(
    state: &ApiState,
    task: Task,
    accept: &Accept,
    upload: Upload,
) -> Result<Response, ApiError> {
    let Upload { image, mask, mut options } = upload;
    options.validate(task).map_err(EngineError::InvalidParameters)?;
    let header = inspect(&image, &state.environment.limits)?;
    let shape = accept.choose(header.format, options.output.format)?;
    options.output.format = Some(shape.format());

    let environment = Arc::clone(&state.environment);
    let work = move |watch: &Watch| {
        let request = Request { task, image: &image, mask: mask.as_deref(), options: &options };
        let answer = process(&request, &environment, watch)?;
        Rendered::new(answer, shape).map_err(ApiError::internal)
    };
    let finished = state.pool.submit(header.pixels(), work)?.wait().await?.transpose()?;
    Ok(respond(finished))
}
