//! The files of jobs: images, masks and results, each below the name of its job.
//!
//! A file that was put survives the end of the process however it comes, and, in a folder, the
//! loss of power: it is synced before it is acknowledged. A file that is read is what was put,
//! or an error. Deleting is not synced; what comes back after a loss of power is found by
//! [`BlobStore::jobs_before`].

mod config;
mod fault;
mod leftovers;
mod open;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path as Key;
use object_store::{
    Attribute, AttributeValue, Attributes, ObjectStore, ObjectStoreExt as _, PutOptions, PutPayload,
};
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::StorageError;
use crate::jobs::{BlobRef, JobId, Timestamp};
use fault::{damaged, no_answer, no_place};

pub use config::{BlobConfig, BlobUrl, InvalidBlobUrl, InvalidRegion, S3Region};
pub(in crate::storage) use fault::{no_answer as silent, storage_error, system_error};
pub use open::OpenError;
pub(in crate::storage) use open::open as open_place;

/// What every key begins with.
const JOBS: &str = "jobs";
/// Longest time for an answer, besides the time that the bytes take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest time for the store to say that it is there.
const CHECK_PATIENCE: Duration = Duration::from_secs(3);
/// The slowest connection that is waited for, in bytes each second.
const SLOWEST: u64 = 1 << 20;
/// Longest time that deleting one of many files takes.
const DELETING: Duration = Duration::from_millis(100);
/// Below this, hashing is quicker than handing it to another thread.
const HASHED_AT_ONCE: usize = 64 << 10;

/// Where the files of jobs are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct BlobStore {
    store: Arc<dyn ObjectStore>,
    /// The folder, if the store is one.
    folder: Option<PathBuf>,
}

impl BlobStore {
    /// Opens the place that the settings name; `data_dir` is the folder of the service.
    ///
    /// # Errors
    /// If a folder can be neither found nor made, or the settings of a bucket are not whole.
    pub fn open(config: &BlobConfig, data_dir: &Path) -> Result<Self, OpenError> {
        let (store, folder) = open::open(config, data_dir)?;
        Ok(Self { store, folder })
    }

    /// Keeps a file of a job. A file of the same role is replaced.
    ///
    /// # Errors
    /// [`StorageError::Full`] without room; [`StorageError::Unavailable`] without an answer.
    pub async fn put(
        &self,
        job: JobId,
        role: &str,
        bytes: Bytes,
        media_type: &str,
    ) -> Result<BlobRef, StorageError> {
        let key = key(job, role);
        let sha256 = digest(bytes.clone()).await?;
        let mut options = PutOptions::default();
        if self.folder.is_none() {
            let media_type = AttributeValue::from(media_type.to_owned());
            options.attributes = Attributes::from_iter([(Attribute::ContentType, media_type)]);
        }
        let size = bytes.len() as u64;
        let put = self.store.put_opts(&key, PutPayload::from_bytes(bytes), options);
        within(patience(size), put).await.map_err(no_place)?;
        Ok(BlobRef {
            role: role.to_owned(),
            key: key.to_string(),
            size,
            sha256,
            media_type: media_type.to_owned(),
        })
    }

    /// Reads a file back, exactly as it was put.
    ///
    /// # Errors
    /// [`StorageError::NotFound`] if it is gone, [`StorageError::Corrupt`] if it is another one,
    /// [`StorageError::Unavailable`] if the whole place is gone or does not answer.
    pub async fn get(&self, blob: &BlobRef) -> Result<Bytes, StorageError> {
        let key = Key::parse(&blob.key).map_err(|error| damaged(error.to_string()))?;
        let read = async {
            let found = self.store.get(&key).await?;
            // A file of another size is not loaded to find out that it is another file.
            let size = found.meta.size;
            if size == blob.size { found.bytes().await.map(Ok) } else { Ok(Err(size)) }
        };
        let read = within(patience(blob.size), read).await;
        if let Err(StorageError::NotFound { .. }) = read {
            self.check_place().await?;
        }
        let bytes = read?
            .map_err(|size| damaged(format!("{key} has {size} bytes and had {}", blob.size)))?;
        let sha256 = digest(bytes.clone()).await?;
        if sha256 == blob.sha256 {
            Ok(bytes)
        } else {
            Err(damaged(format!("{key} has the checksum {sha256} and had {}", blob.sha256)))
        }
    }

