//! The HTTP API: [`router`] needs no socket, [`serve`] gives it one.

mod answer;
mod body;
mod caller;
mod config;
mod dialect;
mod error;
mod gate;
mod intake;
mod iopaint;
mod middleware;
mod negotiate;
mod openai;
mod openapi;
mod path;
mod playground;
mod prefer;
mod problem;
mod rights;
mod root_path;
mod server;
mod state;
mod system;
mod tensor_file;
mod ui;
mod upload;
mod v1;
mod v2;
mod wording;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::decompression::RequestDecompressionLayer;
use utoipa_swagger_ui::SwaggerUi;

pub use axum::Router;
pub use config::{HttpConfig, InvalidOrigin, Origin};
pub use gate::{Gate, GateError};
pub use openapi::{document, document_iopaint, document_openai, document_v2};
pub use problem::{ProblemCode, ProblemDescription, problems_page};
pub use root_path::{InvalidRootPath, RootPath};
pub use server::serve;
pub use state::ApiState;
pub use v2::SolverTally;
pub use wording::{ApiWording, worker_lost};

use crate::jobs::JobKind;
use error::ApiError;
use middleware::{access, authenticate, cors, panic, problems, request_id, security, trace};

/// Everything the service answers.
pub fn router(state: ApiState) -> Router {
    let (api, _) = openapi::routes().split_for_parts();
    let (v2, _) = openapi::routes_v2().split_for_parts();
    let (openai, _) = openapi::routes_openai().split_for_parts();
    let (iopaint, _) = openapi::routes_iopaint().split_for_parts();
    let root = &state.config.root_path;
    let addresses = openapi::ADDRESSES.map(|address| root.link(address));
    let descriptions = utoipa_swagger_ui::Config::new(addresses);
    let documentation: Router<ApiState> = SwaggerUi::new("/docs").config(descriptions).into();
    let routes =
        api.merge(v2).merge(openai).merge(iopaint).merge(openapi::route(root)).merge(documentation);
    let routes = match &state.config.ui_dir {
        Some(folder) => ui::serve(routes, folder),
        None if state.config.playground => routes.merge(playground::routes()).fallback(no_route),
        None => routes.fallback(no_route),
    };
    dress(routes, state)
}

/// What a process answers that only works on jobs: how it is, to those who watch over it.
pub fn watch_router(state: ApiState) -> Router {
    let (system, _) = system::routes().split_for_parts();
    dress(system.fallback(no_route), state)
}

/// Puts around routes what every answer needs.
fn dress(routes: Router<ApiState>, state: ApiState) -> Router {
    let body_limit = usize::try_from(state.config.max_body_bytes).unwrap_or(usize::MAX);
    let codes = ProblemCode::ALL.map(|code| code.describe().slug);
    state.metrics.requests().expect(codes);
    state.metrics.attempts().expect(JobKind::ALL.map(JobKind::name), codes);
    let root = state.config.root_path.clone();
    // A layer wraps all that is above it: read from the bottom to follow a request inwards.
    let routes = routes
        // Counts the bytes that come out of decompression.
        .layer(DefaultBodyLimit::max(body_limit))
        .layer(RequestDecompressionLayer::new())
        // Before a body is read. Inside of what makes problems of errors.
        .layer(from_fn_with_state(Arc::clone(&state.gate), authenticate::authenticate))
        // A panic becomes an error like any other, so it must happen inside the next layer.
        .layer(CatchPanicLayer::custom(panic::answer_panic))
        .layer(from_fn_with_state(state.clone(), problems::render_problems))
        .layer(cors::layer(&state.config))
        .layer(from_fn(security::harden))
        // Sees the final status of everything above.
        .layer(from_fn_with_state(state.clone(), access::record_access))
        .layer(from_fn(trace::trace_request))
        .layer(from_fn(request_id::name_request))
        .with_state(state);
    root.place(routes)
}

async fn no_route() -> Response {
    ApiError::new(ProblemCode::NotFound, "no route has this path").into_response()
}
