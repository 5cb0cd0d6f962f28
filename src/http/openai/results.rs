//! Results by their address: an edit becomes a job, and whoever has the address has its result.

use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use super::answer::{self, Head, Image};
use super::edits::seconds;
use super::errors::MissingErrors;
use super::work::Order;
use crate::engines::{Report, Task};
use crate::http::ApiState;
use crate::http::answer::server_timing;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::intake::{self, IdempotencyKey};
use crate::http::path::IdPath;
use crate::http::problem::{FieldError, ProblemCode};
use crate::http::v1::wait_for_end;
use crate::jobs::{Completion, Job, JobId, JobState};

/// Longest wait for the result: as long as the SDKs wait.
const PATIENCE: Duration = Duration::from_mins(10);

/// Repairs images as jobs, and answers with the addresses of the results.
pub(super) async fn edit_by_url(
    state: &ApiState,
    caller: &Caller,
    headers: &HeaderMap,
    order: Order,
    head: &Head,
    copies: u64,
) -> Result<Response, ApiError> {
    let key = IdempotencyKey::of(headers)?;
    let mut orders = Vec::with_capacity(order.images.len());
    for image in &order.images {
        let mask = Some(order.mask_of(image).clone());
        let options = order.options.clone();
        let job = intake::Order::restoration(state, Task::Inpaint, image.clone(), mask, options)?;
        orders.push(job);
    }
    let jobs = match orders.len() {
        1 => vec![intake::accept(state, caller, &key, orders.remove(0)).await?],
        _ => intake::accept_all(state, caller, &key, orders).await?.1,
    };
    let (mut data, mut reports, mut timing) = (Vec::new(), Vec::new(), String::new());
    for job in jobs {
        let job = wait_for_end(state, caller, job, PATIENCE).await;
        let Completion { report, timings, .. } = completion(&job)?;
        let report: Report = serde_json::from_value(report.clone()).map_err(ApiError::internal)?;
        order.check_mask(&report)?;
        let url = address(state, headers, &job);
        let image = Image { url: Some(url), b64_json: None };
        data.extend((0..copies).map(|_| image.clone()));
        if timing.is_empty() {
            timing = server_timing(timings.iter().map(|(stage, ms)| (stage.as_str(), *ms)));
        }
        reports.push(report);
    }
    Ok(answer::respond(answer::write(head, data, reports)?, &timing))
}

/// The result of a job that has succeeded.
fn completion(job: &Job) -> Result<&Completion, ApiError> {
    match (job.state, &job.completion) {
        (JobState::Succeeded, Some(completion)) => Ok(completion),
        (JobState::Failed, _) => Err(job
            .error
            .as_ref()
            .map_or_else(|| ApiError::internal("a job that has failed has no problem"), problem)),
        (JobState::Cancelled, _) => {
            Err(ApiError::new(ProblemCode::JobCancelled, "the job of this edit was cancelled"))
        }
        _ => {
            let detail = format!("not finished within {} s", PATIENCE.as_secs());
            let error = ApiError::new(ProblemCode::DeadlineExceeded, detail);
            Err(error.with_limit(PATIENCE.as_secs_f64(), None))
        }
    }
}

/// The error that a problem document was written from.
fn problem(document: &Value) -> ApiError {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let slug = document["type"].as_str().and_then(|name| name.strip_prefix("/problems/"));
    let code = slug.and_then(ProblemCode::find).unwrap_or(ProblemCode::InternalError);
    let fields = document["errors"].as_array().into_iter().flatten();
    let fields: Vec<_> = fields
        .filter_map(|fault| {
            let (field, message) = (fault["field"].as_str()?, text(&fault["message"])?);
            Some(FieldError::new(field, message, fault["limit"].as_f64(), fault["actual"].as_f64()))
        })
        .collect();
    if code == ProblemCode::InvalidParameters && !fields.is_empty() {
        return ApiError::invalid(fields);
    }
    ApiError::new(code, text(&document["detail"]).unwrap_or_default())
}

/// What is signed of an address.
fn signed(owner: &str, id: JobId, expires: i64) -> String {
    format!("{id}\n{expires}\n{owner}")
}

/// The address of a result, as whoever asked reaches this service.
fn address(state: &ApiState, headers: &HeaderMap, job: &Job) -> String {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // Only the one who says it is told it again.
    let host = said("x-forwarded-host").or_else(|| said(HOST.as_str())).unwrap_or("localhost");
    let scheme = said("x-forwarded-proto").filter(|it| *it == "https").unwrap_or("http");
    let expires = job.times.expires.map_or_else(|| seconds(state), |at| at.0.div_euclid(1000));
    let signature = state.url_key.sign(&signed(&job.owner, job.id, expires));
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("expires", &expires.to_string());
    if !job.owner.is_empty() {
        query.append_pair("owner", &job.owner);
    }
    query.append_pair("signature", &signature);
    let path = state.config.root_path.link(&format!("/v1/images/results/{}", job.id));
    format!("{scheme}://{host}{path}?{}", query.finish())
}

/// What an address carries beside the name of its job.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Ticket {
    /// Seconds since 1970 after which it is good no more.
    expires: i64,
    /// Whose result it is.
    #[serde(default)]
    owner: String,
    /// What says that we made it.
    signature: String,
}

/// The result behind an address.
///
/// The address came with an answer to `/v1/images/edits`, and is all that is needed.
#[utoipa::path(
    get, path = "/v1/images/results/{id}", tag = "images",
    params(("id" = String, Path, format = "uuid", description = "Name of the job"), Ticket),
    responses(
        (
            status = 200, description = "The image",
            content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp")),
        ),
        MissingErrors,
    ),
)]
pub(super) async fn show_result(
    State(state): State<ApiState>,
    IdPath(id): IdPath<JobId>,
    ticket: Result<Query<Ticket>, QueryRejection>,
) -> Result<Response, ApiError> {
    // A wrong address, one that is too old, and one of nothing look alike from outside.
    let gone = || ApiError::new(ProblemCode::NotFound, "there is no result here, or not any more");
    let Query(Ticket { expires, owner, signature }) = ticket.map_err(|_| gone())?;
    let is_ours = state.url_key.verify(&signed(&owner, id, expires), &signature);
    if !is_ours || seconds(&state) >= expires {
        return Err(gone());
    }
    let job = state.workshop.queue.find(&owner, id).await?.ok_or_else(gone)?;
    let Completion { result, .. } = completion(&job).map_err(|_| gone())?;
    let bytes = state.workshop.blobs.get(result).await?;
    Ok(([(CONTENT_TYPE, result.media_type.clone())], bytes).into_response())
}
