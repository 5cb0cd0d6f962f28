//! The changes of a job, as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream::unfold;
use serde::Serialize;
use utoipa::ToSchema;

use super::{JobView, find};
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::openapi::{CommonProblems, JobProblems, StorageProblems};
use crate::http::path::IdPath;
use crate::http::{ApiState, RootPath};
use crate::jobs::{Job, JobId, KeptPreview};
use crate::storage::Changes;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How long a client waits before it connects again.
const RECONNECT: Duration = Duration::from_secs(2);

/// One server-sent event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description: events are written as lines")]
pub(super) struct JobEvent {
    /// Which change of the job this is, for `Last-Event-ID`.
    #[schema(example = "4")]
    id: String,
    /// `progress`, `preview`, or the final state of the job.
    #[schema(example = "progress")]
    event: String,
    /// The job as JSON, as `GET /v1/jobs/{id}` shows it; of a `preview`, a `JobPreview`.
    #[schema(content_media_type = "application/json")]
    data: String,
    /// Milliseconds to wait before connecting again.
    #[schema(minimum = 0, example = 2000)]
    retry: u32,
}

/// A draft of the picture of a running job.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct JobPreview {
    /// Iterations done.
    #[schema(example = 24)]
    iteration: u64,
    /// Media type of the draft.
    #[schema(example = "image/png")]
    media_type: String,
    /// The draft in base64, at most 320 pixels a side.
    #[schema(format = Byte)]
    image: String,
}

/// Follow a job.
///
/// Every event carries the whole job as JSON. Its name is `progress` until the job has ended,
/// then `succeeded`, `failed` or `cancelled`, and the stream closes. A client that was cut off
/// sends the last id it has seen as `Last-Event-ID` and is told what has changed since; 204 means
/// that there is nothing more to come. Events of a job that was asked for with `previews` are
/// beside that named `preview`, have no id, and carry a small draft of the picture.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/events", tag = "jobs",
    params(
        ("id" = String, Path, format = "uuid", description = "Name of the job"),
        ("Last-Event-ID" = Option<i64>, Header, description = "Id of the last event seen"),
    ),
    responses(
        (
            status = 200, description = "Events", body = JobEvent,
            content_type = "text/event-stream",
        ),
        (status = 204, description = "The job has ended, and its end was seen"),
        CommonProblems, JobProblems, StorageProblems,
    ),
)]
pub(super) async fn job_events(
    State(state): State<ApiState>,
    caller: Caller,
    IdPath(id): IdPath<JobId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let seen = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
    let seen = seen.and_then(|id| id.parse().ok()).unwrap_or(0);
    // Before the job is read, so that no change falls in between.
    let changes = state.workshop.queue.changes();
    let job = find(&state, &caller, id).await?;
    if job.state.is_final() && job.revision <= seen {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let follower =
        Follower { state, caller, changes, latest: Some(job), id, seen, due: None, shown: None };
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

/// Follows one job to its end.
struct Follower {
    state: ApiState,
    caller: Caller,
    changes: Changes,
    /// Read, but not yet looked at.
    latest: Option<Job>,
    id: JobId,
    seen: i64,
    /// The draft that is to be told next.
    due: Option<KeptPreview>,
    /// The draft that was told last.
    shown: Option<KeptPreview>,
}

impl Follower {
    /// The next change; `None` when there will be no more, or the service stops.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(preview) = self.due.take()
                && let Some(event) = self.preview(preview).await
            {
                return Some(event);
            }
            if let Some(job) = self.latest.take()
                && job.revision > self.seen
            {
                self.seen = job.revision;
                self.due = self.fresh(&job);
                return event(&job, &self.state.config.root_path);
            }
            tokio::select! {
                () = self.changes.of(self.id) => {}
                () = self.state.closing.cancelled() => return None,
            }
            // A client that is cut off comes back, and by then the database may answer.
            self.latest = Some(find(&self.state, &self.caller, self.id).await.ok()?);
            if self.latest.as_ref().is_some_and(|job| job.state.is_final())
                && self.latest.as_ref().is_some_and(|job| job.revision <= self.seen)
            {
                return None;
            }
        }
    }

    /// The draft of a running job that was not told yet.
    fn fresh(&self, job: &Job) -> Option<KeptPreview> {
        let kept = job.progress.as_ref().and_then(|progress| progress.preview.clone());
        kept.filter(|kept| !job.state.is_final() && self.shown.as_ref() != Some(kept))
    }

    /// A draft as an event; `None` if its file cannot be read: the next one may have replaced it.
    async fn preview(&mut self, preview: KeptPreview) -> Option<Event> {
        let png = self.state.workshop.blobs.get(&preview.file).await.ok()?;
        let told = JobPreview {
            iteration: preview.iteration,
            media_type: preview.file.media_type.clone(),
            image: STANDARD.encode(png),
        };
        self.shown = Some(preview);
        Event::default().event("preview").json_data(told).ok()
    }
}

fn event(job: &Job, root: &RootPath) -> Option<Event> {
    let name = if job.state.is_final() { job.state.name() } else { "progress" };
    let event = Event::default().id(job.revision.to_string()).event(name).retry(RECONNECT);
    event.json_data(JobView::new(job, root)).ok()
}
