//! A web page of others, served from a folder as it is.

use std::path::Path;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
use tower::ServiceBuilder;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use super::ApiState;

/// It runs its own scripts and styles, shows pictures that it made, and calls this service.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
     font-src 'self' data:; connect-src 'self' data: blob: ws: wss:; worker-src 'self' blob:; \
     frame-ancestors 'none'",
);

/// Serves the files of a folder where no route of the service is. Nothing outside the folder can be
/// had, and no list of what is in it.
pub(super) fn serve(api: Router<ApiState>, folder: &Path) -> Router<ApiState> {
    let files = ServeDir::new(folder);
    let layer = SetResponseHeaderLayer::overriding(CONTENT_SECURITY_POLICY, POLICY);
    api.fallback_service(ServiceBuilder::new().layer(layer).service(files))
}
