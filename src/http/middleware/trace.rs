//! Each request is a step of a trace: of the one that its caller names, or of a new one.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use tracing::field::Empty;
use tracing::{Instrument as _, Span, info_span};

use super::access::known;
use super::request_id::RequestId;
use crate::http::problem::ProblemCode;
use crate::http::v1::JOB_ID;
use crate::telemetry::trace::{TARGET, TraceContext, join};

/// What is asked for every few seconds by machines would bury everything else.
const PROBES: [&str; 6] =
    ["/livez", "/healthz", "/readyz", "/metrics", "/v2/health/live", "/v2/health/ready"];

/// Has everything that a request leads to belong to its trace.
pub(in crate::http) async fn trace_request(mut request: Request, next: Next) -> Response {
    let header = request.headers().get(TraceContext::HEADER);
    let caller = header.and_then(|value| value.to_str().ok()?.parse().ok());
    let span = span(&request);
    request.extensions_mut().insert(join(&span, caller));
    let response = next.run(request).instrument(span.clone()).await;

    let status = response.status();
    span.record("http.response.status_code", status.as_u16());
    if let Some(code) = response.extensions().get::<ProblemCode>() {
        span.record("error.type", code.describe().slug);
    }
    // The faults of callers are no faults of this step.
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    if let Some(job) = response.headers().get(JOB_ID).and_then(|job| job.to_str().ok()) {
        span.record("cogd.job.id", job);
    }
    response
}

fn span(request: &Request) -> Span {
    let method = known(request.method());
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or("unmatched", MatchedPath::as_str);
    if PROBES.contains(&route) {
        return Span::none();
    }
    info_span!(
        target: TARGET,
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        error.type = Empty,
        cogd.request.id = request.extensions().get::<RequestId>().map(RequestId::as_str),
        cogd.job.id = Empty,
    )
}
