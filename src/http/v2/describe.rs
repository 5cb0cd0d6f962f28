//! What the service and its models say of themselves.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::errors::{CommonErrors, KeyErrors, ModelErrors};
use super::target::{Model, Target};
use super::{datatype, solver};
use crate::http::ApiState;
use crate::http::error::ApiError;
use crate::http::problem::ProblemCode;
use crate::inference::{Dimension, ValueInfo};
use crate::registry::{IndexState, Manifest};
use crate::telemetry::BuildInfo;
use crate::worker::Refused;

/// The extensions of the protocol that are spoken here.
const EXTENSIONS: [&str; 5] =
    ["binary_tensor_data", "model_repository", "model_configuration", "statistics", "parameters"];

/// The server.
#[derive(Serialize, ToSchema)]
pub(super) struct ServerMetadata {
    /// `cogd`.
    #[schema(example = "cogd")]
    name: &'static str,
    /// Its version.
    version: &'static str,
    /// What it can do beyond the protocol's core.
    extensions: [&'static str; 5],
}

/// Which server is this?
#[utoipa::path(
    get, path = "/v2", tag = "inference",
    responses((status = 200, description = "The server", body = ServerMetadata), KeyErrors),
)]
pub(super) async fn show_server() -> Json<ServerMetadata> {
    let version = BuildInfo::CURRENT.version;
    Json(ServerMetadata { name: "cogd", version, extensions: EXTENSIONS })
}

/// Whether the server is alive.
#[derive(Serialize, ToSchema)]
pub(super) struct Live {
    /// Always.
    live: bool,
}

/// Is the server alive?
#[utoipa::path(
    get, path = "/v2/health/live", tag = "inference",
    responses((status = 200, description = "Alive", body = Live), CommonErrors),
)]
pub(super) async fn show_liveness() -> Json<Live> {
    Json(Live { live: true })
}

/// Whether the server takes requests.
#[derive(Serialize, ToSchema)]
pub(super) struct Ready {
    /// Always: what is not ready answers with an error.
    ready: bool,
}

/// Does the server take requests?
#[utoipa::path(
    get, path = "/v2/health/ready", tag = "inference",
    responses(
        (status = 200, description = "Ready", body = Ready),
        (status = 503, description = "Shutting down", body = super::errors::V2Error),
        CommonErrors,
    ),
)]
pub(super) async fn show_readiness(State(state): State<ApiState>) -> Result<Json<Ready>, ApiError> {
    if state.pool.is_draining() {
        Err(Refused::Draining.into())
    } else {
        Ok(Json(Ready { ready: true }))
    }
}

/// The models.
#[derive(Serialize, ToSchema)]
pub(super) struct ModelNames {
    /// Their names.
    models: Vec<String>,
}

/// Which models are there?
#[utoipa::path(
    get, path = "/v2/models", tag = "inference",
    responses((status = 200, description = "Their names", body = ModelNames), KeyErrors),
)]
pub(super) async fn list_models(State(state): State<ApiState>) -> Json<ModelNames> {
    let registered = state.registry.index().into_iter().map(|entry| entry.name.to_string());
    let mut models = vec![solver::NAME.to_owned()];
    models.extend(registered.filter(|name| name != solver::NAME));
    models.dedup();
    Json(ModelNames { models })
}

/// A model.
#[derive(Serialize, ToSchema)]
pub(super) struct ModelMetadata {
    /// Its name.
    pub(super) name: String,
    /// Its versions, the oldest first.
    pub(super) versions: Vec<String>,
    /// What it is made for.
    #[schema(example = "onnx_onnxv1")]
    pub(super) platform: &'static str,
    /// What has to be given.
    pub(super) inputs: Vec<TensorMetadata>,
    /// What comes out.
    pub(super) outputs: Vec<TensorMetadata>,
}

/// An input or output.
#[derive(Serialize, ToSchema)]
pub(super) struct TensorMetadata {
    /// Its name.
    pub(super) name: String,
    /// Type of its elements.
    #[schema(example = "FP32")]
    pub(super) datatype: &'static str,
    /// Lengths of its axes; -1 for any.
    pub(super) shape: Vec<i64>,
    /// There if it may be left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) parameters: Option<InputParameters>,
}

/// What more there is to say of an input.
#[derive(Serialize, ToSchema)]
pub(super) struct InputParameters {
    /// Whether it may be left out.
    pub(super) optional: bool,
}

impl From<&ValueInfo> for TensorMetadata {
    fn from(value: &ValueInfo) -> Self {
        let datatype = datatype::name(value.element);
        Self { name: value.name.clone(), datatype, shape: lengths(value), parameters: None }
    }
}

fn lengths(value: &ValueInfo) -> Vec<i64> {
    let length = |axis: &Dimension| axis.fixed().and_then(|fixed| i64::try_from(fixed).ok());
    let axes = value.shape.iter().flatten();
    axes.map(|axis| length(axis).unwrap_or(-1)).collect()
}

/// What does this model take and give?
#[utoipa::path(
    get, path = "/v2/models/{model}", tag = "inference",
    params(("model" = String, Path, description = "Name of the model", max_length = 128)),
    responses(
        (status = 200, description = "Its inputs and outputs", body = ModelMetadata),
        KeyErrors, ModelErrors,
    ),
)]
pub(super) async fn show_model(
    State(state): State<ApiState>,
    target: Target,
) -> Result<Json<ModelMetadata>, ApiError> {
    let lease = match target.model(&state).await? {
        Model::Solver => return Ok(Json(solver::metadata())),
        Model::Network(lease) => lease,
    };
    let versions = state.registry.versions(&target.name);
    let signature = lease.signature();
    Ok(Json(ModelMetadata {
        name: lease.name().to_string(),
        versions: versions.iter().map(ToString::to_string).collect(),
        platform: "onnx_onnxv1",
        inputs: signature.inputs.iter().map(TensorMetadata::from).collect(),
        outputs: signature.outputs.iter().map(TensorMetadata::from).collect(),
    }))
}

