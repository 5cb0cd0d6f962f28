//! The description of the API, made from the routes themselves.
//!
//! Error answers come from the table of problems and request bodies from the table of
//! parameters, so that neither can drift from what the service does.

mod accepted;
mod dialects;
mod problems;
mod restorations;
mod security;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use bytes::Bytes;
use utoipa::OpenApi;
use utoipa::openapi::ServerBuilder;
use utoipa_axum::router::OpenApiRouter;

use super::problem::Problem;
use super::{ApiState, RootPath, iopaint, openai, system, v1, v2};
use crate::engines::Task;

pub(super) use accepted::{AcceptedAnswer, JobHeaders};
pub(super) use dialects::error_answers;
pub(super) use problems::{
    CommonProblems, DictionaryProblems, JobProblems, LearningProblems, MissingProblem,
    OwnDictionaryProblems, QueryProblems, ReadinessProblems, RestorationProblems, ResultProblems,
    StorageProblems,
};
pub(super) use restorations::{FeatureAnswers, RestorationAnswers, ResultAnswers};

#[derive(OpenApi)]
#[openapi(
    info(description = "Repairs images: holes, scratches, dust, missing or noisy pixels."),
    tags(
        (name = "restoration", description = "Images in, repaired images out"),
        (name = "jobs", description = "Work that goes on whether or not its client waits"),
        (name = "system", description = "Health, metrics, version, the meaning of problems"),
    ),
    components(schemas(Problem, super::answer::Restoration, v1::FeatureSummary, v1::JobView, v1::JobPreview)),
)]
struct Base;

/// All documented routes with their description.
pub(super) fn routes() -> OpenApiRouter<ApiState> {
    let mut routes =
        OpenApiRouter::with_openapi(Base::openapi()).merge(v1::routes()).merge(system::routes());
    let document = routes.get_openapi_mut();
    for (path, body) in [
        ("/v1/inpaint", restorations::restoration(Task::Inpaint)),
        ("/v1/reconstruct", restorations::restoration(Task::Reconstruct)),
        ("/v1/batches", restorations::batch()),
        ("/v1/dictionaries", restorations::learning()),
        ("/v1/features", restorations::features()),
    ] {
        let operation = document.paths.paths.get_mut(path).and_then(|item| item.post.as_mut());
        operation.expect("all are routes").request_body = Some(body.into());
    }
    security::describe(routes.get_openapi_mut());
    routes
}

/// The routes of the Open Inference Protocol with their description.
pub(super) fn routes_v2() -> OpenApiRouter<ApiState> {
    let mut routes = v2::routes();
    security::describe(routes.get_openapi_mut());
    routes
}

/// The routes of the `OpenAI` dialect with their description.
pub(super) fn routes_openai() -> OpenApiRouter<ApiState> {
    let mut routes = openai::routes();
    security::describe(routes.get_openapi_mut());
    routes
}

/// The routes of the `IOPaint` dialect with their description.
pub(super) fn routes_iopaint() -> OpenApiRouter<ApiState> {
    let mut routes = iopaint::routes();
    security::describe(routes.get_openapi_mut());
    routes
}

/// The description of the API, as `/openapi.json` serves it and `openapi/v1.json` keeps it.
pub fn document() -> String {
    text(&routes().into_openapi())
}

/// The description of the Open Inference Protocol, as `/openapi/v2.json` serves it and
/// `openapi/v2.json` keeps it.
pub fn document_v2() -> String {
    text(&routes_v2().into_openapi())
}

fn text(document: &utoipa::openapi::OpenApi) -> String {
    format!("{:#}\n", serde_json::json!(document))
}

/// The description of the `OpenAI` dialect, as `/openapi/openai.json` serves it and
/// `openapi/openai.json` keeps it.
pub fn document_openai() -> String {
    text(&routes_openai().into_openapi())
}

/// The description of the `IOPaint` dialect, as `/openapi/iopaint.json` serves it and
/// `openapi/iopaint.json` keeps it.
pub fn document_iopaint() -> String {
    text(&routes_iopaint().into_openapi())
}

/// Where the descriptions are served.
pub(super) const ADDRESSES: [&str; 4] =
    ["/openapi.json", "/openapi/v2.json", "/openapi/openai.json", "/openapi/iopaint.json"];

/// Serves the descriptions, of a service at this path. They are not described themselves.
pub(super) fn route(root: &RootPath) -> Router<ApiState> {
    let answer = |routes: OpenApiRouter<ApiState>| {
        let mut document = routes.into_openapi();
        if !root.is_empty() {
            document.servers = Some(vec![ServerBuilder::new().url(root.to_string()).build()]);
        }
        let text = Bytes::from(text(&document));
        get(|| async move { ([(CONTENT_TYPE, "application/json")], text) })
    };
    let [native, v2, openai, iopaint] = ADDRESSES;
    Router::new()
        .route(native, answer(routes()))
        .route(v2, answer(routes_v2()))
        .route(openai, answer(routes_openai()))
        .route(iopaint, answer(routes_iopaint()))
}
