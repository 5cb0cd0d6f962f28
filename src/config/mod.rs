//! Every setting of the program: default < file < environment < flag.
//!
//! [`Setting::all`] is the one table from which names, flags, environment variables, the reference
//! and the example file are made. All faults are reported together, before anything starts.

mod allocator;
mod error;
mod flags;
mod kinds;
mod load;
mod onnxruntime;
mod program;
mod reference;
mod settings;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use crate::auth::AuthConfig;
use crate::http::HttpConfig;
use crate::imaging::ImageLimits;
use crate::registry::ModelsConfig;
use crate::storage::{BlobConfig, BlobUrl, QueueConfig, StorageConfig};
use crate::telemetry::TelemetryConfig;
use crate::worker::{RunnerConfig, WebhookConfig, WorkerConfig};

pub use allocator::give_back_large_blocks;
pub use error::{ConfigErrors, Fault, Source};
pub use flags::ConfigFlags;
pub use load::{Effective, Inputs, load};
pub use onnxruntime::library_search;
pub use program::this_program;
pub use reference::{example_file, reference_page};
pub use settings::Setting;

/// The settings of every module, gathered.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Folder below which the service keeps everything it keeps.
    pub data_dir: PathBuf,
    /// The HTTP service.
    pub http: HttpConfig,
    /// Who may call.
    pub auth: AuthConfig,
    /// The database.
    pub storage: StorageConfig,
    /// How jobs are queued.
    pub queue: QueueConfig,
    /// How jobs are run.
    pub jobs: RunnerConfig,
    /// Where the files of jobs are kept.
    pub blobs: BlobConfig,
    /// Who is told of the ends of jobs.
    pub webhooks: WebhookConfig,
    /// What images are accepted.
    pub image: ImageLimits,
    /// The worker pool.
    pub worker: WorkerConfig,
    /// Which models there are.
    pub models: ModelsConfig,
    /// Where models come from if not from a folder.
    pub models_url: Option<BlobUrl>,
    /// Logs.
    pub log: TelemetryConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            http: HttpConfig::default(),
            auth: AuthConfig::default(),
            storage: StorageConfig::default(),
            queue: QueueConfig::default(),
            jobs: RunnerConfig::default(),
            blobs: BlobConfig::default(),
            webhooks: WebhookConfig::default(),
            image: ImageLimits::default(),
            worker: WorkerConfig::default(),
            models: ModelsConfig::default(),
            models_url: None,
            log: TelemetryConfig::default(),
        }
    }
}
