//! The Open Inference Protocol, version 2, as Triton and `KServe` speak it.
//!
//! Tensors in, tensors out, under the names that the model has; and [`pictures`] in and out where a
//! model restores them, the built-in [`solver`] among them. Errors are `{"error": "…"}`.
//! With the extensions for binary tensors, model configuration, statistics and the repository.

mod bounded;
mod datatype;
mod describe;
mod errors;
mod infer;
mod numbers;
mod object;
mod parameters;
mod pictures;
mod raw;
mod repository;
mod request;
mod response;
mod solver;
mod statistics;
mod target;
mod value;

use axum::http::{HeaderMap, StatusCode, Version};
use axum::routing::{get, post};
use tower_http::compression::{CompressionLayer, CompressionLevel};
use utoipa::OpenApi;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;

pub(super) use errors::body;
pub use solver::SolverTally;

/// Header that says how many bytes of a body are JSON; what follows are tensors.
pub(super) const HEADER_LENGTH: &str = "inference-header-content-length";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "cogd: Open Inference Protocol",
        description = "Runs models on tensors, for clients of Triton, KServe and their kin.",
    ),
    tags(
        (name = "inference", description = "Models that run, and what they take"),
        (name = "repository", description = "Models that there are, loaded and unloaded"),
    ),
    components(schemas(errors::V2Error)),
)]
struct Base;

/// The routes of one model, which exist with and without a version.
const OF_A_MODEL: &str = "/v2/models/{model}";

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    let versioned = |rest: &str| format!("{OF_A_MODEL}/versions/{{version}}{rest}");
    // Only tensors are worth it, and some clients cannot read errors that are compressed.
    let succeeded = |status: StatusCode, _: Version, _: &HeaderMap, _: &axum::http::Extensions| {
        status.is_success()
    };
    let compression =
        CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(succeeded);
    let inference = OpenApiRouter::new()
        .routes(routes!(infer::infer))
        .route(&versioned("/infer"), post(infer::infer))
        .layer(compression);
    let mut routes = OpenApiRouter::with_openapi(Base::openapi())
        .routes(routes!(describe::show_server))
        .routes(routes!(describe::show_liveness))
        .routes(routes!(describe::show_readiness))
        .routes(routes!(describe::list_models))
        .routes(routes!(statistics::show_all_statistics))
        .routes(routes!(describe::show_model))
        .route(&versioned(""), get(describe::show_model))
        .routes(routes!(describe::show_model_readiness))
        .route(&versioned("/ready"), get(describe::show_model_readiness))
        .routes(routes!(describe::show_configuration))
        .route(&versioned("/config"), get(describe::show_configuration))
        .routes(routes!(statistics::show_statistics))
        .route(&versioned("/stats"), get(statistics::show_statistics))
        .merge(inference)
        .routes(routes!(repository::list_repository))
        .routes(routes!(repository::load_model))
        .routes(routes!(repository::unload_model));
    describe_versions(&mut routes.get_openapi_mut().paths);
    routes
}

/// Describes the routes with a version after those without.
fn describe_versions(paths: &mut utoipa::openapi::Paths) {
    let versioned = |(path, item): (&String, &PathItem)| {
        let rest = path.strip_prefix(OF_A_MODEL)?;
        let mut item = item.clone();
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            take_version(operation);
        }
        Some((format!("{OF_A_MODEL}/versions/{{version}}{rest}"), item))
    };
    let versioned: Vec<_> = paths.paths.iter().filter_map(versioned).collect();
    paths.paths.extend(versioned);
}

fn take_version(operation: &mut Operation) {
    operation.operation_id = operation.operation_id.take().map(|id| format!("{id}_version"));
    let version = ParameterBuilder::new()
        .name("version")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("Version of the model"))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(SchemaType::Type(Type::String))
                .pattern(Some("^[1-9][0-9]{0,18}$")),
        ));
    operation.parameters.get_or_insert_default().push(version.build().into());
}
