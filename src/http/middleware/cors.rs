//! Which web pages may call the service: none, unless the settings name them.

use std::time::Duration;

use axum::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, LINK, LOCATION, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use axum::http::{HeaderName, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::http::HttpConfig;
use crate::http::answer::ANSWER_HEADERS;
use crate::http::gate::KEY_HEADER;
use crate::http::iopaint::SEED;
use crate::http::middleware::authenticate::LIMIT_HEADERS;
use crate::http::middleware::request_id;
use crate::http::v2::HEADER_LENGTH;
use crate::telemetry::trace::TraceContext;

/// Headers that scripts may send besides the usual ones.
const ASKED: [&str; 6] =
    ["idempotency-key", "last-event-id", "prefer", TraceContext::HEADER, KEY_HEADER, HEADER_LENGTH];

/// The layer for these origins. Without any it adds nothing, so browsers refuse. It answers what
/// browsers ask before a request themselves, so that takes no key.
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
    let asked = ASKED.map(HeaderName::from_static).into_iter();
    let asked =
        asked.chain([ACCEPT, AUTHORIZATION, CONTENT_TYPE, CONTENT_ENCODING, request_id.clone()]);
    let answered = ANSWER_HEADERS.into_iter().chain(LIMIT_HEADERS).chain([
        "preference-applied",
        HEADER_LENGTH,
        SEED,
    ]);
    let answered = answered.map(HeaderName::from_static);
    let answered = answered.chain([LINK, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE, request_id]);
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers(asked.collect::<Vec<_>>())
        .expose_headers(answered.collect::<Vec<_>>())
        .max_age(Duration::from_hours(1))
}
