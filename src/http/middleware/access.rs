//! One log line and one count per request.

use std::time::Instant;

use axum::body::HttpBody;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use super::authenticate::KeyId;
use super::request_id::RequestId;
use crate::http::ApiState;
use crate::http::problem::ProblemCode;
use crate::http::v1::JOB_ID;
use crate::telemetry::trace::TraceContext;

/// Logs and counts by the matched route: raw paths would make as many time series as clients like.
pub(in crate::http) async fn record_access(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let id = request.extensions().get::<RequestId>().cloned();
    let trace = request.extensions().get::<TraceContext>().map(TraceContext::trace_id);
    let response = next.run(request).await;

    let route = matched.as_ref().map_or("unmatched", MatchedPath::as_str);
    let (status, duration) = (response.status().as_u16(), began.elapsed());
    let method = known(&method);
    state.metrics.requests().answered(method, route, status, duration);
    tracing::info!(
        target: "cogd::access",
        request_id = id.as_ref().map(RequestId::as_str),
        trace_id = trace,
        job = response.headers().get(JOB_ID).and_then(|job| job.to_str().ok()),
        key = response.extensions().get::<KeyId>().map(|key| key.0.as_str()),
        method,
        route,
        status,
        problem = response.extensions().get::<ProblemCode>().map(|code| code.describe().slug),
        duration_ms = duration.as_secs_f64() * 1e3,
        size_bytes = response.body().size_hint().exact(),
        "request",
    );
    response
}

/// The name of a method. One that is not ours can be any word, so it has no name.
pub(super) fn known(method: &Method) -> &str {
    let is_name = method.as_str().bytes().all(|byte| byte.is_ascii_uppercase());
    if is_name && method.as_str().len() <= 7 { method.as_str() } else { "OTHER" }
}
