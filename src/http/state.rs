//! What handlers work with.

use std::sync::Arc;

use super::{Gate, HttpConfig};
use crate::engines::Environment;
use crate::telemetry::Metrics;
use crate::worker::Pool;

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
    /// What is counted.
    pub metrics: Arc<Metrics>,
}
