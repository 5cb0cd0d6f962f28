//! What can be asked for.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::engines::{EngineDescription, catalogue};
use crate::http::openapi::CommonProblems;

/// The engines of this service.
#[derive(Serialize, ToSchema)]
pub(super) struct Engines {
    /// Each with its tasks and parameters.
    engines: Vec<EngineDescription>,
}

/// Which engines are there, and what do they take?
#[utoipa::path(
    get, path = "/v1/engines", tag = "restoration",
    responses((status = 200, description = "All engines", body = Engines), CommonProblems),
)]
pub(super) async fn list_engines() -> Json<Engines> {
    Json(Engines { engines: catalogue() })
}
