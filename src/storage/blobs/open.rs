//! Opens the place that the settings name.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use super::{BlobConfig, BlobUrl};
use crate::storage::install_tls;

/// Folder below that of the service where blobs are kept if nothing else is said.
const FOLDER: &str = "blobs";
/// Longest time for a connection to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A service that is busy is asked again for so long.
const RETRY_TIMEOUT: Duration = Duration::from_secs(6);

/// Why the blob store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder can be neither found nor made.
    #[error("the folder {} (storage.blobs_url) cannot be used", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The settings of the bucket do not make a client.
    #[error("the bucket (storage.blobs_url, storage.s3_*) cannot be used")]
    Bucket(#[source] object_store::Error),
}

/// A store, and its folder if it has one.
pub(in crate::storage) type Place = (Arc<dyn ObjectStore>, Option<PathBuf>);

/// Opens the place of the settings. A bucket is not yet asked for anything.
pub(in crate::storage) fn open(config: &BlobConfig, data_dir: &Path) -> Result<Place, OpenError> {
    match &config.url {
        None => folder(&data_dir.join(FOLDER)),
        Some(BlobUrl::Folder(path)) => folder(path),
        Some(BlobUrl::S3 { bucket, prefix }) => {
            let store = bucket_store(config, bucket).map_err(OpenError::Bucket)?;
            Ok((Arc::new(PrefixStore::new(store, prefix.as_str())), None))
        }
        Some(BlobUrl::Memory) => Ok((Arc::new(InMemory::new()), None)),
    }
}

/// What is written is on the disk before it is acknowledged: the file, its name and its folders.
fn folder(path: &Path) -> Result<Place, OpenError> {
    let failed = |source| OpenError::Folder { path: path.to_owned(), source };
    std::fs::create_dir_all(path).map_err(failed)?;
    let root = path.canonicalize().map_err(failed)?;
    let store = LocalFileSystem::new_with_prefix(&root)
        .map_err(|source| failed(io::Error::other(source)))?;
    Ok((Arc::new(store.with_fsync(true)), Some(root)))
}

/// The whole of a request is timed by the caller, who knows how much it has to carry.
fn bucket_store(config: &BlobConfig, bucket: &str) -> object_store::Result<impl ObjectStore> {
    install_tls();
    let client = ClientOptions::new()
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_timeout_disabled()
        .with_read_timeout_disabled()
        .with_allow_http(true);
    let retry = RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(1),
            base: 2.0,
        },
        max_retries: 6,
        retry_timeout: RETRY_TIMEOUT,
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(config.s3_region.to_string())
        .with_client_options(client)
        .with_retry(retry);
    if let Some(endpoint) = &config.s3_endpoint {
        builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
    }
    if let Some(id) = &config.s3_access_key_id {
        builder = builder.with_access_key_id(id);
    }
    if let Some(secret) = &config.s3_secret_access_key {
        builder = builder.with_secret_access_key(secret.expose());
    }
    builder.build()
}
