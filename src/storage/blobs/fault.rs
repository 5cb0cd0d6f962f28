//! What the library says, in our terms.

use std::error::Error;
use std::io;

use crate::storage::StorageError;

/// The name of this part of the storage in messages.
const STORE: &str = "the blob store";

/// A file that is not what was put.
pub(super) fn damaged(problem: String) -> StorageError {
    StorageError::Corrupt { what: "a file in the blob store".to_owned(), source: problem.into() }
}

/// The store said nothing in time, or the process is ending.
pub(in crate::storage) fn no_answer(error: impl Error + Send + Sync + 'static) -> StorageError {
    StorageError::Unavailable { what: STORE, source: error.into() }
}

/// An error of the file system.
pub(in crate::storage) fn system_error(error: io::Error) -> StorageError {
    if is_full(&error) {
        StorageError::Full { source: error.into() }
    } else {
        StorageError::Unavailable { what: STORE, source: error.into() }
    }
}

/// An error of the library. What is not known better is taken for one that passes.
pub(in crate::storage) fn storage_error(error: object_store::Error) -> StorageError {
    match error {
        object_store::Error::NotFound { ref path, .. } => {
            StorageError::NotFound { what: format!("the file {path}"), source: error.into() }
        }
        error if is_full(&error) => StorageError::Full { source: error.into() },
        error => StorageError::Unavailable { what: STORE, source: error.into() },
    }
}

/// What is said of a place: the bucket is gone, or is not there yet.
pub(super) fn no_place(error: StorageError) -> StorageError {
    match error {
        StorageError::NotFound { source, .. } => StorageError::Unavailable { what: STORE, source },
        error => error,
    }
}

/// Whether the disk is full, or what the user may have of it is.
fn is_full(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            use io::ErrorKind::{QuotaExceeded, StorageFull};
            return matches!(error.kind(), StorageFull | QuotaExceeded)
                || error.get_ref().is_some_and(|inner| is_full(inner));
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_one_that_does_not_answer() {
        let wrapped = |kind: io::ErrorKind| object_store::Error::Generic {
            store: "LocalFileSystem",
            source: io::Error::other(io::Error::from(kind)).into(),
        };
        let full = storage_error(wrapped(io::ErrorKind::StorageFull));
        assert!(matches!(full, StorageError::Full { .. }), "{full:?}");
        let other = storage_error(wrapped(io::ErrorKind::PermissionDenied));
        assert!(matches!(other, StorageError::Unavailable { .. }), "{other:?}");
        let full = system_error(io::ErrorKind::QuotaExceeded.into());
        assert!(matches!(full, StorageError::Full { .. }), "{full:?}");
    }
}
