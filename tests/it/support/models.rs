//! A folder of small models.

use std::fs;
use std::path::{Path, PathBuf};

use cogd::onnx::{ElementType, GraphBuilder, Model};

/// A folder of models, which goes when it goes.
pub(crate) struct ModelFolder {
    folder: tempfile::TempDir,
}

impl ModelFolder {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("models")).unwrap();
        Self { folder }
    }

    /// The folder of models. Beside it is room for what lies outside.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("models")
    }

    pub(crate) fn outside(&self) -> &Path {
        self.folder.path()
    }

    /// Puts a file of a model there as a careful person does: written beside and moved.
    pub(crate) fn put(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let file = self.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let part = self.folder.path().join("part");
        fs::write(&part, bytes).unwrap();
        fs::rename(part, file).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_dir_all(self.path().join(path)).unwrap();
    }
}

/// `y` is `x` of any number of rows of four, times `factor`.
pub(crate) fn scale(factor: f32) -> Model {
    let mut g = GraphBuilder::new("scale");
    let x = g.input("x", ElementType::F32, &["batch".into(), 4.into()]).unwrap();
    let factor = g.weights("factor", &[1], &[factor]).unwrap();
    let y = g.mul(&x, &factor).unwrap();
    g.output("y", &y).unwrap();
    g.finish().unwrap()
}
