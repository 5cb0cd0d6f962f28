//! What the page asks before it begins, and when a picture is opened.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use tokio::task::spawn_blocking;
use utoipa::ToSchema;

use super::answers::{MODEL, ModelInfo, Prompts, ServerConfig};
use super::errors::{BodyErrors, KeyErrors};
use crate::engines::{Task, catalogue};
use crate::http::ApiState;
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::upload::{BodyKind, PartKind, entries, parts};

/// What can the page offer?
#[utoipa::path(
    get, path = "/api/v1/server-config", tag = "settings",
    responses((status = 200, description = "Settings", body = ServerConfig), KeyErrors),
)]
pub(super) async fn show_config(
    State(state): State<ApiState>,
) -> Result<Json<ServerConfig>, ApiError> {
    Ok(Json(ServerConfig::new(samplers(&state).await?)))
}

/// Which model is in use?
#[utoipa::path(
    get, path = "/api/v1/model", tag = "settings",
    responses((status = 200, description = "The only one", body = ModelInfo), KeyErrors),
)]
pub(super) async fn show_model() -> Json<ModelInfo> {
    Json(ModelInfo::OURS)
}

/// The model to use.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description: the member is read from the JSON")]
struct ModelChoice {
    /// Its name.
    #[schema(example = "cogd")]
    name: String,
}

/// Use a model.
///
/// There is only one: engines are chosen as samplers, by each request for itself.
#[utoipa::path(
    post, path = "/api/v1/model", tag = "settings", request_body = ModelChoice,
    responses((status = 200, description = "The only one", body = ModelInfo), KeyErrors, BodyErrors),
)]
pub(super) async fn choose_model(
    State(state): State<ApiState>,
    request: Request,
) -> Result<Json<ModelInfo>, ApiError> {
    let read = async |request| body::collect(request, &state).await;
    let body = body::in_time(request, &state, read).await?;
    let named = entries(&body)?.into_pairs().into_iter().find(|(name, _)| name == "name");
    match named.as_ref().and_then(|(_, value)| value.as_str()) {
        Some(MODEL) => Ok(Json(ModelInfo::OURS)),
        _ => Err(ApiError::invalid_field("name", format!("must be `{MODEL}`, the only model"))),
    }
}

/// Which samplers are there?
///
/// Our engines.
#[utoipa::path(
    get, path = "/api/v1/samplers", tag = "settings",
    responses((status = 200, description = "Names", body = Vec<String>), KeyErrors),
)]
pub(super) async fn list_samplers(
    State(state): State<ApiState>,
) -> Result<Json<Vec<String>>, ApiError> {
    Ok(Json(samplers(&state).await?))
}

/// Which samplers are there, as some clients ask?
#[utoipa::path(
    post, path = "/api/v1/samplers", tag = "settings",
    responses((status = 200, description = "Names", body = Vec<String>), KeyErrors),
)]
pub(super) async fn list_samplers_again(
    state: State<ApiState>,
) -> Result<Json<Vec<String>>, ApiError> {
    list_samplers(state).await
}

/// A picture that was opened.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description: the part is read from the form")]
struct OpenedFile {
    /// The picture.
    #[schema(format = Binary, value_type = String)]
    file: Vec<u8>,
}

/// How was a picture generated?
///
/// The page asks whenever a picture is opened. It is not looked at.
#[utoipa::path(
    post, path = "/api/v1/gen-info", tag = "settings",
    request_body(content((OpenedFile = "multipart/form-data"))),
    responses((status = 200, description = "Nothing", body = Prompts), KeyErrors, BodyErrors),
)]
pub(super) async fn show_prompts(
    State(state): State<ApiState>,
    request: Request,
) -> Result<Json<Prompts>, ApiError> {
    let BodyKind::Form = BodyKind::of(&request)? else {
        return Err(ApiError::invalid_field("file", "must be a part of a form"));
    };
    let read = async |request| parts(request, &state, |_| PartKind::File).await;
    let given = body::in_time(request, &state, read).await?;
    if given.iter().any(|(name, _)| name == "file") {
        Ok(Json(Prompts::default()))
    } else {
        Err(ApiError::invalid_field("file", "is required"))
    }
}

/// The names of the engines that fill holes.
pub(super) async fn samplers(state: &ApiState) -> Result<Vec<String>, ApiError> {
    let networks = Arc::clone(&state.environment.networks);
    // Manifests of networks that are not loaded are read from their files.
    let engines =
        spawn_blocking(move || catalogue(&*networks)).await.map_err(ApiError::internal)?;
    let fills = engines.into_iter().filter(|engine| engine.tasks.contains(&Task::Inpaint));
    Ok(fills.map(|engine| engine.name).collect())
}
