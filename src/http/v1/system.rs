//! What the service runs on.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::ApiState;
use crate::http::openapi::CommonProblems;
use crate::registry::{Lease, RuntimeState};
use crate::telemetry::{BuildInfo, resident_bytes};

/// What the service runs on.
#[derive(Serialize, ToSchema)]
pub(super) struct System {
    /// Version of the service.
    version: &'static str,
    /// ONNX Runtime, which models are computed by.
    onnxruntime: OnnxRuntime,
    /// Threads that are used.
    threads: ThreadCounts,
    /// Models that are loaded.
    models: Vec<LoadedModel>,
    /// Memory.
    memory: Memory,
}

/// ONNX Runtime.
#[derive(Serialize, ToSchema)]
struct OnnxRuntime {
    /// `loaded`, `not-loaded` as long as no model needs it, or `unusable`.
    #[schema(example = "loaded")]
    state: &'static str,
    /// Its version, where that can be told.
    #[schema(nullable = false, required = false, example = "1.31.1")]
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// What it says of its build, where it is loaded.
    #[schema(nullable = false, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    build: Option<String>,
    /// The device that is asked for: `auto`, `cpu`, `cuda:N` or `tensorrt:N`.
    #[schema(example = "auto")]
    device: String,
}

/// Threads that are used.
#[derive(Serialize, ToSchema)]
struct ThreadCounts {
    /// Restorations that are computed side by side.
    workers: usize,
    /// Threads that they share for their inner loops.
    compute: usize,
    /// Threads of one session of a model.
    model: usize,
}

/// A model that is loaded.
#[derive(Serialize, ToSchema)]
struct LoadedModel {
    /// Its name.
    name: String,
    /// Its version.
    version: String,
    /// What computes it.
    #[schema(example = "CPUExecutionProvider")]
    provider: &'static str,
    /// Where it runs.
    #[schema(example = "cpu")]
    device: String,
    /// Why `auto` did not take a GPU.
    #[schema(nullable = false, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    fallback: Option<String>,
    /// Memory that it takes, estimated from its file.
    bytes: u64,
    /// Requests that wait for it.
    queued: usize,
    /// Whether it works.
    healthy: bool,
}

impl From<&Lease> for LoadedModel {
    fn from(lease: &Lease) -> Self {
        let placement = lease.placement();
        Self {
            name: lease.name().to_string(),
            version: lease.version().to_string(),
            provider: placement.provider(),
            device: placement.used.to_string(),
            fallback: placement.fallback,
            bytes: lease.bytes(),
            queued: lease.queued(),
            healthy: lease.is_healthy(),
        }
    }
}

/// Memory.
#[derive(Serialize, ToSchema)]
struct Memory {
    /// Of the process, in bytes, where the system tells it.
    #[schema(nullable = false, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    resident: Option<u64>,
    /// Of all loaded models together, estimated from their files.
    models: u64,
    /// What they may take.
    models_budget: u64,
}

/// What does the service run on?
///
/// The runtime of models, what really computes them, threads and memory.
#[utoipa::path(
    get, path = "/v1/system", tag = "system",
    responses((status = 200, description = "What it runs on", body = System), CommonProblems),
)]
pub(super) async fn show_system(State(state): State<ApiState>) -> Json<System> {
    let registry = &state.registry;
    let (runtime, version, build) = match registry.runtime() {
        RuntimeState::Loaded { version, build } => ("loaded", version, Some(build)),
        RuntimeState::NotLoaded => ("not-loaded", None, None),
        RuntimeState::Unusable => ("unusable", None, None),
    };
    let models: Vec<_> = registry.leases().iter().map(LoadedModel::from).collect();
    let memory = Memory {
        resident: resident_bytes(),
        models: models.iter().map(|model| model.bytes).sum(),
        models_budget: registry.config().memory_budget,
    };
    Json(System {
        version: BuildInfo::CURRENT.version,
        onnxruntime: OnnxRuntime {
            state: runtime,
            version,
            build,
            device: registry.config().device.to_string(),
        },
        threads: ThreadCounts {
            workers: state.pool.threads(),
            compute: state.environment.threads.count(),
            model: registry.config().threads_of_a_session().get(),
        },
        models,
        memory,
    })
}
