//! What can repair images, as a list of models.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde::Serialize;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;

use super::errors::{KeyErrors, MissingErrors};
use super::work::unknown;
use crate::engines::{Task, catalogue};
use crate::http::ApiState;
use crate::http::error::ApiError;
use crate::http::path::not_utf8;

/// The models of this service.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Models {
    #[schema(example = "list")]
    object: &'static str,
    data: Vec<Model>,
}

/// An engine that repairs images.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Model {
    /// Its name.
    #[schema(example = "csc")]
    id: String,
    #[schema(example = "model")]
    object: &'static str,
    /// Always 0: when an engine was made is not known.
    created: u32,
    /// `cogd`, or the licence of a network that came with one.
    #[schema(example = "cogd")]
    owned_by: String,
}

/// Which models are there?
#[utoipa::path(
    get, path = "/v1/models", tag = "models",
    responses((status = 200, description = "All models", body = Models), KeyErrors),
)]
pub(super) async fn list_models(State(state): State<ApiState>) -> Result<Json<Models>, ApiError> {
    Ok(Json(Models { object: "list", data: all(&state).await? }))
}

/// Is there such a model?
#[utoipa::path(
    get, path = "/v1/models/{model}", tag = "models",
    params(("model" = String, Path, description = "Name of the model", max_length = 128)),
    responses((status = 200, description = "The model", body = Model), KeyErrors, MissingErrors),
)]
pub(super) async fn show_model(
    State(state): State<ApiState>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<Model>, ApiError> {
    let Path(name) = name.map_err(|_| not_utf8())?;
    let found = all(&state).await?.into_iter().find(|model| model.id == name);
    found.map(Json).ok_or_else(|| unknown(&name))
}

async fn all(state: &ApiState) -> Result<Vec<Model>, ApiError> {
    let networks = Arc::clone(&state.environment.networks);
    // Manifests of networks that are not loaded are read from their files.
    let engines =
        spawn_blocking(move || catalogue(&*networks)).await.map_err(ApiError::internal)?;
    let repairs = engines.into_iter().filter(|engine| engine.tasks.contains(&Task::Inpaint));
    let model = repairs.map(|engine| Model {
        id: engine.name,
        object: "model",
        created: 0,
        owned_by: engine.licence.unwrap_or_else(|| "cogd".to_owned()),
    });
    Ok(model.collect())
}
