//! What outlives a request and a restart: the database, the queue of jobs, and their files.

mod blobs;
mod clock;
mod config;
mod db;
mod error;
mod keys;
mod mirror;
mod queue;
mod secret;
mod signing;
mod tls;

pub use blobs::{
    BlobConfig, BlobStore, BlobUrl, InvalidBlobUrl, InvalidRegion, OpenError, S3Region,
};
pub use clock::Clock;
pub use config::{QueueConfig, StorageConfig};
pub use db::{
    Attempt, Cancel, Database, Delivery, Dictionary as LearnedDictionary, Enqueued, EnqueuedAll,
    Expired, Forget, Idempotency, JobFilter, KeyRecord, Limits, MigrationName, NewJob, QueueStats,
};
pub use error::{Cause, Share, StorageError};
pub use keys::KeyRing;
pub use mirror::{Mirror, Mirrored};
pub use queue::{Beat, Changes, Claim, JobQueue, Recorded};
pub use secret::SecretUrl;
pub use signing::{InvalidKey, SigningKey};
pub use tls::install_tls;
