//! Where models come from: a folder, and the program itself.

use std::path::Path;

use super::folder::{Folder, Listing, Stamp};
use super::{ModelName, RegistryError, Version};

/// A model that comes with the program.
#[derive(Debug)]
struct Builtin {
    name: &'static str,
    model: &'static [u8],
    manifest: &'static str,
}

/// All that come with the program, each in its first version.
const BUILTIN: &[Builtin] = &[Builtin {
    name: "hybrid",
    model: include_bytes!("../../assets/models/hybrid.onnx"),
    manifest: include_str!("../../assets/models/hybrid.toml"),
}];

/// A folder of models, if there is one, and models that come with the program. Of two with the
/// same name the folder's is taken, whatever its version.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    folder: Option<Folder>,
    builtin: &'static [Builtin],
}

impl Shelf {
    /// # Errors
    /// [`RegistryError::Folder`] if the folder cannot be read.
    pub(super) fn open(folder: Option<&Path>, builtin: bool) -> Result<Self, RegistryError> {
        let folder = folder.map(Folder::open).transpose()?;
        Ok(Self { folder, builtin: if builtin { BUILTIN } else { &[] } })
    }

    /// All models there are.
    ///
    /// # Errors
    /// [`RegistryError::Folder`] if the folder cannot be read.
    pub(super) fn list(&self) -> Result<Listing, RegistryError> {
        let mut listing = self.folder.as_ref().map(Folder::list).transpose()?.unwrap_or_default();
        for builtin in self.builtin {
            if let Ok(name) = builtin.name.parse() {
                let first = || [(Version::FIRST, Stamp::BUILTIN)].into();
                listing.entry(name).or_insert_with(first);
            }
        }
        Ok(listing)
    }

    /// The network of a version.
    ///
    /// # Errors
    /// As [`Folder::read_model`].
    pub(super) fn read_model(
        &self,
        name: &ModelName,
        version: Version,
        limit: u64,
    ) -> Result<Vec<u8>, RegistryError> {
        match (self.builtin(name, version), &self.folder) {
            (Some(builtin), _) => Ok(builtin.model.to_vec()),
            (None, Some(folder)) => folder.read_model(name, version, limit),
            (None, None) => Err(RegistryError::UnknownModel { name: name.clone() }),
        }
    }

    /// The manifest of a version, if it has one, and Triton's configuration of the model.
    ///
    /// # Errors
    /// As [`Folder::read_texts`].
    pub(super) fn read_texts(
        &self,
        name: &ModelName,
        version: Version,
    ) -> Result<[Option<String>; 2], RegistryError> {
        match (self.builtin(name, version), &self.folder) {
            (Some(builtin), _) => Ok([Some(builtin.manifest.to_owned()), None]),
            (None, Some(folder)) => folder.read_texts(name, version),
            (None, None) => Err(RegistryError::UnknownModel { name: name.clone() }),
        }
    }

    /// What comes with the program under this name, unless the folder has a model of that name.
    fn builtin(&self, name: &ModelName, version: Version) -> Option<&'static Builtin> {
        let found = self.builtin.iter().find(|builtin| builtin.name == name.as_str())?;
        let is_replaced = self.folder.as_ref().is_some_and(|folder| folder.has(name));
        (version == Version::FIRST && !is_replaced).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::{BUILTIN, Shelf};
    use crate::inference::Manifest;
    use crate::onnx::{InspectLimits, inspect};

    #[test]
    fn what_comes_with_the_program_is_whole_small_and_says_where_it_comes_from() {
        let shelf = Shelf::open(None, true).unwrap();
        let listing = shelf.list().unwrap();
        assert_eq!(listing.len(), BUILTIN.len());
        for (name, versions) in listing {
            for version in versions.into_keys() {
                let bytes = shelf.read_model(&name, version, u64::MAX).unwrap();
                assert!(bytes.len() < 5_000_000, "{name}");
                inspect(&bytes, &InspectLimits::default()).unwrap();
                let [manifest, _] = shelf.read_texts(&name, version).unwrap();
                let manifest = Manifest::parse(&manifest.unwrap()).unwrap();
                assert!(manifest.sha256.is_some() && !manifest.licence.is_empty(), "{name}");
            }
        }
    }

    #[test]
    fn a_folder_replaces_what_comes_with_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("hybrid/7");
        std::fs::create_dir_all(&own).unwrap();
        std::fs::write(own.join("model.onnx"), b"own").unwrap();
        let shelf = Shelf::open(Some(folder.path()), true).unwrap();
        let listing = shelf.list().unwrap();
        let (name, versions) = listing.first_key_value().unwrap();
        let versions: Vec<_> = versions.keys().map(ToString::to_string).collect();
        assert_eq!((name.as_str(), &versions[..]), ("hybrid", &["7".to_owned()][..]));
        assert_eq!(shelf.read_model(name, "7".parse().unwrap(), 100).unwrap(), b"own");
        assert!(shelf.read_model(name, "1".parse().unwrap(), 100).is_err());
    }

    #[test]
    fn without_a_folder_and_without_what_comes_with_the_program_there_is_nothing() {
        assert!(Shelf::open(None, false).unwrap().list().unwrap().is_empty());
    }
}
