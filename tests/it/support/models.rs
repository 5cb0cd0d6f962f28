//! A folder of small models.

use std::fs;
use std::path::{Path, PathBuf};

use cogd::onnx::{Dimension, ElementType, GraphBuilder, Model};

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

    /// Puts version 1 of a model there with its manifest.
    pub(crate) fn put_model(&self, name: &str, (model, manifest): (Model, impl AsRef<[u8]>)) {
        self.put(&format!("{name}/1/model.toml"), manifest);
        self.put(&format!("{name}/1/model.onnx"), model.encode());
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

/// A model with the inputs and outputs of LaMa: 512 pixels square, holes are 1, the result is from
/// 0 to 255. A hole becomes half of what is shown there, and a quarter of white.
pub(crate) fn lama() -> (Model, &'static str) {
    let mut g = GraphBuilder::new("lama");
    let image: [Dimension; 4] = ["batch".into(), 3.into(), 512.into(), 512.into()];
    let mask: [Dimension; 4] = ["batch".into(), 1.into(), 512.into(), 512.into()];
    let image = g.input("image", ElementType::F32, &image).unwrap();
    let mask = g.input("mask", ElementType::F32, &mask).unwrap();
    let number = |g: &mut GraphBuilder, n: f32| g.scalar(ElementType::F32, n).unwrap();
    let (half, quarter, white) = (number(&mut g, 0.5), number(&mut g, 0.25), number(&mut g, 255.0));
    let halved = g.mul(&image, &half).unwrap();
    let filled = g.add(&halved, &quarter).unwrap();
    let change = g.sub(&filled, &image).unwrap();
    let change = g.mul(&change, &mask).unwrap();
    let whole = g.add(&image, &change).unwrap();
    let whole = g.mul(&whole, &white).unwrap();
    g.output("output", &whole).unwrap();
    let manifest = r#"
        task = "inpaint"
        description = "Large masks, 512 pixels square."
        licence = "Apache-2.0"
        [image]
        name = "image"
        [mask]
        name = "mask"
        hole = 1
        known = 0
        [output]
        name = "output"
        range = [0, 255]
    "#;
    (g.finish().unwrap(), manifest)
}

/// A model with the inputs and outputs of the MI-GAN pipeline: bytes of any size, known is 255,
/// the result is the whole picture. A hole becomes what is shown there.
pub(crate) fn migan_pipeline() -> (Model, &'static str) {
    let mut g = GraphBuilder::new("migan_pipeline");
    let axes = |channels: u64| -> [Dimension; 4] {
        [1.into(), channels.into(), "height".into(), "width".into()]
    };
    let image = g.input("image", ElementType::U8, &axes(3)).unwrap();
    let mask = g.input("mask", ElementType::U8, &axes(1)).unwrap();
    let (image, mask) =
        (g.cast(&image, ElementType::F32).unwrap(), g.cast(&mask, ElementType::F32).unwrap());
    let nothing = g.scalar(ElementType::F32, 0.0).unwrap();
    let part = g.mul(&mask, &nothing).unwrap();
    let whole = g.add(&image, &part).unwrap();
    let whole = g.cast(&whole, ElementType::U8).unwrap();
    g.output("result", &whole).unwrap();
    let manifest = r#"
        task = "inpaint"
        max_pixels = 1000000
        [image]
        name = "image"
        range = [0, 255]
        [mask]
        name = "mask"
        hole = 0
        known = 255
        [output]
        name = "result"
        range = [0, 255]
        composited = true
    "#;
    (g.finish().unwrap(), manifest)
}

/// A model with the input and the output of the core of MI-GAN: the mask less a half joined to the
/// known part of a picture from -1 to 1. A hole becomes the colour -0.5, 0, 0.5.
pub(crate) fn migan_core() -> (Model, &'static str) {
    let mut g = GraphBuilder::new("migan_core");
    let axes: [Dimension; 4] = [1.into(), 4.into(), 512.into(), 512.into()];
    let input = g.input("input", ElementType::F32, &axes).unwrap();
    let mask = g.slice(&input, &[1], &[0], &[1], &[1]).unwrap();
    let image = g.slice(&input, &[1], &[1], &[4], &[1]).unwrap();
    let half = g.scalar(ElementType::F32, 0.5).unwrap();
    let hole = g.sub(&half, &mask).unwrap();
    let colour = g.weights("colour", &[1, 3, 1, 1], &[-0.5, 0.0, 0.5]).unwrap();
    let filled = g.mul(&hole, &colour).unwrap();
    let whole = g.add(&image, &filled).unwrap();
    g.output("output", &whole).unwrap();
    let manifest = r#"
        task = "inpaint"
        [image]
        name = "input"
        range = [-1, 1]
        hidden = "zero"
        [mask]
        name = "input"
        hole = -0.5
        known = 0.5
        [output]
        name = "output"
        range = [-1, 1]
    "#;
    (g.finish().unwrap(), manifest)
}

/// A model that takes noise away, of one or three channels and any size that is a multiple of
/// four: it gives back what it is shown.
pub(crate) fn denoiser(channels: u64) -> (Model, String) {
    let mut g = GraphBuilder::new("denoiser");
    let axes: [Dimension; 4] = ["n".into(), channels.into(), "h".into(), "w".into()];
    let x = g.input("x", ElementType::F32, &axes).unwrap();
    g.output("y", &x).unwrap();
    let colour = if channels == 1 { "gray" } else { "BGR" };
    let manifest = format!(
        r#"
        task = "denoise"
        max_pixels = 4096
        size = {{ policy = "multiple", of = 4, pad = "reflect" }}
        [image]
        name = "x"
        colour = "{colour}"
        [output]
        name = "y"
    "#
    );
    (g.finish().unwrap(), manifest)
}
