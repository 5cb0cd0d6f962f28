//! What outlives a request: files in the blob store.

mod blobs;
mod error;
mod tls;

pub use blobs::{BlobConfig, BlobStore, BlobUrl, InvalidBlobUrl, InvalidRegion, OpenError, S3Region};
pub use error::{Cause, Share, StorageError};
pub use tls::install_tls;
