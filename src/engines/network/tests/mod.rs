//! Restoration through networks that are closures: what they are shown, and what becomes of what
//! they answer.

use std::fmt;
use std::sync::{Arc, Mutex};

use half::f16;

use super::{
    Features, Network, NetworkError, NetworkName, Networks, check_engine, denoise, features,
    inpaint,
};
use crate::engines::{EngineChoice, EngineError, Environment, Task, catalogue};
use crate::imaging::{ColorModel, EncodeOptions, ImageFormat, ImageLimits, Metadata, Picture};
use crate::imaging::{Mask, Raster, Samples, encode};
use crate::inference::{
    Colour, Dimension, ElementType, HdStrategy, Hidden, ImageInput, InferenceError, Layout,
    Manifest, MaskInput, ModelName, ModelTask, Pad, Place, ResultOutput, Signature, SizePolicy,
    Tensor, ValueInfo,
};
use crate::numerics::{Control, Plane, Progress, Random, Stopped, Threads, Unobserved};

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

#[test]
fn known_pixels_and_alpha_keep_every_bit_and_holes_get_what_was_computed() {
    for (height, width) in [(1, 9), (40, 33), (200, 310), (301, 97)] {
        for model in [ColorModel::Grey, ColorModel::Rgb, ColorModel::RgbAlpha] {
            for strategy in [HdStrategy::Crop, HdStrategy::Resize] {
                for size in [None, Some(fixed(64, 48, Pad::Reflect))] {
                    let manifest = Manifest { hd_strategy: strategy, size, ..filler() };
                    let white = Stub::new(manifest).mapping(|_| 1.0);
                    let raster = noise(height, width, model, 1);
                    let mask = hole(height, width, |y, x| (y + 2 * x) % 13 < 2 && x > 0);
                    let filled = fill(&raster, &mask, &white);
                    assert_known_alike(&raster, &filled, &mask);
                    let (y, x) = (0, (1..width).find(|x| mask.weight(0, *x) > 0).unwrap());
                    assert_eq!(filled.sample(0, y, x), u16::MAX, "{height} {width} {size:?}");
                }
            }
        }
    }
}

#[test]
fn no_network_sees_what_stands_in_hidden_pixels() {
    let strategies = [HdStrategy::Crop, HdStrategy::Resize];
    for hidden in [Hidden::Keep, Hidden::Zero] {
        for strategy in strategies {
            for size in [None, Some(fixed(64, 64, Pad::Symmetric)), Some(fixed(32, 32, Pad::Zero))]
            {
                let mut manifest = Manifest { hd_strategy: strategy, size, ..filler() };
                manifest.image.as_mut().unwrap().hidden = hidden;
                let mask = hole(150, 90, |y, x| block(30, 20, 50)(y, x) || block(140, 1, 6)(y, x));
                let mut seen = Vec::new();
                for secret in [0, 1, 2] {
                    // A network that copies its input would give every secret away.
                    let network = Stub::new(manifest.clone()).mapping(|number| number);
                    let mut raster = noise(150, 90, ColorModel::Rgb, 5);
                    let other = noise(150, 90, ColorModel::Rgb, 100 + secret);
                    for channel in 0..3 {
                        let secret = other.read(channel, other.region());
                        raster.write_where(channel, other.region(), &secret, |y, x| {
                            mask.weight(y, x)
                        });
                    }
                    let filled = fill(&raster, &mask, &network);
                    seen.push((network.shown(), filled));
                }
                assert!(!seen[0].0.is_empty());
                assert!(
                    seen[0] == seen[1] && seen[0] == seen[2],
                    "{hidden:?} {strategy:?} {size:?}"
                );
            }
        }
    }
}

