//! Restorations by networks that refine, from file to file, in ONNX Runtime.

#![expect(clippy::cast_possible_truncation, reason = "samples are made from small numbers")]

use std::sync::Arc;
use std::thread;

use cogd::config::library_search;
use cogd::engines::{Answer, Environment, Options, Request, Task, process};
use cogd::imaging::{BitDepth, ColorModel, ImageFormat, ImageLimits, Raster, Samples, decode};
use cogd::inference::Device;
use cogd::network::{Parameters, export, zoo};
use cogd::numerics::{Threads, Unobserved};
use cogd::onnx::Model;
use cogd::registry::{ModelsConfig, Registry};
use cogd::telemetry::Metrics;

use crate::support::images::{file, levels, scene};
use crate::support::models::ModelFolder;
use crate::support::networks::runtime;

/// Difference between ways to cut a picture: rounding of single precision, in 16-bit levels.
const TOLERANCE: u16 = 7;

const MODELS: [ColorModel; 4] =
    [ColorModel::Grey, ColorModel::GreyAlpha, ColorModel::Rgb, ColorModel::RgbAlpha];

/// A U-shaped network of small numbers, which looks 27 samples far.
fn network() -> Model {
    let graph = zoo::unet(2, 1, 6, 2).unwrap();
    let mut parameters = Parameters::initial(&graph, 12);
    for value in &mut parameters.0.get_mut("last.weight").unwrap().values {
        *value *= 0.1;
    }
    export("refiner", &graph, &parameters).unwrap()
}

fn manifest(start: &str, more: &str) -> String {
    format!(
        r#"
        task = "refine"
        start = "{start}"
        {more}
        [image]
        name = "image"
        colour = "gray"
        [mask]
        name = "image"
        place = "last"
        hole = 1
        known = 0
        [output]
        name = "output"
        [size]
        policy = "multiple"
        of = 4
    "#
    )
}

/// All engines of the tests, with so many threads.
struct Engines {
    environment: Environment,
    // Goes last.
    _folder: ModelFolder,
}

impl Engines {
    fn open(threads: usize) -> Option<Self> {
        runtime()?;
        let folder = ModelFolder::new();
        folder.put_model("harmonic", (network(), manifest("harmonic", "")));
        folder.put_model("csc-first", (network(), manifest("csc", "")));
        folder.put_model("in-tiles", (network(), manifest("harmonic", "max_pixels = 16384")));
        let config = ModelsConfig {
            dir: Some(folder.path()),
            device: Device::Cpu,
            threads,
            ..ModelsConfig::default()
        };
        let metrics = Arc::new(Metrics::default());
        let environment = Environment {
            limits: ImageLimits::default(),
            threads: Threads::new(threads).unwrap(),
            networks: Registry::open(&config, library_search(None), &metrics).unwrap(),
        };
        Some(Self { environment, _folder: folder })
    }

    fn inpaint(&self, engine: &str, image: &[u8], mask: &[u8]) -> Answer {
        let mut options = Options::default();
        options.restore.engine = engine.parse().unwrap();
        let request = Request { task: Task::Inpaint, image, mask: Some(mask), options: &options };
        process(&request, &self.environment, &Unobserved).unwrap()
    }
}

/// A mask file, white where `hole` says so.
fn mask(height: usize, width: usize, hole: impl Fn(usize, usize) -> bool) -> Vec<u8> {
    let samples =
        (0..height * width).map(|i| if hole(i / width, i % width) { 255 } else { 0 }).collect();
    let raster = Raster::from_samples(height, width, ColorModel::Grey, Samples::Eight(samples));
    file(&raster.unwrap(), ImageFormat::Png)
}

/// A blot and scratches.
fn blots(y: usize, x: usize) -> bool {
    y.abs_diff(20).pow(2) + x.abs_diff(25).pow(2) < 49 || (y + 3 * x) % 97 < 4
}

fn opened(bytes: &[u8]) -> Raster {
    decode(bytes, &ImageLimits::default()).unwrap().raster
}