/// Whether a model answers requests.
#[derive(Serialize, ToSchema)]
pub(super) struct ModelReady {
    /// Its name.
    name: String,
    /// Always: what is not ready answers with an error.
    ready: bool,
}

/// Does this model answer requests?
///
/// Also if the first of them has it loaded.
#[utoipa::path(
    get, path = "/v2/models/{model}/ready", tag = "inference",
    params(("model" = String, Path, description = "Name of the model", max_length = 128)),
    responses((status = 200, description = "Ready", body = ModelReady), KeyErrors, ModelErrors),
)]
pub(super) async fn show_model_readiness(
    State(state): State<ApiState>,
    target: Target,
) -> Result<Json<ModelReady>, ApiError> {
    target.exists(&state)?;
    if target.is_solver() {
        return Ok(Json(ModelReady { name: target.name.to_string(), ready: true }));
    }
    let entries = state.registry.index().into_iter().filter(|entry| entry.name == target.name);
    let meant = entries.filter(|entry| target.version.is_none_or(|asked| asked == entry.version));
    // The newest is the last.
    let Some(entry) = meant.max_by_key(|entry| entry.version) else {
        return Err(ApiError::new(ProblemCode::UnknownModel, "there is no such model"));
    };
    if entry.state == IndexState::Ready {
        return Ok(Json(ModelReady { name: target.name.to_string(), ready: true }));
    }
    let reason = if entry.reason.is_empty() { "loading" } else { &entry.reason };
    let detail = format!("the model `{}` is not ready: {reason}", target.name);
    Err(ApiError::new(ProblemCode::ModelUnavailable, detail))
}

/// How a model is run, as Triton would write it.
#[derive(Serialize, ToSchema)]
pub(super) struct ModelConfiguration {
    /// Its name.
    pub(super) name: String,
    /// What it is made for.
    #[schema(example = "onnxruntime_onnx")]
    pub(super) platform: &'static str,
    /// What runs it.
    #[schema(example = "onnxruntime")]
    pub(super) backend: &'static str,
    /// Rows that are run together; 0 if requests are run one by one. If it is not, `dims` are
    /// without the first axis.
    pub(super) max_batch_size: usize,
    /// What has to be given.
    pub(super) input: Vec<TensorConfiguration>,
    /// What comes out.
    pub(super) output: Vec<TensorConfiguration>,
    /// Its file; empty if it is built in.
    #[schema(example = "model.onnx")]
    pub(super) default_model_filename: &'static str,
    /// What its manifest says, or what can be asked of it.
    pub(super) parameters: BTreeMap<&'static str, TextParameter>,
}

/// An input or output.
#[derive(Serialize, ToSchema)]
pub(super) struct TensorConfiguration {
    /// Its name.
    pub(super) name: String,
    /// Type of its elements.
    #[schema(example = "TYPE_FP32")]
    pub(super) data_type: &'static str,
    /// Lengths of its axes; -1 for any.
    pub(super) dims: Vec<i64>,
    /// There if it may be left out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub(super) optional: bool,
}

/// A word in a configuration.
#[derive(Serialize, ToSchema)]
pub(super) struct TextParameter {
    /// The word.
    pub(super) string_value: String,
}

/// How is this model run?
#[utoipa::path(
    get, path = "/v2/models/{model}/config", tag = "inference",
    params(("model" = String, Path, description = "Name of the model", max_length = 128)),
    responses(
        (status = 200, description = "Its configuration", body = ModelConfiguration),
        KeyErrors, ModelErrors,
    ),
)]
pub(super) async fn show_configuration(
    State(state): State<ApiState>,
    target: Target,
) -> Result<Json<ModelConfiguration>, ApiError> {
    let lease = match target.model(&state).await? {
        Model::Solver => return Ok(Json(solver::configuration())),
        Model::Network(lease) => lease,
    };
    let most = lease.max_batch();
    let max_batch_size = if most > 1 { most } else { 0 };
    let tensor = |value: &ValueInfo| {
        let dims = lengths(value).split_off(usize::from(max_batch_size > 0));
        let data_type = datatype::configuration_name(value.element);
        TensorConfiguration { name: value.name.clone(), data_type, dims, optional: false }
    };
    let signature = lease.signature();
    Ok(Json(ModelConfiguration {
        name: lease.name().to_string(),
        platform: "onnxruntime_onnx",
        backend: "onnxruntime",
        max_batch_size,
        input: signature.inputs.iter().map(tensor).collect(),
        output: signature.outputs.iter().map(tensor).collect(),
        default_model_filename: "model.onnx",
        parameters: told(lease.manifest()),
    }))
}

fn told(manifest: &Manifest) -> BTreeMap<&'static str, TextParameter> {
    let Manifest { task, description, source, licence, .. } = manifest;
    let texts = [
        ("task", task.name()),
        ("description", description),
        ("source", source),
        ("licence", licence),
        ("sha256", manifest.sha256.as_deref().unwrap_or_default()),
    ];
    let given = texts.into_iter().filter(|(_, text)| !text.is_empty());
    given.map(|(name, text)| (name, TextParameter { string_value: text.to_owned() })).collect()
}
