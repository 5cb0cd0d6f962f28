//! Models from a bucket: a folder follows the bucket, and the registry follows the folder.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::StartError;
use crate::config::Config;
use crate::registry::is_model_file;
use crate::storage::{Mirror, Mirrored};

/// The folder below that of the service that follows the bucket.
const FOLDER: &str = "models";

/// What keeps the folder of models like the bucket.
#[derive(Clone, Debug)]
pub(super) struct BucketModels {
    mirror: Arc<Mirror>,
    /// Time between two looks; zero looks once.
    poll: Duration,
}

impl BucketModels {
    /// If models come from a bucket, has the registry look into the folder that follows it.
    pub(super) fn open(config: &mut Config) -> Result<Option<Self>, StartError> {
        let Some(url) = config.models_url.clone() else { return Ok(None) };
        if config.models.dir.is_some() {
            return Err(StartError::TwoPlacesForModels);
        }
        let folder = config.data_dir.join(FOLDER);
        let mirror = Mirror::open(&config.blobs, url, &folder, config.models.max_bytes)
            .map_err(StartError::BucketModels)?;
        config.models.dir = Some(folder);
        Ok(Some(Self { mirror: Arc::new(mirror), poll: config.models.poll }))
    }

    /// Brings the folder up to date. Models that came earlier serve while the bucket is away.
    pub(super) async fn fetch(&self) {
        let (mirror, here) = (Arc::clone(&self.mirror), Handle::current());
        match spawn_blocking(move || here.block_on(mirror.update(is_model_file))).await {
            Ok(Ok(Mirrored { fetched: 0, removed: 0 })) => {}
            Ok(Ok(Mirrored { fetched, removed })) => {
                tracing::info!(fetched, removed, "models came from the bucket");
            }
            Ok(Err(error)) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(%error, cause, "the bucket of models cannot be read");
            }
            Err(error) => tracing::error!(%error, "fetching models failed"),
        }
    }

    /// Follows the bucket until `ending` is cancelled.
    pub(super) async fn follow(&self, ending: &CancellationToken) {
        if self.poll.is_zero() {
            return;
        }
        while ending.run_until_cancelled(tokio::time::sleep(self.poll)).await.is_some() {
            ending.run_until_cancelled(self.fetch()).await;
        }
    }
}
