//! The networks that a command may use, without a server.

use std::path::Path;
use std::sync::Arc;

use crate::config::library_search;
use crate::engines::{Networks, NoNetworks};
use crate::registry::{ModelsConfig, Registry};
use crate::telemetry::Metrics;

/// The networks of a folder of models. Each is loaded when it is needed.
pub(super) fn open(folder: Option<&Path>) -> anyhow::Result<Arc<dyn Networks>> {
    let Some(folder) = folder else { return Ok(Arc::new(NoNetworks)) };
    let config = ModelsConfig { dir: Some(folder.to_owned()), ..ModelsConfig::default() };
    Ok(Registry::open(&config, library_search(None), &Arc::new(Metrics::default()))?)
}
