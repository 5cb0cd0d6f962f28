//! The models that there are: listed, loaded, unloaded.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::errors::{BodyErrors, KeyErrors, ModelErrors};
use super::parameters::Parameters;
use super::request::{invalid, parse_json};
use super::solver;
use super::target::Target;
use crate::http::ApiState;
use crate::http::body;
use crate::http::error::ApiError;
use crate::registry::{IndexEntry, IndexState, RegistryFault};

/// Which models are listed.
#[derive(Default, Deserialize, ToSchema)]
pub(super) struct IndexRequest {
    /// Only those that answer requests.
    #[serde(default)]
    ready: bool,
}

/// How a model is loaded or unloaded.
#[derive(Default, Deserialize, ToSchema)]
pub(super) struct ChangeRequest {
    /// `unload_dependents` is taken and means nothing: models here do not depend on each other.
    #[serde(default)]
    #[schema(value_type = Object, required = false)]
    parameters: Parameters,
}

/// One version of a model.
#[derive(Serialize, ToSchema)]
pub(super) struct IndexedModel {
    /// Name of the model.
    name: String,
    /// Its version.
    version: String,
    /// `READY`: requests are answered. `LOADING`, `UNAVAILABLE`: not now.
    #[schema(example = "READY")]
    state: &'static str,
    /// Why, where that is not plain.
    reason: String,
}

impl From<IndexEntry> for IndexedModel {
    fn from(entry: IndexEntry) -> Self {
        let state = match entry.state {
            IndexState::Ready => "READY",
            IndexState::Loading => "LOADING",
            IndexState::Unavailable => "UNAVAILABLE",
        };
        let (name, version) = (entry.name.to_string(), entry.version.to_string());
        Self { name, version, state, reason: entry.reason }
    }
}

/// Which models are there?
///
/// The solver that is built in, and every version of every model in the folder of models, whether
/// or not it can be used.
#[utoipa::path(
    post, path = "/v2/repository/index", tag = "repository",
    request_body = Option<IndexRequest>,
    responses(
        (status = 200, description = "All versions of all models", body = Vec<IndexedModel>),
        KeyErrors, BodyErrors,
    ),
)]
pub(super) async fn list_repository(
    State(state): State<ApiState>,
    request: Request,
) -> Result<Json<Vec<IndexedModel>>, ApiError> {
    let IndexRequest { ready } = read(request, &state).await?;
    let (shadowed, others): (Vec<_>, Vec<_>) =
        state.registry.index().into_iter().partition(|entry| entry.name.as_str() == solver::NAME);
    let reason = if shadowed.is_empty() {
        "built in"
    } else {
        "built in; the model of this name in the folder is not used"
    };
    let mut listed = vec![IndexedModel {
        name: solver::NAME.to_owned(),
        version: solver::VERSION.to_owned(),
        state: "READY",
        reason: reason.to_owned(),
    }];
    let others = others.into_iter().filter(|entry| !ready || entry.state == IndexState::Ready);
    listed.extend(others.map(IndexedModel::from));
    Ok(Json(listed))
}

/// Load a model.
///
/// Looks into the folder and loads the newest version, anew if its files have changed. Requests
/// are answered by what was loaded before until the new one is ready; if that cannot be used, the
/// old one stays.
#[utoipa::path(
    post, path = "/v2/repository/models/{model}/load", tag = "repository",
    params(("model" = String, Path, description = "Name of the model", max_length = 128)),
    request_body = Option<ChangeRequest>,
    responses((status = 200, description = "It is loaded"), KeyErrors, ModelErrors, BodyErrors),
)]
pub(super) async fn load_model(
    State(state): State<ApiState>,
    target: Target,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let ChangeRequest { parameters } = read(request, &state).await?;
    // Triton takes configurations and whole files here. Models come from the folder alone.
    if let Some(name) = parameters.names().next() {
        let name = super::errors::shown(name);
        return Err(invalid(format!("the parameter `{name}` is not supported")));
    }
    refuse_solver(&target)?;
    state.registry.load_model(&target.name).await?;
    Ok(StatusCode::OK)
}

/// Unload a model.
///
/// All versions of it. Requests at hand are answered; new ones are refused until it is loaded
/// again.
#[utoipa::path(
    post, path = "/v2/repository/models/{model}/unload", tag = "repository",
    params(("model" = String, Path, description = "Name of the model", max_length = 128)),
    request_body = Option<ChangeRequest>,
    responses((status = 200, description = "It is unloaded"), KeyErrors, ModelErrors, BodyErrors),
)]
pub(super) async fn unload_model(
    State(state): State<ApiState>,
    target: Target,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let ChangeRequest { .. } = read(request, &state).await?;
    refuse_solver(&target)?;
    state.registry.unload_model(&target.name).map_err(RegistryFault::from)?;
    Ok(StatusCode::OK)
}

fn refuse_solver(target: &Target) -> Result<(), ApiError> {
    if target.is_solver() {
        let name = solver::NAME;
        return Err(invalid(format!("the model `{name}` is built in: it is always loaded")));
    }
    Ok(())
}

/// Reads a body that may be empty, or `null`, which says as much.
async fn read<T: for<'de> Deserialize<'de> + Default>(
    request: Request,
    state: &ApiState,
) -> Result<T, ApiError> {
    let collect = async |request| body::collect(request, state).await;
    let body = body::in_time(request, state, collect).await?;
    match body.trim_ascii() {
        b"" | b"null" => Ok(T::default()),
        json => parse_json(json),
    }
}