#[test]
fn a_network_that_restores_from_parts_is_told_what_is_hidden_and_not_what_stands_there() {
    let manifest = Manifest { task: ModelTask::Reconstruct, max_pixels: Some(900), ..filler() };
    let mask = hole(60, 70, block(20, 20, 30));
    let mut seen = Vec::new();
    for secret in 0..2 {
        let network = Stub::new(manifest.clone()).mapping(|number| number);
        let mut raster = noise(60, 70, ColorModel::Rgb, 5);
        let other = noise(60, 70, ColorModel::Rgb, 50 + secret);
        for channel in 0..3 {
            let secret = other.read(channel, other.region());
            raster.write_where(channel, other.region(), &secret, |y, x| mask.weight(y, x));
        }
        denoise(&mut raster, Some(&mask), &network, &Unobserved).unwrap();
        seen.push((network.shown(), raster));
    }
    assert!(seen[0] == seen[1]);
    let told = seen[0].0.iter().flat_map(|inputs| inputs[1].1.as_slice::<f32>().unwrap());
    assert!(told.filter(|number| **number > 0.5).count() >= 30 * 30);
}

#[test]
fn tensors_are_what_the_manifest_says() {
    let samples = vec![0, 51, 255, 102, 204, 153];
    let raster = Raster::from_samples(1, 2, ColorModel::Rgb, Samples::Eight(samples)).unwrap();
    let mask = hole(1, 2, |_, x| x == 1);
    let shown = |change: &dyn Fn(&mut Manifest), element| {
        let mut manifest = filler();
        change(&mut manifest);
        let network = Stub::new(manifest).taking(element).computing(|_| Vec::new());
        let failed = inpaint(&mut raster.clone(), &mask, &network, &Unobserved);
        assert!(matches!(failed, Err(EngineError::Network(NetworkError::Output { .. }))));
        network.shown().remove(0)
    };
    // The hidden pixel continues the known one.
    let plain = shown(&|_| {}, ElementType::F32);
    assert_eq!(plain[0].1.shape(), [1, 3, 1, 2]);
    assert_eq!(plain[0].1.as_slice::<f32>().unwrap(), [0.0, 0.0, 0.2, 0.2, 1.0, 1.0]);
    assert_eq!((plain[1].0.as_str(), plain[1].1.shape()), ("mask", &[1, 1, 1, 2][..]));
    assert_eq!(plain[1].1.as_slice::<f32>().unwrap(), [0.0, 1.0]);

    let turned = shown(
        &|manifest| {
            let image = manifest.image.as_mut().unwrap();
            (image.colour, image.layout) = (Colour::Bgr, Layout::Nhwc);
            (image.range, image.hidden) = ([-1.0, 1.0], Hidden::Zero);
        },
        ElementType::F32,
    );
    assert_eq!(turned[0].1.shape(), [1, 1, 2, 3]);
    let expected = [1.0, -0.6, -1.0, 0.0, 0.0, 0.0];
    let actual = turned[0].1.as_slice::<f32>().unwrap();
    assert!(actual.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{actual:?}");

    let normal = shown(
        &|manifest| {
            let image = manifest.image.as_mut().unwrap();
            (image.mean, image.std) = (vec![0.5, 0.1, 0.5], vec![0.5, 0.1, 0.25]);
        },
        ElementType::F32,
    );
    let actual = normal[0].1.as_slice::<f32>().unwrap();
    let expected = [-1.0, -1.0, 1.0, 1.0, 2.0, 2.0];
    assert!(actual.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{actual:?}");

    let bytes = shown(
        &|manifest| {
            manifest.image.as_mut().unwrap().range = [0.0, 255.0];
            let mask = manifest.mask.as_mut().unwrap();
            (mask.hole, mask.known) = (0.0, 255.0);
        },
        ElementType::U8,
    );
    assert_eq!(bytes[0].1.as_slice::<u8>().unwrap(), [0, 0, 51, 51, 255, 255]);
    assert_eq!(bytes[1].1.as_slice::<u8>().unwrap(), [255, 0]);

    // As the core of MI-GAN takes it: the mask less a half, and the known part of the picture.
    let joined = shown(
        &|manifest| {
            let image = manifest.image.as_mut().unwrap();
            (image.range, image.hidden) = ([-1.0, 1.0], Hidden::Zero);
            let mask = manifest.mask.as_mut().unwrap();
            (mask.hole, mask.known) = (-0.5, 0.5);
            mask.name = "image".to_owned();
        },
        ElementType::F16,
    );
    assert_eq!((joined.len(), joined[0].1.shape()), (1, &[1, 4, 1, 2][..]));
    let expected = [0.5, -0.5, -1.0, 0.0, -0.6, 0.0, 1.0, 0.0].map(f16::from_f32);
    assert_eq!(joined[0].1.as_slice::<f16>().unwrap(), expected);
}

#[test]
fn sixteen_bits_are_sixteen_bits_on_the_other_side() {
    let raster = noise(70, 90, ColorModel::Rgb, 3);
    let network = Stub::new(denoiser(Colour::Rgb)).mapping(|number| number);
    let mut same = raster.clone();
    denoise(&mut same, None, &network, &Unobserved).unwrap();
    assert_eq!(same, raster);
}

#[test]
fn tiles_are_blended_without_a_seam() {
    // Every tile makes the same of a pixel, so the picture must be what one tile makes.
    let raster = noise(301, 517, ColorModel::RgbAlpha, 4);
    for size in
        [None, Some(fixed(96, 64, Pad::Edge)), Some(SizePolicy::Multiple { of: 8, pad: Pad::Edge })]
    {
        let manifest = Manifest { size, max_pixels: Some(9000), ..denoiser(Colour::Bgr) };
        let network = Stub::new(manifest).mapping(|number| 0.25 + number / 2.0);
        let mut halved = raster.clone();
        let summary = denoise(&mut halved, None, &network, &Unobserved).unwrap();
        assert!(summary.regions > 12);
        for y in 0..301 {
            for x in 0..517 {
                for channel in 0..3 {
                    let expected = 16_383.75 + f64::from(raster.sample(channel, y, x)) / 2.0;
                    let actual = f64::from(halved.sample(channel, y, x));
                    assert!((actual - expected).abs() <= 1.0, "{channel} {y} {x}");
                }
                assert_eq!(halved.sample(3, y, x), raster.sample(3, y, x));
            }
        }
    }
    // Tiles that disagree give way to one another step by step.
    let tile = Mutex::new(0.0_f32);
    let manifest = Manifest { size: Some(fixed(64, 64, Pad::Edge)), ..denoiser(Colour::Gray) };
    let network = Stub::new(manifest).computing(move |inputs| {
        let mut tile = tile.lock().unwrap();
        *tile = 1.0 - *tile;
        let flat = vec![*tile; 64 * 64];
        vec![("output".to_owned(), Tensor::new(inputs[0].1.shape().to_vec(), flat).unwrap())]
    });
    let mut striped = noise(64, 400, ColorModel::Grey, 6);
    denoise(&mut striped, None, &network, &Unobserved).unwrap();
    let steps = (1..400).map(|x| striped.sample(0, 9, x).abs_diff(striped.sample(0, 9, x - 1)));
    let steepest = steps.max().unwrap();
    assert!((1..=65_535 / 7).contains(&steepest), "{steepest}");
}

#[test]
fn grey_pictures_go_through_colour_networks_and_the_reverse() {
    let grey = noise(30, 20, ColorModel::GreyAlpha, 7);
    let colour = Stub::new(denoiser(Colour::Rgb)).mapping(|number| 1.0 - number);
    let mut negative = grey.clone();
    denoise(&mut negative, None, &colour, &Unobserved).unwrap();
    assert_eq!(negative.sample(0, 5, 5), u16::MAX - grey.sample(0, 5, 5));
    assert_eq!(negative.sample(1, 5, 5), grey.sample(1, 5, 5));

    let rgb = noise(30, 20, ColorModel::Rgb, 8);
    let one = Stub::new(denoiser(Colour::Gray)).mapping(|number| 1.0 - number);
    let mut negative = rgb.clone();
    denoise(&mut negative, None, &one, &Unobserved).unwrap();
    assert_eq!(one.shown().len(), 3);
    for channel in 0..3 {
        assert_eq!(negative.sample(channel, 29, 19), u16::MAX - rgb.sample(channel, 29, 19));
    }
}

#[test]
fn a_rim_is_blended_by_its_weight() {
    let white = Stub::new(filler()).mapping(|_| 1.0);
    let raster =
        Raster::from_samples(1, 4, ColorModel::Grey, Samples::Eight(vec![100; 4])).unwrap();
    let mask = Mask::new(Plane::from_vec(1, 4, vec![0, 51, 255, 0]).unwrap());
    let filled = fill(&raster, &mask, &white);
    let levels: Vec<_> = (0..4).map(|x| filled.sample(0, 0, x)).collect();
    assert_eq!(levels, [100, 131, 255, 100]);
}

#[test]
fn a_network_that_lies_is_found_out() {
    let cases: [(&str, Box<Compute>); 4] = [
        ("lacks `output`", Box::new(|_| Vec::new())),
        ("shape", Box::new(|_| vec![output(vec![1, 3, 2, 2], vec![0.0; 12])])),
        ("infinite", Box::new(|_| vec![output(vec![1, 3, 4, 4], vec![f32::NAN; 48])])),
        ("infinite", Box::new(|_| vec![output(vec![1, 3, 4, 4], vec![f32::INFINITY; 48])])),
    ];
    for (expected, compute) in cases {
        let network = Stub::new(filler()).computing(compute);
        let mut raster = noise(4, 4, ColorModel::Rgb, 1);
        let before = raster.clone();
        let failed = inpaint(&mut raster, &hole(4, 4, block(1, 1, 2)), &network, &Unobserved);
        let Err(EngineError::Network(error)) = failed else { panic!("{expected}") };
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(raster, before);
    }
}

fn output(shape: Vec<usize>, numbers: Vec<f32>) -> (String, Tensor) {
    ("output".to_owned(), Tensor::new(shape, numbers).unwrap())
}

#[test]
fn a_network_with_one_fixed_side_needs_a_manifest_that_fixes_both() {
    let mut network = Stub::new(filler()).mapping(|number| number);
    let axes = [Some(1), Some(3), Some(64), None];
    let axis = |length: Option<u64>| length.map_or(Dimension::Unknown, Dimension::Fixed);
    network.signature.inputs[0].shape = Some(axes.map(axis).to_vec());
    let mut raster = noise(9, 9, ColorModel::Rgb, 1);
    let refused = inpaint(&mut raster, &hole(9, 9, block(1, 1, 2)), &network, &Unobserved);
    let Err(EngineError::Network(error @ NetworkError::Unsuitable { .. })) = refused else {
        panic!("{refused:?}")
    };
    assert!(error.to_string().contains("one side of fixed length"), "{error}");
    assert!(network.shown().is_empty());
}

#[test]
fn only_what_passes_by_itself_is_tried_again() {
    let run = |source| NetworkError::Run { network: "stub:1".to_owned(), source };
    assert!(run(InferenceError::Overloaded { limit: 1, queued: 1 }).is_passing());
    assert!(run(InferenceError::Closed).is_passing());
    assert!(!run(InferenceError::Unhealthy).is_passing());
    assert!(!output_fault().is_passing());
}

fn output_fault() -> NetworkError {
    NetworkError::Output { network: "stub:1".to_owned(), reason: "is none".to_owned() }
}

#[test]
fn a_stop_takes_effect_before_the_next_run() {
    /// Stops when so many runs are done.
    struct After(usize);
    impl Control for After {
        fn report(&self, progress: Progress) -> Result<(), Stopped> {
            if progress.iteration >= self.0 { Err(Stopped) } else { Ok(()) }
        }
    }
    let manifest = Manifest { size: Some(fixed(16, 16, Pad::Edge)), ..denoiser(Colour::Gray) };
    let network = Stub::new(manifest).mapping(|number| number);
    let mut raster = noise(100, 100, ColorModel::Grey, 1);
    let stopped = denoise(&mut raster, None, &network, &After(3));
    assert!(matches!(stopped, Err(EngineError::Cancelled)));
    assert_eq!(network.shown().len(), 3);
    let network = Stub::new(filler()).mapping(|number| number);
    let stopped = inpaint(&mut raster, &hole(100, 100, block(1, 1, 2)), &network, &After(0));
    assert!(matches!(stopped, Err(EngineError::Cancelled)));
    assert!(network.shown().is_empty());
}

#[test]
fn a_hole_that_is_enlarged_is_told() {
    let manifest = Manifest { size: Some(fixed(64, 64, Pad::Edge)), ..filler() };
    let flat = Stub::new(manifest).mapping(|_| 0.5);
    let mut raster = noise(200, 200, ColorModel::Rgb, 2);
    let small = inpaint(&mut raster, &hole(200, 200, block(90, 90, 20)), &flat, &Unobserved);
    assert!(!small.unwrap().1);
    let large = inpaint(&mut raster, &hole(200, 200, block(20, 20, 120)), &flat, &Unobserved);
    assert!(large.unwrap().1);
    assert_eq!(raster.sample(1, 80, 80), 32_768);
    let full = inpaint(&mut raster, &hole(200, 200, |_, _| true), &flat, &Unobserved);
    assert!(matches!(full, Err(EngineError::NothingKnown)));
}

#[test]
fn what_is_shrunk_and_enlarged_again_lies_where_it_was() {
    // A slope goes on through holes, so a network that gives back what it is shown gives back the
    // slope.
    let level = |y: usize, x: usize| u16::try_from(5000 + 120 * x + 60 * y).unwrap();
    let samples = (0..200 * 300).map(|at| level(at / 300, at % 300)).collect();
    let ramp = Raster::from_samples(200, 300, ColorModel::Grey, Samples::Sixteen(samples)).unwrap();
    for strategy in [HdStrategy::Crop, HdStrategy::Resize] {
        let size = Some(fixed(80, 64, Pad::Symmetric));
        let manifest = Manifest { hd_strategy: strategy, size, ..filler() };
        let copy = Stub::new(manifest).mapping(|number| number);
        // Many small holes: what the fill itself is off by is small there.
        let within = |y: usize, x: usize| (20..180).contains(&y) && (20..280).contains(&x);
        let small = |y: usize, x: usize| (y / 8).is_multiple_of(2) && (x / 8).is_multiple_of(2);
        let mask = hole(200, 300, |y, x| within(y, x) && small(y, x));
        let filled = fill(&ramp, &mask, &copy);
        let (mut off, mut count) = (0, 0);
        for y in 0..200 {
            for x in (0..300).filter(|x| mask.weight(y, *x) > 0) {
                off += i64::from(filled.sample(0, y, x)) - i64::from(level(y, x));
                count += 1;
            }
        }
        // Half a pixel of the smaller copy, along a row alone, would be 180.
        assert!((off / count).abs() < 20, "{strategy:?}: {}", off / count);
    }
}

/// Networks by name.
struct Shelf(Vec<(&'static str, Manifest)>);

impl fmt::Debug for Shelf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Shelf")
    }
}

impl Networks for Shelf {
    fn list(&self) -> Vec<(ModelName, Manifest)> {
        self.0.iter().map(|(name, manifest)| (name.parse().unwrap(), manifest.clone())).collect()
    }

    fn look_up(&self, name: &NetworkName) -> Result<Manifest, NetworkError> {
        let found = self.list().into_iter().find(|(model, _)| *model == name.model);
        let unknown = || NetworkError::Unknown { name: name.clone(), known: Vec::new() };
        found.map(|(_, manifest)| manifest).ok_or_else(unknown)
    }

    fn find(&self, name: &NetworkName) -> Result<Arc<dyn Network>, NetworkError> {
        Ok(Arc::new(Stub::new(self.look_up(name)?).mapping(|number| 2.0 * number)))
    }
}

fn shelf() -> Shelf {
    let size = Some(SizePolicy::Multiple { of: 8, pad: Pad::Edge });
    Shelf(vec![
        ("csc", filler()),
        ("denoiser", Manifest { size, ..denoiser(Colour::Gray) }),
        ("lama", Manifest { licence: "Apache-2.0".to_owned(), ..filler() }),
        ("raw", Manifest::default()),
    ])
}

#[test]
fn networks_are_engines_by_name() {
    let engines = catalogue(&shelf());
    let names: Vec<_> = engines.iter().map(|engine| engine.name.as_str()).collect();
    assert_eq!(names, ["auto", "csc", "denoiser", "lama"]);
    assert!(!engines[2].generative && engines[3].generative);
    assert_eq!(engines[3].licence.as_deref(), Some("Apache-2.0"));

    let check = |engine: &str, task| check_engine(&engine.parse().unwrap(), task, &shelf());
    assert!(check("auto", Task::Inpaint).is_ok() && check("lama", Task::Inpaint).is_ok());
    assert!(check("denoiser", Task::Reconstruct).is_ok() && check("csc:1", Task::Inpaint).is_ok());
    for (engine, task) in
        [("lama", Task::Reconstruct), ("denoiser", Task::Inpaint), ("raw", Task::Inpaint)]
    {
        let Err(EngineError::InvalidParameters(faults)) = check(engine, task) else {
            panic!("{engine}")
        };
        assert_eq!(faults[0].field, "engine");
    }
    let unknown = check("nobody", Task::Inpaint);
    assert!(matches!(unknown, Err(EngineError::Network(NetworkError::Unknown { .. }))));
}

#[test]
fn the_name_of_an_engine_is_text() {
    for name in ["auto", "csc", "csc:1", "lama", "mi-gan_512.v2:12"] {
        let choice: EngineChoice = serde_json::from_value(name.into()).unwrap();
        assert_eq!(serde_json::to_value(choice).unwrap(), name);
    }
    let long = "x".repeat(129);
    for bad in ["", "../x", "a/b", "lama:", "lama:0", "lama:01", "lama:x", ":1", "a b", &long] {
        assert!(bad.parse::<EngineChoice>().is_err(), "{bad}");
    }
}

#[test]
fn features_are_what_comes_out() {
    let environment = Environment {
        limits: ImageLimits::default(),
        threads: Threads::new(1).unwrap(),
        networks: Arc::new(shelf()),
    };
    let samples = Samples::Eight(vec![255, 0, 0, 0, 0, 255]);
    let raster = Raster::from_samples(1, 2, ColorModel::Rgb, samples).unwrap();
    let picture = Picture { raster, format: ImageFormat::Png, metadata: Metadata::default() };
    let file = encode(&picture, &EncodeOptions::new(ImageFormat::Png)).unwrap().bytes;
    let name = "denoiser".parse().unwrap();
    let made = features(&file, &name, &environment, &Unobserved).unwrap();
    let Features { picture, shown, tensor, outputs, .. } = made;
    assert_eq!((picture, shown, tensor), ((1, 2), (1, 2), (8, 8)));
    assert_eq!((outputs[0].0.as_str(), outputs[0].1.shape()), ("output", &[1, 1, 8, 8][..]));
    let numbers = outputs[0].1.as_slice::<f32>().unwrap();
    assert!((numbers[0] - 0.598).abs() < 1e-5 && (numbers[1] - 0.228).abs() < 1e-5);
    let raw = features(&file, &"raw".parse().unwrap(), &environment, &Unobserved);
    assert!(matches!(raw, Err(EngineError::Network(NetworkError::Unsuitable { .. }))));
}
