//! What a job has made.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::task::spawn_blocking;

use super::find;
use crate::engines::{Answer, Report};
use crate::http::ApiState;
use crate::http::answer::{Rendered, respond, server_timing};
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::middleware::problems::MEDIA_TYPE;
use crate::http::negotiate::{Accept, Representation};
use crate::http::openapi::{
    CommonProblems, JobProblems, ResultAnswers, ResultProblems, StorageProblems,
};
use crate::http::path::IdPath;
use crate::http::problem::ProblemCode;
use crate::imaging::ImageFormat;
use crate::jobs::{Completion, Job, JobId, JobSpec, JobState};

/// What has the job made?
///
/// The image of a restoration, as the request itself would have answered it, or the file of a
/// dictionary. A job that failed answers with its problem.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/result", tag = "jobs",
    params(("id" = String, Path, format = "uuid", description = "Name of the job")),
    responses(ResultAnswers, CommonProblems, JobProblems, ResultProblems, StorageProblems),
)]
pub(super) async fn job_result(
    State(state): State<ApiState>,
    caller: Caller,
    IdPath(id): IdPath<JobId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let job = find(&state, &caller, id).await?;
    match job.state {
        JobState::Succeeded => answer(&state, &Accept::of(&headers), &job).await,
        JobState::Failed | JobState::Cancelled => Ok(without_result(&state, &job)),
        JobState::Queued | JobState::Running => Err(ApiError::unfinished(job.state)),
    }
}

/// The result of a job that has succeeded.
pub(super) async fn answer(
    state: &ApiState,
    accept: &Accept,
    job: &Job,
) -> Result<Response, ApiError> {
    let missing = || ApiError::internal("a job that has succeeded has no result");
    let completion = job.completion.as_ref().ok_or_else(missing)?;
    let Completion { result, report, timings, explanation } = completion;
    if let JobSpec::Learn(_) = job.spec {
        let bytes = state.workshop.blobs.get(result).await?;
        return Ok(([(CONTENT_TYPE, result.media_type.clone())], Body::from(bytes)).into_response());
    }
    let format = ImageFormat::of_media_type(&result.media_type).ok_or_else(missing)?;
    let shape = accept.choose(format, Some(format))?;
    let report: Report = serde_json::from_value(report.clone()).map_err(ApiError::internal)?;
    let bytes = state.workshop.blobs.get(result).await?;
    let explanation = match (explanation, shape) {
        (Some(kept), Representation::Json(_)) => Some(state.workshop.blobs.get(kept).await?),
        _ => None,
    };
    // Base64 of a photograph would keep this thread from other requests for too long.
    let rendered = spawn_blocking(move || {
        let explanation = explanation.map(|json| serde_json::from_slice(&json)).transpose()?;
        Rendered::new(Answer { bytes: bytes.into(), format, report, explanation }, shape)
    });
    let rendered = rendered.await.map_err(ApiError::internal)?.map_err(ApiError::internal)?;
    let timing = server_timing(timings.iter().map(|(stage, ms)| (stage.as_str(), *ms)));
    Ok(respond(rendered, &timing))
}

/// The answer of a job that has ended without a result.
pub(super) fn without_result(state: &ApiState, job: &Job) -> Response {
    let Some(problem) = &job.error else {
        let detail = "the job was cancelled";
        return ApiError::new(ProblemCode::JobCancelled, detail).into_response();
    };
    let status = problem["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let problem = state.config.root_path.link_problem(problem);
    (status, [(CONTENT_TYPE, MEDIA_TYPE)], problem.to_string()).into_response()
}
