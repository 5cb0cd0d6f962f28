//! What the library cannot do with a folder: see and remove the files it writes on the way.
//!
//! A file `image` is written as `image#1` and renamed when it is whole. A process that is killed
//! leaves `image#1` behind, which the library neither lists nor deletes.

use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use tokio::task::spawn_blocking;

use super::fault::{no_answer, system_error};
use crate::jobs::Timestamp;
use crate::storage::StorageError;

/// Separates the name of a file from the number of an attempt to write it.
const UNFINISHED: char = '#';

/// Removes the folder of a job with all that is in it.
pub(super) async fn remove_folder(folder: PathBuf) -> Result<(), StorageError> {
    in_the_background(move || absent_is_fine(std::fs::remove_dir_all(folder))).await
}

/// Removes what was half written before a point in time from the folders below `jobs`.
pub(super) async fn remove_half_written(
    jobs: PathBuf,
    before: Timestamp,
) -> Result<usize, StorageError> {
    let before = UNIX_EPOCH + before.since(Timestamp(0));
    in_the_background(move || {
        let mut removed = 0;
        for folder in entries(&jobs)? {
            for file in entries(&folder)? {
                let is_unfinished = file
                    .file_name()
                    .and_then(|name| name.to_str())
                    .is_some_and(|name| name.contains(UNFINISHED));
                if is_unfinished && std::fs::metadata(&file)?.modified()? < before {
                    absent_is_fine(std::fs::remove_file(&file))?;
                    removed += 1;
                }
            }
        }
        Ok(removed)
    })
    .await
}

/// Whether the folder is there and can be read.
pub(super) async fn check_folder(folder: PathBuf) -> Result<(), StorageError> {
    in_the_background(move || std::fs::read_dir(folder).map(drop)).await
}

/// What is in a folder; nothing if it is gone or is none.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match std::fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

async fn in_the_background<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StorageError> {
    spawn_blocking(work).await.map_err(no_answer)?.map_err(system_error)
}