    /// Deletes these files; those that are gone already are no error.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] if the store does not do it; some files may be gone then.
    pub async fn delete(&self, keys: impl IntoIterator<Item = String>) -> Result<(), StorageError> {
        let keys = keys.into_iter().map(|key| Key::parse(key).map_err(Into::into));
        let keys = keys.collect::<Vec<object_store::Result<Key>>>();
        let count = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        let patience = PATIENCE + DELETING.saturating_mul(count);
        let deleted = self.store.delete_stream(stream::iter(keys).boxed());
        let deleted = deleted.map(|deleted| match deleted {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            deleted => deleted.map(drop),
        });
        within(patience, deleted.try_collect()).await
    }

    /// Deletes all files of a job, half-written ones included.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] if the store does not do it.
    pub async fn delete_job(&self, job: JobId) -> Result<(), StorageError> {
        if let Some(folder) = &self.folder {
            let folder = folder.join(JOBS).join(job.to_string());
            return leftovers::remove_folder(folder).await;
        }
        let prefix = Key::from_iter([JOBS, &job.to_string()]);
        let list = self.store.list(Some(&prefix)).map_ok(|found| found.location.to_string());
        let keys = within(PATIENCE, list.try_collect::<Vec<_>>()).await?;
        self.delete(keys).await
    }

    /// The jobs made before a point in time that have files, whether or not anybody knows them.
    ///
    /// Files are put before their job is accepted, so those of a process that was killed in
    /// between are found here, by the time in the name of the job.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] if the store does not answer.
    pub async fn jobs_before(&self, before: Timestamp) -> Result<Vec<JobId>, StorageError> {
        let prefix = Key::from(JOBS);
        let listed = within(PATIENCE, self.store.list_with_delimiter(Some(&prefix))).await?;
        let names = listed.common_prefixes.iter().filter_map(Key::filename);
        let jobs = names.filter_map(|name| name.parse::<JobId>().ok());
        Ok(jobs.filter(|job| job.made() < before).collect())
    }

    /// Removes what processes that were killed have left half written before a point in time,
    /// and says how many files that were. Only a folder has such files.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] if the folder cannot be read.
    pub async fn remove_half_written(&self, before: Timestamp) -> Result<usize, StorageError> {
        match &self.folder {
            Some(folder) => leftovers::remove_half_written(folder.join(JOBS), before).await,
            None => Ok(0),
        }
    }

    /// Whether the place of all files is there: one that is not mounted has none, and will have
    /// them all again.
    async fn check_place(&self) -> Result<(), StorageError> {
        match &self.folder {
            Some(folder) => leftovers::check_folder(folder.join(JOBS)).await,
            None => self.check().await.map_err(no_place),
        }
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] if it does not.
    pub async fn check(&self) -> Result<(), StorageError> {
        if let Some(folder) = &self.folder {
            return leftovers::check_folder(folder.clone()).await;
        }
        let prefix = Key::from("none");
        within(CHECK_PATIENCE, self.store.list(Some(&prefix)).try_next()).await.map(drop)
    }
}

/// The key of a file. The role is one of ours, never a client's text.
fn key(job: JobId, role: &str) -> Key {
    Key::from_iter([JOBS, &job.to_string(), role])
}

fn patience(size: u64) -> Duration {
    PATIENCE + Duration::from_secs(size / SLOWEST)
}

async fn within<T>(
    patience: Duration,
    work: impl Future<Output = object_store::Result<T>>,
) -> Result<T, StorageError> {
    timeout(patience, work).await.map_err(no_answer)?.map_err(storage_error)
}

/// SHA-256 in hexadecimal, without holding up other requests.
async fn digest(bytes: Bytes) -> Result<String, StorageError> {
    let is_short = bytes.len() <= HASHED_AT_ONCE;
    let hash = move || {
        Sha256::digest(&bytes).iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string takes all that is written to it");
            text
        })
    };
    if is_short {
        return Ok(hash());
    }
    spawn_blocking(hash).await.map_err(no_answer)
}
