//! The networks that a command may use, without a server.

use std::path::Path;
use std::sync::Arc;

use crate::config::library_search;
use crate::engines::Networks;
use crate::registry::{ModelsConfig, Registry};
use crate::telemetry::Metrics;

/// The networks of a folder of models, if there is one, and those that come with the program. Each
/// is loaded when it is needed.
pub(super) fn open(folder: Option<&Path>) -> anyhow::Result<Arc<dyn Networks>> {
    let config = ModelsConfig { dir: folder.map(Path::to_owned), ..ModelsConfig::default() };
    Ok(Registry::open(&config, library_search(None), &Arc::new(Metrics::default()))?)
}
