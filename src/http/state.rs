//! What handlers work with.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{Gate, HttpConfig, SolverTally};
use crate::engines::Environment;
use crate::registry::Registry;
use crate::storage::SigningKey;
use crate::telemetry::Metrics;
use crate::worker::{Pool, Workshop};

/// The parts of the service that handlers share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ApiState {
    /// Settings of the HTTP service.
    pub config: Arc<HttpConfig>,
    /// Who may call.
    pub gate: Arc<Gate>,
    /// What engines work with.
    pub environment: Arc<Environment>,
    /// Where work is done.
    pub pool: Arc<Pool>,
    /// The models.
    pub registry: Arc<Registry>,
    /// Where jobs are kept, and what they are done with.
    pub workshop: Arc<Workshop>,
    /// Cancelled when the service is about to stop: nobody should wait for anything any more.
    pub closing: CancellationToken,
    /// What the solver has done as a model.
    pub solver: Arc<SolverTally>,
    /// What addresses of results are signed with.
    pub url_key: Arc<SigningKey>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}
