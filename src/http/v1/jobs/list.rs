//! The jobs of a caller, page by page.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::LINK;
use axum::http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::JobView;
use crate::http::ApiState;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::openapi::{CommonProblems, QueryProblems, StorageProblems};
use crate::jobs::{BatchId, JobId, JobKind, JobState};
use crate::storage::JobFilter;

/// Jobs of one page when no number is given.
const PAGE: u32 = 50;
/// Jobs of the longest page.
const LONGEST_PAGE: u32 = 200;

/// Which jobs are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Only those in this state.
    state: Option<JobState>,
    /// Only those of this kind.
    kind: Option<JobKind>,
    /// Only those of this batch.
    batch: Option<BatchId>,
    /// Jobs of a page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// Only those older than this one: the `next` of the page before.
    after: Option<JobId>,
}

/// One page of jobs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Jobs {
    /// The newest first.
    jobs: Vec<JobView>,
    /// What to give as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<JobId>,
}

/// Which jobs are there?
#[utoipa::path(
    get, path = "/v1/jobs", tag = "jobs", params(Wanted),
    responses(
        (
            status = 200, description = "One page of jobs, the newest first", body = Jobs,
            headers(("Link" = String, description = "The next page, if there is one")),
        ),
        CommonProblems, QueryProblems, StorageProblems,
    ),
)]
pub(super) async fn list_jobs(
    State(state): State<ApiState>,
    caller: Caller,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<(HeaderMap, Json<Jobs>), ApiError> {
    let Query(wanted) = wanted.map_err(|error| ApiError::invalid_query(&error))?;
    let limit = wanted.limit.unwrap_or(PAGE);
    if !(1..=LONGEST_PAGE).contains(&limit) {
        return Err(ApiError::invalid_field("limit", "must lie between 1 and 200")
            .with_limit(LONGEST_PAGE.into(), Some(limit.into())));
    }
    let filter = JobFilter { state: wanted.state, kind: wanted.kind, batch: wanted.batch };
    // One more than asked for tells whether there is another page.
    let (queue, root) = (&state.workshop.queue, &state.config.root_path);
    let mut jobs = queue.list(caller.owner(), &filter, wanted.after, limit + 1).await?;
    let more = jobs.len() > limit as usize;
    jobs.truncate(limit as usize);
    let next = jobs.last().filter(|_| more).map(|job| job.id);
    let mut headers = HeaderMap::new();
    if let Some(after) = next {
        let next = root.link(&format!("/v1/jobs?{}", wanted.query(limit, after)));
        let link = format!("<{next}>; rel=\"next\"");
        headers.insert(LINK, HeaderValue::try_from(link).map_err(ApiError::internal)?);
    }
    let jobs = jobs.iter().map(|job| JobView::new(job, root)).collect();
    Ok((headers, Json(Jobs { jobs, next })))
}

impl Wanted {
    fn query(&self, limit: u32, after: JobId) -> String {
        let mut query = vec![("limit", limit.to_string()), ("after", after.to_string())];
        query.extend(self.state.map(|state| ("state", state.to_string())));
        query.extend(self.kind.map(|kind| ("kind", kind.name().to_owned())));
        query.extend(self.batch.map(|batch| ("batch", batch.to_string())));
        let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        query.join("&")
    }
}
