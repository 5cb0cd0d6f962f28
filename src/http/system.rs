//! What operators and machines ask: health, metrics, version, the meaning of problems.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::error::ApiError;
use super::openapi::{CommonProblems, MissingProblem, ReadinessProblems};
use super::problem::{ProblemCode, ProblemDescription};
use crate::telemetry::{BuildInfo, Metrics};
use crate::worker::Refused;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(show_liveness))
        .routes(routes!(show_readiness))
        .routes(routes!(show_metrics))
        .routes(routes!(show_version))
        .routes(routes!(explain_problem))
}

/// How the service is.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`, always: an unhealthy service answers with a problem.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Longest wait for a part of the storage to say that it is there. Probes have little patience.
const CHECK_PATIENCE: Duration = Duration::from_secs(2);

const HEALTHY: Json<Health> = Json(Health { status: "ok" });

/// Is the process alive?
///
/// Answers as long as requests are answered at all.
#[utoipa::path(
    get, path = "/livez", tag = "system",
    responses((status = 200, description = "Alive", body = Health), CommonProblems),
)]
async fn show_liveness() -> Json<Health> {
    HEALTHY
}

/// Does the service take work?
///
/// Not while it is shutting down, and not while its database or its store of files does not
/// answer: the detail of the problem names `database`, `blobs`, or both.
#[utoipa::path(
    get, path = "/readyz", tag = "system",
    responses(
        (status = 200, description = "Ready for work", body = Health),
        CommonProblems, ReadinessProblems,
    ),
)]
async fn show_readiness(State(state): State<ApiState>) -> Result<Json<Health>, ApiError> {
    if state.pool.is_draining() {
        return Err(Refused::Draining.into());
    }
    let (database, blobs) = tokio::join!(
        timeout(CHECK_PATIENCE, state.workshop.database.ping()),
        timeout(CHECK_PATIENCE, state.workshop.blobs.check()),
    );
    let silent = [("database", database), ("blobs", blobs)]
        .into_iter()
        .filter(|(_, answer)| !matches!(answer, Ok(Ok(()))))
        .map(|(name, _)| name)
        .collect::<Vec<_>>();
    if silent.is_empty() { Ok(HEALTHY) } else { Err(ApiError::silent_storage(&silent)) }
}

/// All metrics, for Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "system",
    responses(
        (
            status = 200, description = "Metrics in the OpenMetrics text format",
            body = String, content_type = "application/openmetrics-text",
            example = "# TYPE cogd_jobs_running gauge\ncogd_jobs_running 1\n# EOF\n",
        ),
        CommonProblems,
    ),
)]
async fn show_metrics(State(state): State<ApiState>) -> impl IntoResponse {
    let (queue, backlog) = (&state.workshop.queue, state.metrics.backlog());
    // While the database does not answer, what was known last is told.
    if let Ok(Ok(stats)) = timeout(CHECK_PATIENCE, queue.stats()).await {
        let now = queue.clock().now();
        let oldest = stats.oldest_queued.map_or(Duration::ZERO, |since| now.since(since));
        let waiting = stats.queued.iter().map(|(priority, count)| (priority.name(), *count));
        backlog.set(waiting, stats.running, oldest);
    }
    state.registry.observe();
    ([(CONTENT_TYPE, Metrics::MEDIA_TYPE)], state.metrics.render())
}

/// Which build is running?
#[utoipa::path(
    get, path = "/version", tag = "system",
    responses((status = 200, description = "The running build", body = BuildInfo), CommonProblems),
)]
async fn show_version() -> Json<BuildInfo> {
    Json(BuildInfo::CURRENT)
}

/// What a kind of problem means.
#[derive(Serialize, ToSchema)]
struct ProblemMeaning {
    /// The `type` of such problems.
    #[schema(example = "/problems/too-busy")]
    r#type: String,
    /// The status of such answers.
    #[schema(minimum = 400, maximum = 599, example = 429)]
    status: u16,
    /// The problem in a few words.
    #[schema(example = "The service has enough to do")]
    title: &'static str,
    /// What it means and what to do.
    meaning: &'static str,
}

/// What does this kind of problem mean?
///
/// The `type` of every problem points here.
#[utoipa::path(
    get, path = "/problems/{code}", tag = "system",
    params(("code" = String, Path, description = "Last part of a problem's type",
        example = "too-busy", pattern = "^[a-z-]{1,40}$")),
    responses(
        (status = 200, description = "What it means", body = ProblemMeaning),
        CommonProblems, MissingProblem,
    ),
)]
async fn explain_problem(
    State(state): State<ApiState>,
    code: Result<Path<String>, PathRejection>,
) -> Result<Json<ProblemMeaning>, ApiError> {
    let Path(slug) =
        code.map_err(|_| ApiError::new(ProblemCode::MalformedRequest, "the path is not UTF-8"))?;
    let code = ProblemCode::find(&slug)
        .ok_or_else(|| ApiError::new(ProblemCode::NotFound, "there is no such problem"))?;
    let ProblemDescription { slug, status, title, explanation } = code.describe();
    let r#type = state.config.root_path.link(&format!("/problems/{slug}"));
    Ok(Json(ProblemMeaning { r#type, status: status.as_u16(), title, meaning: explanation }))
}
