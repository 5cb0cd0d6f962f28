//! Images in, repaired images out.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::engines::{EngineError, Request, Task, process};
use crate::http::ApiState;
use crate::http::answer::{Rendered, respond, server_timing};
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::intake::{self, IdempotencyKey, Order};
use crate::http::negotiate::Accept;
use crate::http::openapi::{AcceptedAnswer, JobHeaders, RestorationAnswers, RestorationProblems};
use crate::http::prefer::Prefer;
use crate::http::upload::Upload;
use crate::http::v1::jobs;
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
    params(JobHeaders),
    responses(RestorationAnswers, AcceptedAnswer, RestorationProblems)
)]
pub(super) async fn inpaint(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    upload: Upload,
) -> Result<Response, ApiError> {
    restore(&state, &caller, Task::Inpaint, &headers, upload).await
}

/// Remove the noise of an image.
///
/// The image is composed anew from its sparse code. A mask is not required; if there is one, its
/// bright pixels are repaired as well.
#[utoipa::path(
    post,
    path = "/v1/reconstruct",
    tag = "restoration",
    params(JobHeaders),
    responses(RestorationAnswers, AcceptedAnswer, RestorationProblems)
)]
pub(super) async fn reconstruct(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    upload: Upload,
) -> Result<Response, ApiError> {
    restore(&state, &caller, Task::Reconstruct, &headers, upload).await
}

async fn restore(
    state: &ApiState,
    caller: &Caller,
    task: Task,
    headers: &HeaderMap,
    upload: Upload,
) -> Result<Response, ApiError> {
    let Upload { image, mask, mut wishes } = upload;
    let (accept, prefer) = (Accept::of(headers), Prefer::of(headers));
    let key = IdempotencyKey::of(headers)?;
    if prefer.asks_for_job() || wishes.webhook.is_some() {
        let upload = Upload { image, mask, wishes };
        return defer(state, caller, task, (accept, prefer, key), upload).await;
    }
    let mut options = std::mem::take(&mut wishes.options);
    options.validate(task).map_err(EngineError::InvalidParameters)?;
    if task == Task::Inpaint && mask.is_none() {
        return Err(ApiError::invalid_field("mask", "is required"));
    }
    intake::check_engine(state, task, &options).await?;
    let header = inspect(&image, &state.environment.limits)?;
    let shape = if options.explain.is_any() {
        accept.choose_json(header.format, options.output.format)?
    } else {
        accept.choose(header.format, options.output.format)?
    };
    options.output.format = Some(shape.format());
    let dictionary = &mut options.restore.dictionary;
    state.workshop.library().resolve(caller.owner(), dictionary).await?;

    let environment = Arc::clone(&state.environment);
    let work = move |watch: &Watch| {
        let request = Request { task, image: &image, mask: mask.as_deref(), options: &options };
        let answer = process(&request, &environment, watch)?;
        Rendered::new(answer, shape).map_err(ApiError::internal)
    };
    let finished = state.pool.submit(header.pixels(), work)?.wait().await?.transpose()?;
    Ok(respond(finished.value, &server_timing(finished.timings.milliseconds())))
}

/// Makes a job of a request.
async fn defer(
    state: &ApiState,
    caller: &Caller,
    task: Task,
    (accept, prefer, key): (Accept, Prefer, IdempotencyKey),
    upload: Upload,
) -> Result<Response, ApiError> {
    let Upload { image, mask, wishes } = upload;
    let mut options = wishes.options;
    intake::check_engine(state, task, &options).await?;
    let input = inspect(&image, &state.environment.limits)?.format;
    options.output.format = Some(accept.choose(input, options.output.format)?.format());
    let order = Order::restoration(state, task, image, mask, options)?.with(
        state,
        wishes.priority,
        wishes.webhook,
    )?;
    let job = intake::accept(state, caller, &key, order).await?;
    jobs::answer_accepted(state, caller, &accept, prefer, job).await
}
