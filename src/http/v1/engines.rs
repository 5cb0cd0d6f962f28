//! What can be asked for.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;

use crate::engines::{EngineDescription, catalogue};
use crate::http::ApiState;
use crate::http::error::ApiError;
use crate::http::openapi::CommonProblems;

/// The engines of this service.
#[derive(Serialize, ToSchema)]
pub(super) struct Engines {
    /// Each with its tasks and parameters.
    engines: Vec<EngineDescription>,
}

/// Which engines are there, and what do they take?
///
/// Networks are listed if they restore images. Those that are `generative` make up what was not in
/// the picture; `auto` never chooses one.
#[utoipa::path(
    get, path = "/v1/engines", tag = "restoration",
    responses((status = 200, description = "All engines", body = Engines), CommonProblems),
)]
pub(super) async fn list_engines(State(state): State<ApiState>) -> Result<Json<Engines>, ApiError> {
    // Manifests of networks that are not loaded are read from their files.
    let engines = spawn_blocking(move || catalogue(&*state.environment.networks)).await;
    Ok(Json(Engines { engines: engines.map_err(ApiError::internal)? }))
}
