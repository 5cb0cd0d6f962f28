//! Restoration through networks that are closures: what they are shown, and what becomes of what
//! they answer.

mod faults;
mod holes;
mod names;
mod sizes;
mod tensors;

use std::sync::Mutex;

use super::{Network, inpaint};
use crate::imaging::{ColorModel, Mask, Raster, Samples};
use crate::inference::{
    Colour, ElementType, Hidden, ImageInput, InferenceError, Layout, Manifest, MaskInput,
    ModelTask, Pad, Place, ResultOutput, Signature, SizePolicy, Tensor, ValueInfo,
};
use crate::numerics::{Random, Unobserved};

pub(super) type Inputs = Vec<(String, Tensor)>;
type Compute = dyn Fn(&Inputs) -> Inputs + Send + Sync;

/// A network that is a closure.
pub(super) struct Stub {
    manifest: Manifest,
    signature: Signature,
    compute: Box<Compute>,
    shown: Mutex<Vec<Inputs>>,
}

impl Stub {
    pub(super) fn new(manifest: Manifest) -> Self {
        let mut names: Vec<&String> = manifest.image.iter().map(|image| &image.name).collect();
        names.extend(manifest.mask.iter().map(|mask| &mask.name));
        names.dedup();
        let value = |name: &String| ValueInfo {
            name: name.clone(),
            element: ElementType::F32,
            shape: None,
        };
        let signature =
            Signature { inputs: names.into_iter().map(value).collect(), outputs: Vec::new() };
        Self { manifest, signature, compute: Box::new(|_| Vec::new()), shown: Mutex::default() }
    }

    pub(super) fn computing(
        mut self,
        compute: impl Fn(&Inputs) -> Inputs + Send + Sync + 'static,
    ) -> Self {
        self.compute = Box::new(compute);
        self
    }

    /// Gives the numbers of its input back, by a function of each.
    fn mapping(self, number: impl Fn(f32) -> f32 + Send + Sync + 'static) -> Self {
        self.computing(move |inputs| {
            let image = &inputs[0].1;
            let numbers: Vec<f32> =
                image.as_slice::<f32>().unwrap().iter().map(|&n| number(n)).collect();
            vec![("output".to_owned(), Tensor::new(image.shape().to_vec(), numbers).unwrap())]
        })
    }

    fn taking(mut self, element: ElementType) -> Self {
        for input in &mut self.signature.inputs {
            input.element = element;
        }
        self
    }

    pub(super) fn shown(&self) -> Vec<Inputs> {
        self.shown.lock().unwrap().clone()
    }
}

impl Network for Stub {
    fn name(&self) -> String {
        "stub:1".to_owned()
    }

    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn run(&self, inputs: Inputs) -> Result<Inputs, InferenceError> {
        let outputs = (self.compute)(&inputs);
        self.shown.lock().unwrap().push(inputs);
        Ok(outputs)
    }
}

fn image(colour: Colour) -> ImageInput {
    ImageInput {
        name: "image".to_owned(),
        layout: Layout::Nchw,
        colour,
        range: [0.0, 1.0],
        mean: Vec::new(),
        std: Vec::new(),
        hidden: Hidden::Keep,
    }
}

/// A network that fills holes, of any size.
fn filler() -> Manifest {
    Manifest {
        task: ModelTask::Inpaint,
        image: Some(image(Colour::Rgb)),
        mask: Some(MaskInput {
            name: "mask".to_owned(),
            place: Place::First,
            hole: 1.0,
            known: 0.0,
        }),
        output: Some(ResultOutput {
            name: "output".to_owned(),
            range: [0.0, 1.0],
            composited: false,
        }),
        ..Manifest::default()
    }
}

/// A network that removes noise, of any size.
fn denoiser(colour: Colour) -> Manifest {
    Manifest { task: ModelTask::Denoise, image: Some(image(colour)), mask: None, ..filler() }
}

fn fixed(width: u64, height: u64, pad: Pad) -> SizePolicy {
    SizePolicy::Fixed { width, height, pad }
}

/// A picture of noise.
pub(super) fn noise(height: usize, width: usize, model: ColorModel, seed: u64) -> Raster {
    let mut random = Random::seeded(seed);
    let count = height * width * model.channels();
    let samples = (0..count).map(|_| u16::try_from(random.below(65_536)).unwrap()).collect();
    Raster::from_samples(height, width, model, Samples::Sixteen(samples)).unwrap()
}

pub(super) fn hole(height: usize, width: usize, inside: impl Fn(usize, usize) -> bool) -> Mask {
    let hidden = (0..height * width).map(|at| inside(at / width, at % width)).collect();
    Mask::from_holes(height, width, hidden)
}

pub(super) fn block(top: usize, left: usize, side: usize) -> impl Fn(usize, usize) -> bool {
    move |y, x| (top..top + side).contains(&y) && (left..left + side).contains(&x)
}

fn fill(raster: &Raster, mask: &Mask, network: &Stub) -> Raster {
    let mut filled = raster.clone();
    inpaint(&mut filled, mask, network, &Unobserved).unwrap();
    filled
}

/// All pixels of `a` and `b` are alike where the mask has no weight, and alpha everywhere.
pub(super) fn assert_known_alike(a: &Raster, b: &Raster, mask: &Mask) {
    let channels = a.model().channels();
    for y in 0..a.height() {
        for x in 0..a.width() {
            for channel in 0..channels {
                if mask.weight(y, x) == 0 || channel >= a.model().color_channels() {
                    assert_eq!(a.sample(channel, y, x), b.sample(channel, y, x), "{y} {x}");
                }
            }
        }
    }
}
