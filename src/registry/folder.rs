//! The folder of models: what is in it, and the only way to read from it.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{ModelName, RegistryError, Version};

/// The network itself, in the folder of its version.
pub(super) const MODEL: &str = "model.onnx";
/// What its numbers mean, beside it.
pub(super) const MANIFEST: &str = "model.toml";
/// The configuration of a Triton repository, in the folder of the model.
pub(super) const TRITON: &str = "config.pbtxt";

/// Whether a path in a folder of models, with `/` between its parts, is that of a file that is
/// looked at.
pub fn is_model_file(path: &str) -> bool {
    let is_model = |name: &str| name.parse::<ModelName>().is_ok();
    match path.split('/').collect::<Vec<_>>()[..] {
        [name, version, MODEL | MANIFEST] => is_model(name) && version.parse::<Version>().is_ok(),
        [name, TRITON] => is_model(name),
        _ => false,
    }
}

/// Entries of one folder that are looked at.
const MOST_ENTRIES: usize = 10_000;

/// A folder of `NAME/VERSION/model.onnx`, every link in its own path resolved.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

/// Tells a state of a version's files from every other one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp([Option<FileStamp>; 3]);

impl Stamp {
    /// Of what comes with the program: it never changes, and no folder's version is without a file.
    pub(super) const BUILTIN: Self = Self([None, None, None]);
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct FileStamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileStamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Models by name and version, each with the state of its files.
pub(super) type Listing = BTreeMap<ModelName, BTreeMap<Version, Stamp>>;

impl Folder {
    /// # Errors
    /// [`RegistryError::Folder`] if it cannot be read.
    pub(super) fn open(path: &Path) -> Result<Self, RegistryError> {
        let opened = path.canonicalize().and_then(|root| fs::read_dir(&root).map(|_| root));
        let root =
            opened.map_err(|source| RegistryError::Folder { path: path.to_owned(), source })?;
        Ok(Self { root })
    }

    /// Looks for models. What has not the name of a model or of a version is passed over.
    ///
    /// # Errors
    /// [`RegistryError::Folder`] if the folder itself cannot be read.
    pub(super) fn list(&self) -> Result<Listing, RegistryError> {
        let names = entries(&self.root)
            .map_err(|source| RegistryError::Folder { path: self.root.clone(), source })?;
        let models = names.filter_map(|name: ModelName| {
            let folder = self.root.join(name.as_str());
            let versions = entries(&folder).ok()?;
            let stamped = |version: Version| Some((version, self.stamp(&name, version)?));
            let versions: BTreeMap<_, _> = versions.filter_map(stamped).collect();
            (!versions.is_empty()).then_some((name, versions))
        });
        Ok(models.collect())
    }

    /// Whether there is a version of this name.
    pub(super) fn has(&self, name: &ModelName) -> bool {
        let folder = self.root.join(name.as_str());
        entries(&folder).into_iter().flatten().any(|version| self.stamp(name, version).is_some())
    }

    /// The state of the files of a version; `None` if it has no model.
    fn stamp(&self, name: &ModelName, version: Version) -> Option<Stamp> {
        let [model, manifest, triton] = self.paths(name, version);
        let stamp = |path: PathBuf| fs::metadata(path).ok().map(|found| FileStamp::of(&found));
        let model = Some(stamp(model)?);
        Some(Stamp([model, stamp(manifest), stamp(triton)]))
    }

    fn paths(&self, name: &ModelName, version: Version) -> [PathBuf; 3] {
        let model = self.root.join(name.as_str());
        let folder = model.join(version.to_string());
        [folder.join(MODEL), folder.join(MANIFEST), model.join(TRITON)]
    }

    /// The network of a version.
    ///
    /// # Errors
    /// [`RegistryError`] if it lies outside, is larger than `limit`, or cannot be read.
    pub(super) fn read_model(
        &self,
        name: &ModelName,
        version: Version,
        limit: u64,
    ) -> Result<Vec<u8>, RegistryError> {
        let [model, ..] = self.paths(name, version);
        let missing =
            || RegistryError::Unreadable { file: MODEL, source: io::ErrorKind::NotFound.into() };
        self.read(&model, MODEL, limit)?.ok_or_else(missing)
    }

    /// The manifest of a version, if it has one, and Triton's configuration of the model.
    ///
    /// # Errors
    /// As [`Self::read_model`], and if they are not UTF-8.
    pub(super) fn read_texts(
        &self,
        name: &ModelName,
        version: Version,
    ) -> Result<[Option<String>; 2], RegistryError> {
        /// Bytes of a text that a person writes.
        const LONGEST_TEXT: u64 = 1 << 18;
        let [_, manifest, triton] = self.paths(name, version);
        let text = |path: &Path, file| -> Result<Option<String>, RegistryError> {
            let Some(bytes) = self.read(path, file, LONGEST_TEXT)? else { return Ok(None) };
            let text = String::from_utf8(bytes).map_err(|_| RegistryError::Unreadable {
                file,
                source: io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"),
            })?;
            Ok(Some(text))
        };
        Ok([text(&manifest, MANIFEST)?, text(&triton, TRITON)?])
    }

    /// Reads a whole file that lies inside, whatever links lead to it; `None` if there is none.
    fn read(
        &self,
        path: &Path,
        file: &'static str,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, RegistryError> {
        let unreadable = |source| RegistryError::Unreadable { file, source };
        let path = match path.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found.map_err(unreadable)?,
        };
        // Anything but a file, such as a pipe, might never end or never begin.
        if !path.starts_with(&self.root) || !path.is_file() {
            return Err(RegistryError::Outside { file });
        }
        let opened = File::open(path).map_err(unreadable)?;
        let size = opened.metadata().map_err(unreadable)?.len();
        if size > limit {
            return Err(RegistryError::TooLarge { file, limit, actual: size });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        opened.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
        let actual = bytes.len() as u64;
        if actual > limit {
            return Err(RegistryError::TooLarge { file, limit, actual });
        }
        Ok(Some(bytes))
    }
}

/// The entries of a folder whose names are those of a `T`.
fn entries<T: std::str::FromStr>(folder: &Path) -> io::Result<impl Iterator<Item = T>> {
    let named = |entry: io::Result<fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
    Ok(fs::read_dir(folder)?.take(MOST_ENTRIES).filter_map(named))
}
