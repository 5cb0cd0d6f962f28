//! Headers that keep browsers from doing more with an answer than was meant.

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::Next;
use axum::response::Response;

/// The documentation page runs its own scripts and styles, and nothing from elsewhere.
const DOCUMENTATION_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
     frame-ancestors 'none'",
);
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Adds the headers to every answer. Results are personal, so nothing is kept by caches.
pub(in crate::http) async fn harden(request: Request, next: Next) -> Response {
    let documentation = request.uri().path().starts_with("/docs");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // Pages have a policy of their own.
    let policy = if documentation { DOCUMENTATION_POLICY } else { NOTHING };
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(policy);
    response
}
