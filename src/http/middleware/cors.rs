//! Which web pages may call the service: none, unless the settings name them.

use std::time::Duration;

use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::http::HttpConfig;
use crate::http::answer::ANSWER_HEADERS;
use crate::http::middleware::request_id;

/// The layer for these origins. Without any it adds nothing, so browsers refuse.
pub(in crate::http) fn layer(config: &HttpConfig) -> CorsLayer {
    if config.cors_origins.is_empty() {
        return CorsLayer::new();
    }
    let origins = if config.cors_origins.iter().any(crate::http::Origin::is_any) {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(config.cors_origins.iter().map(crate::http::Origin::header))
    };
    let request_id = HeaderName::from_static(request_id::HEADER);
    let exposed = ANSWER_HEADERS.map(HeaderName::from_static);
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([ACCEPT, CONTENT_TYPE, CONTENT_ENCODING, request_id.clone()])
        .expose_headers(exposed.into_iter().chain([RETRY_AFTER, request_id]).collect::<Vec<_>>())
        .max_age(Duration::from_hours(1))
}
