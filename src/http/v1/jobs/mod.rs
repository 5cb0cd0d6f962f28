//! Jobs: ask for one, list them, end them.

mod events;
mod list;
mod result;
mod view;

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::{HeaderName, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, timeout_at};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::ApiState;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::intake;
use crate::http::negotiate::Accept;
use crate::http::openapi::{CommonProblems, JobProblems, StorageProblems};
use crate::http::path::IdPath;
use crate::http::prefer::Prefer;
use crate::http::problem::ProblemCode;
use crate::jobs::{Job, JobId, JobState};
use crate::storage::{Cancel, Forget};

pub(in crate::http) use events::JobPreview;
pub(in crate::http) use view::{JobView, path};

/// Says which preferences were granted.
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// Names the job of an answer.
pub(in crate::http) const JOB_ID: HeaderName = HeaderName::from_static("x-job-id");

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list::list_jobs))
        .routes(routes!(find_job, delete_job))
        .routes(routes!(result::job_result))
        .routes(routes!(events::job_events))
}

/// Where does a job stand?
#[utoipa::path(
    get, path = "/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, format = "uuid", description = "Name of the job")),
    responses(
        (status = 200, description = "The job", body = JobView),
        CommonProblems, JobProblems, StorageProblems,
    ),
)]
async fn find_job(
    State(state): State<ApiState>,
    caller: Caller,
    IdPath(id): IdPath<JobId>,
) -> Result<Json<JobView>, ApiError> {
    let job = find(&state, &caller, id).await?;
    Ok(Json(JobView::new(&job, &state.config.root_path)))
}

/// Cancel a job, or forget it.
///
/// A job that has not ended is cancelled: it stops within one iteration, and stays to be seen
/// until it expires, its events end with `cancelled`, and its result is the problem
/// `job-cancelled`. A job that has ended, by being cancelled too, is forgotten with its files: from
/// then on there is no such job.
#[utoipa::path(
    delete, path = "/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, format = "uuid", description = "Name of the job")),
    responses(
        (status = 200, description = "It had not begun, and will not", body = JobView),
        (status = 202, description = "Its worker was told to stop", body = JobView),
        (status = 204, description = "It is forgotten"),
        CommonProblems, JobProblems, StorageProblems,
    ),
)]
async fn delete_job(
    State(state): State<ApiState>,
    caller: Caller,
    IdPath(id): IdPath<JobId>,
) -> Result<Response, ApiError> {
    let (queue, root) = (&state.workshop.queue, &state.config.root_path);
    Ok(match queue.cancel(caller.owner(), id).await? {
        Cancel::Cancelled(job) => {
            state.workshop.announce(&job).await;
            Json(JobView::new(&job, root)).into_response()
        }
        Cancel::Requested(job) => {
            (StatusCode::ACCEPTED, Json(JobView::new(&job, root))).into_response()
        }
        Cancel::Finished(_) => match queue.forget(caller.owner(), id).await? {
            Forget::Forgotten(_) => {
                intake::discard(&state, vec![id]).await;
                StatusCode::NO_CONTENT.into_response()
            }
            // Another request was faster.
            Forget::Unfinished(_) | Forget::Unknown => return Err(ApiError::unknown_job(id)),
        },
        Cancel::Unknown => return Err(ApiError::unknown_job(id)),
    })
}

async fn find(state: &ApiState, caller: &Caller, id: JobId) -> Result<Job, ApiError> {
    let job = state.workshop.queue.find(caller.owner(), id).await?;
    job.ok_or_else(|| ApiError::unknown_job(id))
}

/// Answers a request that became a job: with its result if it ends while the client waits, else
/// with the job. A client that leaves while it waits does not cancel it.
pub(super) async fn answer_accepted(
    state: &ApiState,
    caller: &Caller,
    accept: &Accept,
    prefer: Prefer,
    job: Job,
) -> Result<Response, ApiError> {
    let (id, root) = (job.id, &state.config.root_path);
    // Who does not wait is told of the job, however quickly that may have ended.
    let waits = !prefer.patience().is_zero();
    let job = if waits { wait_for_end(state, caller, job, prefer.patience()).await } else { job };
    let result = if waits && job.state == JobState::Succeeded {
        // The job is accepted whatever happens now: a result that cannot be read can be later.
        let answer = result::answer(state, accept, &job).await;
        (!is_unavailable(&answer)).then_some(answer).transpose()?
    } else if waits && job.state.is_final() {
        Some(result::without_result(state, &job))
    } else {
        None
    };
    let mut response =
        result.unwrap_or_else(|| accepted(root.link(&path(id)), &JobView::new(&job, root)));
    let applied = HeaderValue::try_from(prefer.applied()).map_err(ApiError::internal)?;
    let name = HeaderValue::try_from(id.to_string()).map_err(ApiError::internal)?;
    response.headers_mut().insert(PREFERENCE_APPLIED, applied);
    response.headers_mut().insert(JOB_ID, name);
    Ok(response)
}

/// 202, and where to look.
pub(super) fn accepted(location: String, body: &impl serde::Serialize) -> Response {
    (StatusCode::ACCEPTED, [(LOCATION, location), (RETRY_AFTER, "1".to_owned())], Json(body))
        .into_response()
}

fn is_unavailable<T>(answer: &Result<T, ApiError>) -> bool {
    let storage = |error: &ApiError| error.code() == ProblemCode::StorageUnavailable;
    answer.as_ref().is_err_and(storage)
}

/// Waits for the end of a job, for as long as `patience` allows. Gives the job as it was seen last,
/// even if the database falls silent meanwhile or somebody else deletes it: it was accepted.
pub(in crate::http) async fn wait_for_end(
    state: &ApiState,
    caller: &Caller,
    mut job: Job,
    patience: Duration,
) -> Job {
    let until = Instant::now() + patience;
    let mut changes = state.workshop.queue.changes();
    while !job.state.is_final() && !state.closing.is_cancelled() {
        let told = async {
            tokio::select! {
                () = changes.of(job.id) => {}
                () = state.closing.cancelled() => {}
            }
        };
        if timeout_at(until, told).await.is_err() {
            break;
        }
        match timeout_at(until, find(state, caller, job.id)).await {
            Ok(Ok(found)) => job = found,
            // It may be back before the client has waited long enough.
            Ok(Err(error)) if error.code() == ProblemCode::StorageUnavailable => {}
            Ok(Err(_)) | Err(_) => break,
        }
    }
    job
}
