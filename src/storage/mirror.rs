//! A folder that follows a bucket, for what has to be read from files.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::TryStreamExt as _;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};

use tokio::time::timeout;

use super::blobs::{open_place, silent, storage_error, system_error};
use super::{BlobConfig, BlobUrl, OpenError, StorageError};

/// Longest wait for the next part of an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where files arrive, below the folder.
const INCOMING: &str = ".incoming";

/// Keeps a folder like a prefix of a bucket. Nothing else may write to the folder.
///
/// A file has the time and the size of its object, which is how a change is known, also after a
/// restart. It appears whole or not at all.
#[derive(Debug)]
pub struct Mirror {
    store: Arc<dyn ObjectStore>,
    folder: PathBuf,
    /// Bytes of the largest file.
    largest: u64,
}

/// What a look at the bucket has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mirrored {
    /// Files that are new or changed.
    pub fetched: usize,
    /// Files that are gone.
    pub removed: usize,
}

impl Mirror {
    /// A mirror of `url` in `folder`, which is made if need be. The bucket is not yet asked.
    ///
    /// # Errors
    /// [`OpenError`] if the folder cannot be made, or the settings make no client.
    pub fn open(
        config: &BlobConfig,
        url: BlobUrl,
        folder: &Path,
        largest: u64,
    ) -> Result<Self, OpenError> {
        let incoming = folder.join(INCOMING);
        let failed = |source| OpenError::Folder { path: incoming.clone(), source };
        // What an earlier process had not finished is of no use.
        match fs::remove_dir_all(&incoming) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => fs::create_dir_all(&incoming).map_err(failed)?,
        }
        let config = BlobConfig { url: Some(url), ..config.clone() };
        let (store, _) = open_place(&config, folder)?;
        Ok(Self { store, folder: folder.to_owned(), largest })
    }

    /// Brings the folder up to date with those objects whose keys are `wanted`. Blocks the thread
    /// while it writes, so it belongs on one that may be blocked.
    ///
    /// # Errors
    /// [`StorageError`] if the bucket or the disk does not do it: what was fetched stays, nothing
    /// is removed, and the next time goes on from there.
    pub async fn update(&self, wanted: impl Fn(&str) -> bool) -> Result<Mirrored, StorageError> {
        let mut objects = self.store.list(None);
        let (mut there, mut mirrored) = (HashSet::new(), Mirrored::default());
        while let Some(object) = within(objects.try_next()).await? {
            let key = object.location.as_ref();
            if !wanted(key) {
                continue;
            }
            let place = self.folder.join(key);
            there.insert(place.clone());
            if object.size > self.largest {
                let (size, limit) = (object.size, self.largest);
                tracing::warn!(key, size, limit, "a model in the bucket is too large");
            } else if !is_current(&place, &object) {
                self.fetch(&object, &place).await?;
                mirrored.fetched += 1;
            }
        }
        let mut extra = Vec::new();
        collect(&self.folder, &mut extra).map_err(system_error)?;
        for path in extra {
            let key = path.strip_prefix(&self.folder).ok().and_then(Path::to_str);
            if key.is_some_and(&wanted) && !there.contains(&path) {
                fs::remove_file(&path).map_err(system_error)?;
                mirrored.removed += 1;
            }
        }
        Ok(mirrored)
    }

    async fn fetch(&self, object: &ObjectMeta, place: &Path) -> Result<(), StorageError> {
        let part = self.folder.join(INCOMING).join(uuid::Uuid::new_v4().to_string());
        let got = within(self.store.get(&object.location)).await?;
        // It may have been replaced since it was listed.
        let modified = SystemTime::from(got.meta.last_modified);
        let mut file = File::create(&part).map_err(system_error)?;
        let mut bytes = got.into_stream();
        while let Some(bytes) = within(bytes.try_next()).await? {
            file.write_all(&bytes).map_err(system_error)?;
        }
        file.set_modified(modified).map_err(system_error)?;
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(system_error)?;
        }
        fs::rename(&part, place).map_err(system_error)
    }
}

/// Waits for a part of an answer, but not for ever.
async fn within<T>(part: impl Future<Output = object_store::Result<T>>) -> Result<T, StorageError> {
    timeout(PATIENCE, part).await.map_err(silent)?.map_err(storage_error)
}

/// Whether the file at `place` is the object.
fn is_current(place: &Path, object: &ObjectMeta) -> bool {
    let modified = SystemTime::from(object.last_modified);
    fs::metadata(place).is_ok_and(|file| {
        file.len() == object.size && file.modified().is_ok_and(|time| time == modified)
    })
}

/// Every file below a folder, whatever its depth; links are not followed.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut files = Vec::new();
        collect(folder, &mut files).unwrap();
        let name = |path: &PathBuf| path.strip_prefix(folder).unwrap().display().to_string();
        let mut names: Vec<_> = files.iter().map(name).collect();
        names.sort();
        names
    }

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[tokio::test]
    async fn the_folder_follows_the_bucket() {
        let (bucket, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for name in ["a/1/model.onnx", "a/2/model.onnx", "b/1/model.onnx", "notes.txt"] {
            write(bucket.path(), name, name);
        }
        write(folder.path(), "a/1/notes.txt", "nobody's");
        let open = || {
            let url = BlobUrl::Folder(bucket.path().to_owned());
            Mirror::open(&BlobConfig::default(), url, folder.path(), 100).unwrap()
        };
        let wanted = |key: &str| key.ends_with("model.onnx");
        let mirrored = open().update(wanted).await.unwrap();
        assert_eq!(mirrored, Mirrored { fetched: 3, removed: 0 });
        let all = ["a/1/model.onnx", "a/1/notes.txt", "a/2/model.onnx", "b/1/model.onnx"];
        assert_eq!(names(folder.path()), all);

        // Nothing is fetched twice, also by another process.
        assert_eq!(open().update(wanted).await.unwrap(), Mirrored::default());
        write(bucket.path(), "a/2/model.onnx", "changed");
        fs::remove_file(bucket.path().join("b/1/model.onnx")).unwrap();
        write(bucket.path(), "c/1/model.onnx", &"too large".repeat(100));
        let mirrored = open().update(wanted).await.unwrap();
        assert_eq!(mirrored, Mirrored { fetched: 1, removed: 1 });
        assert_eq!(names(folder.path()), all[..3]);
        assert_eq!(fs::read_to_string(folder.path().join("a/2/model.onnx")).unwrap(), "changed");
    }
}
