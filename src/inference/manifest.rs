//! `model.toml`: what the numbers of a model mean, which its file does not say.

use serde::Deserialize;

use super::{Dimension, Signature, ValueInfo};

/// What a model is for and what its tensors hold. Without a manifest a model is served as it is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Manifest {
    /// What it does.
    pub task: ModelTask,
    /// What it is, in a sentence.
    pub description: String,
    /// Where it comes from.
    pub source: String,
    /// Its licence, as an SPDX expression where there is one.
    pub licence: String,
    /// SHA-256 of `model.onnx`, 64 hexadecimal digits. Another file is refused.
    pub sha256: Option<String>,
    /// Whether requests may be run together; as the graph allows if not given.
    pub batchable: Option<bool>,
    /// Pixels of the largest image it should be given.
    pub max_pixels: Option<u64>,
    /// How images that it cannot take whole should be cut or shrunk.
    pub hd_strategy: HdStrategy,
    /// What stands in hidden pixels before a network refines it.
    pub start: Fill,
    /// Iterations of the solver where it makes the start, from 1; its own default if not given.
    pub iterations: Option<u32>,
    /// Iterations in which the solver goes on from what a network refined; the mean of both is the
    /// result. None if not given.
    pub settling: Option<u32>,
    /// The input that takes the image.
    pub image: Option<ImageInput>,
    /// The input that takes the mask.
    pub mask: Option<MaskInput>,
    /// The output that is the result.
    pub output: Option<ResultOutput>,
    /// The sizes of images it takes; as the graph says if not given.
    pub size: Option<SizePolicy>,
    /// What was saved by pruning.
    pub pruning: Option<Pruning>,
}

impl Manifest {
    /// The sizes of images that the model takes: as the manifest says, else as its graph does.
    pub fn size_policy(&self, signature: &Signature) -> SizePolicy {
        let by_graph = || {
            let image = self.image.as_ref()?;
            let input = signature.inputs.iter().find(|input| input.name == image.name)?;
            let [height, width] = image.sides(input).map(|side| side.and_then(Dimension::fixed));
            Some(SizePolicy::Fixed { width: width?, height: height?, pad: Pad::default() })
        };
        self.size.or_else(by_graph).unwrap_or(SizePolicy::Any {})
    }

    /// Whether the mask is a channel of the image, and no input of its own.
    pub fn joins_mask(&self) -> bool {
        let names = self.image.as_ref().zip(self.mask.as_ref());
        names.is_some_and(|(image, mask)| image.name == mask.name)
    }
}

/// What a model does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelTask {
    /// Fills hidden pixels.
    Inpaint,
    /// Improves what stands in hidden pixels: computes what is to be added to it.
    Refine,
    /// Takes away noise.
    Denoise,
    /// Restores an image from parts of it.
    Reconstruct,
    /// Says what an image shows.
    Classify,
    /// Tensors in, tensors out.
    #[default]
    Raw,
}

impl ModelTask {
    /// Its name in a manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inpaint => "inpaint",
            Self::Refine => "refine",
            Self::Denoise => "denoise",
            Self::Reconstruct => "reconstruct",
            Self::Classify => "classify",
            Self::Raw => "raw",
        }
    }
}

/// What fills hidden pixels before a network is shown them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fill {
    /// The smoothest picture that fits to the known pixels.
    #[default]
    Harmonic,
    /// What the solver finds.
    Csc,
}

/// What is done with images that are too large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HdStrategy {
    /// Boxes around the holes are solved one by one.
    #[default]
    Crop,
    /// The image is shrunk, and only the holes are taken from the enlarged result.
    Resize,
    /// Nothing.
    Original,
}

/// Order of the axes of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Layout {
    /// Batch, channel, row, column.
    #[default]
    #[serde(rename = "NCHW")]
    Nchw,
    /// Batch, row, column, channel.
    #[serde(rename = "NHWC")]
    Nhwc,
}

