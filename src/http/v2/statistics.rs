//! What models have done since they were loaded.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::errors::{KeyErrors, ModelErrors};
use super::solver::{self, SolverTally};
use super::target::{Model, Target};
use crate::http::ApiState;
use crate::http::error::ApiError;
use crate::inference::{BatchTally, Statistics, Tally};
use crate::registry::Lease;

/// What models have done.
#[derive(Serialize, ToSchema)]
pub(super) struct AllStatistics {
    /// Each since it was loaded.
    model_stats: Vec<ModelStatistics>,
}

/// What a model has done since it was loaded.
#[derive(Serialize, ToSchema)]
struct ModelStatistics {
    /// Its name.
    name: String,
    /// Its version.
    version: String,
    /// When it last computed, in milliseconds since 1970; 0 if never.
    last_inference: u64,
    /// Rows computed.
    inference_count: u64,
    /// Runs of the network.
    execution_count: u64,
    /// Counts and times of requests, by name.
    inference_stats: BTreeMap<&'static str, Count>,
    /// Counts and times of runs, by the rows of the batch.
    batch_stats: Vec<BatchStatistics>,
    /// Always empty: every request has one answer.
    response_stats: BTreeMap<String, Count>,
    /// Memory that it takes, estimated from its file.
    memory_usage: Vec<MemoryUsage>,
}

/// How often and how long altogether.
#[derive(Serialize, ToSchema)]
struct Count {
    /// How often.
    count: u64,
    /// Nanoseconds altogether.
    ns: u64,
}

impl From<Tally> for Count {
    fn from(Tally { count, ns }: Tally) -> Self {
        Self { count, ns }
    }
}

/// Runs over batches of one size.
#[derive(Serialize, ToSchema)]
struct BatchStatistics {
    /// Rows of the batch.
    batch_size: usize,
    /// Joining the inputs.
    compute_input: Count,
    /// The network itself.
    compute_infer: Count,
    /// Taking the outputs apart.
    compute_output: Count,
}

/// Memory of a model.
#[derive(Serialize, ToSchema)]
struct MemoryUsage {
    /// Where it is.
    r#type: &'static str,
    /// Number of the device.
    id: u32,
    /// Bytes.
    byte_size: u64,
}

impl From<&Lease> for ModelStatistics {
    fn from(lease: &Lease) -> Self {
        let on_gpu = lease.placement().provider() != "CPUExecutionProvider";
        Self {
            memory_usage: vec![MemoryUsage {
                r#type: if on_gpu { "GPU" } else { "CPU" },
                id: 0,
                byte_size: lease.bytes(),
            }],
            ..Self::new(lease.name().to_string(), lease.version().to_string(), &lease.statistics())
        }
    }
}

impl From<&SolverTally> for ModelStatistics {
    fn from(tally: &SolverTally) -> Self {
        Self::new(solver::NAME.to_owned(), solver::VERSION.to_owned(), &tally.read())
    }
}

impl ModelStatistics {
    /// Of a model that takes no memory of its own.
    fn new(name: String, version: String, statistics: &Statistics) -> Self {
        let batch = |(&batch_size, tally): (&usize, &BatchTally)| BatchStatistics {
            batch_size,
            compute_input: tally.compute_input.into(),
            compute_infer: tally.compute_infer.into(),
            compute_output: tally.compute_output.into(),
        };
        Self {
            name,
            version,
            last_inference: statistics.last_inference_ms,
            inference_count: statistics.inference_count,
            execution_count: statistics.execution_count,
            batch_stats: statistics.batches.iter().map(batch).collect(),
            inference_stats: times(statistics),
            response_stats: BTreeMap::new(),
            memory_usage: Vec::new(),
        }
    }
}

fn times(statistics: &Statistics) -> BTreeMap<&'static str, Count> {
    let none = Tally::default();
    let tallies = [
        ("success", statistics.success),
        ("fail", statistics.fail),
        ("queue", statistics.queue),
        ("compute_input", statistics.compute_input),
        ("compute_infer", statistics.compute_infer),
        ("compute_output", statistics.compute_output),
        // Nothing is cached here.
        ("cache_hit", none),
        ("cache_miss", none),
    ];
    tallies.into_iter().map(|(name, tally)| (name, tally.into())).collect()
}

/// What has this model done since it was loaded?
#[utoipa::path(
    get, path = "/v2/models/{model}/stats", tag = "inference",
    params(("model" = String, Path, description = "Name of the model", max_length = 128)),
    responses(
        (status = 200, description = "Counts and times", body = AllStatistics),
        KeyErrors, ModelErrors,
    ),
)]
pub(super) async fn show_statistics(
    State(state): State<ApiState>,
    target: Target,
) -> Result<Json<AllStatistics>, ApiError> {
    let statistics = match target.model(&state).await? {
        Model::Solver => ModelStatistics::from(&*state.solver),
        Model::Network(lease) => ModelStatistics::from(&lease),
    };
    Ok(Json(AllStatistics { model_stats: vec![statistics] }))
}

/// What have the models done since they were loaded?
#[utoipa::path(
    get, path = "/v2/models/stats", tag = "inference",
    responses(
        (status = 200, description = "Counts and times of all that are loaded", body = AllStatistics),
        KeyErrors,
    ),
)]
pub(super) async fn show_all_statistics(State(state): State<ApiState>) -> Json<AllStatistics> {
    let mut model_stats = vec![ModelStatistics::from(&*state.solver)];
    model_stats.extend(state.registry.leases().iter().map(ModelStatistics::from));
    Json(AllStatistics { model_stats })
}
