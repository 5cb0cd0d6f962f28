//! Where the runtime's library is looked for.

use std::fs;
use std::path::{Path, PathBuf};

/// The file name of the runtime.
pub const LIBRARY_NAME: &str =
    if cfg!(target_os = "macos") { "libonnxruntime.dylib" } else { "libonnxruntime.so" };

/// The places to look, as the configuration knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LibrarySearch {
    /// The setting: a file or a folder. If it is given, nothing else is tried.
    pub setting: Option<PathBuf>,
    /// The variable `ORT_DYLIB_PATH`: a file or a folder. If it is given, nothing else is tried.
    pub variable: Option<PathBuf>,
    /// The folder of the program; `lib` in it and beside it are tried.
    pub executable: Option<PathBuf>,
    /// The folder where `scripts/fetch-onnxruntime` puts it.
    pub data: Option<PathBuf>,
}

/// The runtime's library is nowhere to be found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "ONNX Runtime is not installed: no {LIBRARY_NAME} in {}; run scripts/fetch-onnxruntime, or \
     name the library by setting or by ORT_DYLIB_PATH",
    tried.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
)]
pub struct LibraryError {
    /// The files that do not exist.
    pub tried: Vec<PathBuf>,
}

impl LibrarySearch {
    /// The first library that exists.
    ///
    /// # Errors
    /// [`LibraryError`] with all that was tried.
    pub fn find(&self) -> Result<PathBuf, LibraryError> {
        let tried = self.candidates();
        tried.iter().find(|path| path.is_file()).cloned().ok_or(LibraryError { tried })
    }

    fn candidates(&self) -> Vec<PathBuf> {
        if let Some(named) = self.setting.as_ref().or(self.variable.as_ref()) {
            let file = if named.is_dir() { named.join(LIBRARY_NAME) } else { named.clone() };
            // The runtime's loader takes relative paths from the program's folder.
            return vec![std::path::absolute(&file).unwrap_or(file)];
        }
        let beside = self.executable.iter().flat_map(|folder| {
            let parent = folder.parent().map(|parent| parent.join("lib"));
            [Some(folder.join("lib")), parent].into_iter().flatten()
        });
        let system = [Path::new("/usr/local/lib").to_owned()];
        beside.chain(system).chain(self.data.clone()).map(|path| path.join(LIBRARY_NAME)).collect()
    }
}

/// The version of a library, where its place tells it: `scripts/fetch-onnxruntime` leaves a note
/// beside it, packages name the file after it.
pub(super) fn version(library: &Path) -> Option<String> {
    let by_note = || {
        let note = fs::read_to_string(library.parent()?.join("onnxruntime.version")).ok()?;
        note.split_whitespace().nth(1).map(str::to_owned)
    };
    let by_name = || {
        let file = library.canonicalize().ok()?;
        let (_, version) = file.file_name()?.to_str()?.split_once(".so.")?;
        Some(version.to_owned())
    };
    by_note().or_else(by_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_taken_or_missed_and_the_rest_is_tried_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir_all(&data).unwrap();
        let library = data.join(LIBRARY_NAME);
        fs::write(&library, "").unwrap();
        let search = LibrarySearch {
            executable: Some(folder.path().join("bin")),
            data: Some(data.clone()),
            ..LibrarySearch::default()
        };
        assert_eq!(search.find(), Ok(library.clone()));
        let beside = folder.path().join("lib");
        fs::create_dir_all(&beside).unwrap();
        fs::write(beside.join(LIBRARY_NAME), "").unwrap();
        assert_eq!(search.find(), Ok(beside.join(LIBRARY_NAME)));

        let by_folder = LibrarySearch { variable: Some(data), ..search.clone() };
        assert_eq!(by_folder.find(), Ok(library));
        let nowhere = folder.path().join("nowhere.so");
        let named = LibrarySearch { setting: Some(nowhere.clone()), ..by_folder };
        let error = named.find().unwrap_err();
        assert_eq!(error.tried, [nowhere]);
        assert!(error.to_string().contains("run scripts/fetch-onnxruntime"));
    }
    #[test]
    fn the_version_is_read_from_the_note_or_from_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("libonnxruntime.so.1.24.0");
        fs::write(&named, "").unwrap();
        let library = folder.path().join(LIBRARY_NAME);
        std::os::unix::fs::symlink(&named, &library).unwrap();
        assert_eq!(version(&library).as_deref(), Some("1.24.0"));
        let note = folder.path().join("onnxruntime.version");
        fs::write(note, "onnxruntime 1.31.1 00ff").unwrap();
        assert_eq!(version(&library).as_deref(), Some("1.31.1"));
        assert_eq!(version(Path::new("/nowhere/libonnxruntime.so")), None);
    }
}
