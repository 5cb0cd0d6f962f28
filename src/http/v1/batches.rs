//! Many images in one request.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use super::jobs::{self, JobView};
use crate::http::ApiState;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::intake::{self, IdempotencyKey, Order};
use crate::http::openapi::{
    CommonProblems, JobHeaders, JobProblems, RestorationProblems, StorageProblems,
};
use crate::http::path::IdPath;
use crate::http::problem::ProblemCode;
use crate::http::upload::{BatchUpload, Parcel};
use crate::jobs::{BatchId, Job};
use crate::storage::{Cancel, JobFilter};

/// Images of the largest batch.
const MOST: usize = 1000;
/// Jobs that are read at a time.
const PAGE: u32 = 200;

/// Jobs that were asked for together.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Batch {
    /// Its name.
    id: BatchId,
    /// How many of its jobs are in which state.
    states: BTreeMap<&'static str, usize>,
    /// Its jobs, in the order of their images.
    jobs: Vec<JobView>,
}

/// Restore many images.
///
/// One mask serves all images, or each has its own. Every image becomes a job; either all of them
/// are accepted or none.
#[utoipa::path(
    post, path = "/v1/batches", tag = "jobs", params(JobHeaders),
    responses(
        (
            status = 202, description = "The jobs of the batch", body = Batch,
            headers(("Location" = String, description = "Where to ask for the batch")),
        ),
        RestorationProblems,
    ),
)]
pub(super) async fn create_batch(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    BatchUpload(parcel): BatchUpload,
) -> Result<Response, ApiError> {
    let key = IdempotencyKey::of(&headers)?;
    intake::check_engine(&state, parcel.wishes.task, &parcel.wishes.options).await?;
    let orders = orders(&state, parcel)?;
    let (id, jobs) = intake::accept_all(&state, &caller, &key, orders).await?;
    let location = state.config.root_path.link(&format!("/v1/batches/{id}"));
    Ok(jobs::accepted(location, &Batch::of(&state, id, &jobs)))
}

/// Where does a batch stand?
#[utoipa::path(
    get, path = "/v1/batches/{id}", tag = "jobs",
    params(("id" = String, Path, format = "uuid", description = "Name of the batch")),
    responses(
        (status = 200, description = "The batch", body = Batch),
        CommonProblems, JobProblems, StorageProblems,
    ),
)]
pub(super) async fn find_batch(
    State(state): State<ApiState>,
    caller: Caller,
    IdPath(id): IdPath<BatchId>,
) -> Result<Json<Batch>, ApiError> {
    Ok(Json(Batch::of(&state, id, &find(&state, &caller, id).await?)))
}

/// Cancel what has not ended of a batch.
#[utoipa::path(
    delete, path = "/v1/batches/{id}", tag = "jobs",
    params(("id" = String, Path, format = "uuid", description = "Name of the batch")),
    responses(
        (status = 200, description = "The batch, its jobs cancelled or told to stop", body = Batch),
        CommonProblems, JobProblems, StorageProblems,
    ),
)]
pub(super) async fn cancel_batch(
    State(state): State<ApiState>,
    caller: Caller,
    IdPath(id): IdPath<BatchId>,
) -> Result<Json<Batch>, ApiError> {
    for job in find(&state, &caller, id).await? {
        if job.state.is_final() {
            continue;
        }
        if let Cancel::Cancelled(job) = state.workshop.queue.cancel(caller.owner(), job.id).await? {
            state.workshop.announce(&job).await;
        }
    }
    Ok(Json(Batch::of(&state, id, &find(&state, &caller, id).await?)))
}

impl Batch {
    fn of(state: &ApiState, id: BatchId, jobs: &[Job]) -> Self {
        let mut states = BTreeMap::new();
        for job in jobs {
            *states.entry(job.state.name()).or_default() += 1;
        }
        let root = &state.config.root_path;
        Self { id, states, jobs: jobs.iter().map(|job| JobView::new(job, root)).collect() }
    }
}

/// One order an image.
fn orders(state: &ApiState, parcel: Parcel) -> Result<Vec<Order>, ApiError> {
    let Parcel { images, masks, wishes } = parcel;
    let (count, given) = (images.len(), masks.len());
    if count > MOST {
        return Err(ApiError::invalid_field("image", "is given too often")
            .with_limit(MOST as f64, Some(count as f64)));
    }
    if ![0, 1, count].contains(&given) {
        let message = format!("{given} masks for {count} images: give one for all, or one each");
        return Err(ApiError::invalid_field("mask", message));
    }
    let mask_of =
        |index: usize| -> Option<Bytes> { masks.get(if given == 1 { 0 } else { index }).cloned() };
    images
        .into_iter()
        .enumerate()
        .map(|(index, image)| {
            let options = wishes.options.clone();
            Order::restoration(state, wishes.task, image, mask_of(index), options)
                .and_then(|order| order.with(state, wishes.priority, wishes.webhook.clone()))
                .map_err(|error| error.about(&format!("image {index}")))
        })
        .collect()
}

async fn find(state: &ApiState, caller: &Caller, id: BatchId) -> Result<Vec<Job>, ApiError> {
    let filter = JobFilter { batch: Some(id), ..JobFilter::default() };
    let (mut jobs, mut after) = (Vec::new(), None);
    loop {
        let page = state.workshop.queue.list(caller.owner(), &filter, after, PAGE).await?;
        after = page.last().map(|job| job.id);
        let last = page.len() < PAGE as usize;
        jobs.extend(page);
        if last {
            break;
        }
    }
    if jobs.is_empty() {
        let detail = format!("there is no batch {id}");
        return Err(ApiError::new(ProblemCode::UnknownJob, detail));
    }
    // They come newest first; a batch has the order of its images.
    jobs.reverse();
    Ok(jobs)
}