impl Layout {
    /// Positions of channel, height and width.
    pub fn axes(self) -> [usize; 3] {
        match self {
            Self::Nchw => [1, 2, 3],
            Self::Nhwc => [3, 1, 2],
        }
    }
}

/// Channels of an image, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Colour {
    /// Red, green, blue.
    #[default]
    #[serde(rename = "RGB")]
    Rgb,
    /// Blue, green, red.
    #[serde(rename = "BGR")]
    Bgr,
    /// One channel of grey.
    #[serde(rename = "gray")]
    Gray,
}

impl Colour {
    /// Number of channels.
    pub fn channels(self) -> u64 {
        if self == Self::Gray { 1 } else { 3 }
    }
}

/// What the input gets where pixels are hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hidden {
    /// Whatever the image has there.
    #[default]
    Keep,
    /// The number zero, after the range was applied.
    Zero,
}

/// The input that takes the image.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageInput {
    /// Its name in the graph.
    pub name: String,
    /// Order of its axes.
    #[serde(default)]
    pub layout: Layout,
    /// Its channels.
    #[serde(default)]
    pub colour: Colour,
    /// What black and white become.
    #[serde(default = "unit")]
    pub range: [f32; 2],
    /// Taken off every channel after the range was applied; nothing if empty.
    #[serde(default)]
    pub mean: Vec<f32>,
    /// What every channel is divided by after that; nothing if empty.
    #[serde(default)]
    pub std: Vec<f32>,
    /// What stands where pixels are hidden.
    #[serde(default)]
    pub hidden: Hidden,
}

impl ImageInput {
    /// Height and width of the tensor, as far as the graph says.
    pub fn sides<'a>(&self, input: &'a ValueInfo) -> [Option<&'a Dimension>; 2] {
        let [_, height, width] = self.layout.axes();
        [height, width].map(|axis| input.shape.as_ref().and_then(|axes| axes.get(axis)))
    }
}

/// The input that takes the mask.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskInput {
    /// Its name in the graph. If it is that of the image, the mask is a channel there.
    pub name: String,
    /// Which of the channels, where it is one of the image.
    #[serde(default)]
    pub place: Place,
    /// The number that stands for a hidden pixel.
    pub hole: f32,
    /// The number that stands for a known pixel.
    pub known: f32,
}

/// Where a mask stands among the channels of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Before all others.
    #[default]
    First,
    /// After all others.
    Last,
}

/// The output that is the result.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultOutput {
    /// Its name in the graph.
    pub name: String,
    /// What stands for black and white.
    #[serde(default = "unit")]
    pub range: [f32; 2],
    /// Whether known pixels come back as they were given, in place.
    #[serde(default)]
    pub composited: bool,
}

/// The sizes of images that a model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "policy", rename_all = "lowercase", deny_unknown_fields)]
pub enum SizePolicy {
    /// Only this one.
    Fixed {
        /// Columns.
        width: u64,
        /// Rows.
        height: u64,
        /// How smaller images are filled up.
        #[serde(default)]
        pad: Pad,
    },
    /// Sides that are multiples of a number.
    Multiple {
        /// The number.
        of: u64,
        /// How images are filled up.
        #[serde(default)]
        pad: Pad,
    },
    /// Any.
    Any {},
}

/// What an image is filled up with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pad {
    /// Its mirror image, the border pixels twice.
    #[default]
    Symmetric,
    /// Its mirror image, the border pixels once.
    Reflect,
    /// Its border pixels.
    Edge,
    /// Zeros.
    Zero,
}

/// What was saved by pruning.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pruning {
    /// How it was done.
    pub method: String,
    /// Floating point operations for one input, before.
    pub flops_before: u64,
    /// And after.
    pub flops_after: u64,
    /// Weights before.
    pub parameters_before: u64,
    /// Weights after.
    pub parameters_after: u64,
}

fn unit() -> [f32; 2] {
    [0.0, 1.0]
}