#[test]
fn hidden_pixels_have_no_influence_and_known_ones_keep_every_bit() {
    let Some(engines) = Engines::open(1) else { return };
    let holes = mask(48, 72, blots);
    let engines_of = [
        ("harmonic", &MODELS[..]),
        ("csc-first", &MODELS[3..]),
        // It comes with the program.
        ("hybrid", &MODELS[2..3]),
    ];
    for (engine, models) in engines_of {
        for model in models {
            for depth in [BitDepth::Eight, BitDepth::Sixteen] {
                let clean = scene(48, 72, *model, depth);
                let channels = model.channels();
                let is_hidden = |i: usize| {
                    let is_alpha = i % channels >= model.color_channels();
                    !is_alpha && blots(i / channels / 72, i / channels % 72)
                };
                let mut poisoned = levels(&clean);
                for (i, level) in poisoned.iter_mut().enumerate().filter(|(i, _)| is_hidden(*i)) {
                    *level = (i * 151 % 256) as u16;
                }
                let samples = match depth {
                    BitDepth::Eight => {
                        Samples::Eight(poisoned.iter().map(|level| *level as u8).collect())
                    }
                    BitDepth::Sixteen => Samples::Sixteen(poisoned),
                };
                let poisoned = Raster::from_samples(48, 72, *model, samples).unwrap();
                assert_ne!(clean, poisoned);
                let [answer, other] = [&clean, &poisoned]
                    .map(|raster| engines.inpaint(engine, &file(raster, ImageFormat::Png), &holes));
                assert!(answer.bytes == other.bytes, "{engine} {model} {depth:?}");
                let (before, after) = (levels(&clean), levels(&opened(&answer.bytes)));
                for (i, (before, after)) in before.iter().zip(&after).enumerate() {
                    assert!(before == after || is_hidden(i), "{engine} {model} {depth:?}: {i}");
                }
                assert_ne!(before, after, "something must have been repaired");
            }
        }
    }
}

#[test]
fn the_report_says_what_was_done() {
    let Some(engines) = Engines::open(1) else { return };
    let image = file(&scene(48, 72, ColorModel::Rgb, BitDepth::Eight), ImageFormat::Png);
    let holes = mask(48, 72, blots);
    let report = engines.inpaint("harmonic", &image, &holes).report;
    assert_eq!(
        (report.engine.as_str(), report.dictionary, report.iterations),
        ("harmonic:1", None, 0)
    );
    let report = engines.inpaint("csc-first:1", &image, &holes).report;
    let dictionary = report.dictionary.as_deref();
    assert_eq!(
        (report.engine.as_str(), dictionary, report.iterations),
        ("csc-first:1", Some("dct"), 70)
    );

    let hybrid = engines.inpaint("hybrid", &image, &holes);
    assert_eq!((hybrid.report.engine.as_str(), hybrid.report.iterations), ("hybrid:1", 160));

    let plain = engines.inpaint("csc", &image, &holes);
    let refined = engines.inpaint("csc-first", &image, &holes);
    assert_ne!(plain.bytes, refined.bytes, "the network has a say");
    assert_ne!(refined.bytes, hybrid.bytes, "each network its own");
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let (Some(one), Some(three)) = (Engines::open(1), Engines::open(3)) else { return };
    let image = file(&scene(44, 60, ColorModel::Rgb, BitDepth::Sixteen), ImageFormat::Png);
    let holes = mask(44, 60, blots);
    for engine in ["harmonic", "csc-first", "hybrid"] {
        let [a, b] = [&one, &three].map(|engines| engines.inpaint(engine, &image, &holes).bytes);
        assert!(a == b, "{engine}");
        assert!(a == one.inpaint(engine, &image, &holes).bytes, "{engine} again");
    }
}

fn assert_near(a: &Raster, b: &Raster, what: &str) {
    for (i, (a, b)) in levels(a).iter().zip(&levels(b)).enumerate() {
        assert!(a.abs_diff(*b) <= TOLERANCE, "{what}: {a} is not {b} at {i}");
    }
}

#[test]
fn tiles_are_not_seen() {
    let Some(engines) = Engines::open(1) else { return };
    let image = file(&scene(250, 300, ColorModel::Grey, BitDepth::Sixteen), ImageFormat::Png);
    let holes = mask(250, 300, |y, x| (y / 3 + x / 2) % 3 == 0);
    let [whole, cut] = ["harmonic", "in-tiles"]
        .map(|engine| opened(&engines.inpaint(engine, &image, &holes).bytes));
    assert_near(&whole, &cut, "in tiles");
}

#[test]
fn requests_side_by_side_are_answered_as_they_are_alone() {
    let Some(engines) = Engines::open(1) else { return };
    let image = file(&scene(64, 80, ColorModel::Rgb, BitDepth::Sixteen), ImageFormat::Png);
    let holes = mask(64, 80, blots);
    let alone = opened(&engines.inpaint("harmonic", &image, &holes).bytes);
    thread::scope(|scope| {
        let ask = || opened(&engines.inpaint("harmonic", &image, &holes).bytes);
        let asked: Vec<_> = (0..6).map(|_| scope.spawn(ask)).collect();
        for answer in asked {
            assert_near(&alone, &answer.join().unwrap(), "in a batch");
        }
    });
}
