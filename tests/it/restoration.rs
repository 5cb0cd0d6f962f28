//! What a restoration promises, from file to file.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "samples are made from small numbers"
)]

use std::sync::Arc;

use cogd::engines::{
    Answer, EngineError, Environment, NoNetworks, Options, Request, Stage, Task, Warning, process,
    regions,
};
use cogd::imaging::{
    BitDepth, ColorModel, EncodeOptions, ImageFormat, ImageLimits, Mask, MaskOptions, Metadata,
    MetadataPolicy, Picture, Raster, Samples, SamplesMut, decode, encode, quality,
};
use cogd::numerics::{Control, Progress, Stopped, Threads, Unobserved};

use crate::support::images::{exif, exif_with_thumbnail, file, levels, plain, profile, scene};

const MODELS: [ColorModel; 4] =
    [ColorModel::Grey, ColorModel::GreyAlpha, ColorModel::Rgb, ColorModel::RgbAlpha];

fn environment(threads: usize) -> Environment {
    Environment {
        limits: ImageLimits::default(),
        threads: Threads::new(threads).unwrap(),
        networks: Arc::new(NoNetworks),
    }
}

fn few() -> Options {
    let mut options = Options::default();
    options.restore.iterations = Some(14);
    options
}

/// A mask file, white where `hole` says so.
fn mask(height: usize, width: usize, hole: impl Fn(usize, usize) -> bool) -> Vec<u8> {
    let samples =
        (0..height * width).map(|i| if hole(i / width, i % width) { 255 } else { 0 }).collect();
    let raster = Raster::from_samples(height, width, ColorModel::Grey, Samples::Eight(samples));
    file(&raster.unwrap(), ImageFormat::Png)
}

/// Two blots and a scratch.
fn blots(y: usize, x: usize) -> bool {
    let near = |cy: usize, cx: usize, radius: usize| {
        y.abs_diff(cy).pow(2) + x.abs_diff(cx).pow(2) < radius.pow(2)
    };
    near(20, 25, 7) || near(45, 60, 5) || (y + 3 * x) % 97 < 3
}

fn restore(task: Task, image: &[u8], mask: Option<&[u8]>, options: &Options) -> Answer {
    let request = Request { task, image, mask, options };
    process(&request, &environment(2), &Unobserved).unwrap()
}

fn fail(task: Task, image: &[u8], mask: Option<&[u8]>, options: &Options) -> EngineError {
    let request = Request { task, image, mask, options };
    process(&request, &environment(1), &Unobserved).unwrap_err()
}

fn open(bytes: &[u8]) -> Picture {
    decode(bytes, &ImageLimits::default()).unwrap()
}

/// Writes noise over all samples of the hidden pixels, alpha aside.
fn poison(raster: &mut Raster, hole: impl Fn(usize, usize) -> bool) {
    let (width, channels) = (raster.width(), raster.model().channels());
    let colors = raster.model().color_channels();
    let hidden =
        |i: usize| i % channels < colors && hole(i / channels / width, i / channels % width);
    match raster.samples_mut() {
        SamplesMut::Eight(samples) => {
            for (i, sample) in samples.iter_mut().enumerate().filter(|(i, _)| hidden(*i)) {
                *sample = (i * 151 % 256) as u8;
            }
        }
        SamplesMut::Sixteen(samples) => {
            for (i, sample) in samples.iter_mut().enumerate().filter(|(i, _)| hidden(*i)) {
                *sample = (i * 40_503 % 65_536) as u16;
            }
        }
    }
}

#[test]
fn what_stands_in_hidden_pixels_changes_no_byte_of_the_answer() {
    let mask = mask(64, 80, blots);
    for model in MODELS {
        for depth in [BitDepth::Eight, BitDepth::Sixteen] {
            let clean = scene(64, 80, model, depth);
            let mut poisoned = clean.clone();
            poison(&mut poisoned, blots);
            assert_ne!(clean, poisoned);
            let [clean, poisoned] = [clean, poisoned].map(|raster| file(&raster, ImageFormat::Png));
            for task in [Task::Inpaint, Task::Reconstruct] {
                let answers = [&clean, &poisoned]
                    .map(|image| restore(task, image, Some(&mask), &few()).bytes);
                assert!(answers[0] == answers[1], "{task:?} of {model} at {depth:?}");
            }
        }
    }
}

#[test]
fn known_pixels_and_alpha_come_back_bit_exact() {
    let holes = mask(64, 80, blots);
    for model in MODELS {
        for depth in [BitDepth::Eight, BitDepth::Sixteen] {
            let raster = scene(64, 80, model, depth);
            for format in [ImageFormat::Png, ImageFormat::Tiff] {
                let image = file(&raster, format);
                let restored = open(&restore(Task::Inpaint, &image, Some(&holes), &few()).bytes);
                assert_eq!((restored.raster.model(), restored.raster.depth()), (model, depth));
                assert_eq!(restored.format, format);
                let (before, after) = (levels(&raster), levels(&restored.raster));
                let channels = model.channels();
                for (i, (before, after)) in before.iter().zip(&after).enumerate() {
                    let hidden = blots(i / channels / 80, i / channels % 80);
                    let alpha = i % channels >= model.color_channels();
                    assert!(before == after || (hidden && !alpha), "{model} {depth:?}: sample {i}");
                }
                assert_ne!(before, after, "something must have been repaired");
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let image = file(&scene(200, 180, ColorModel::Rgb, BitDepth::Eight), ImageFormat::Png);
    let holes = mask(200, 180, |y, x| (y * 7919 + x * 104_729) % 3 == 1);
    for task in [Task::Inpaint, Task::Reconstruct] {
        let options = few();
        let request = Request { task, image: &image, mask: Some(&holes), options: &options };
        let [one, two, three] =
            [1, 2, 3].map(|n| process(&request, &environment(n), &Unobserved).unwrap().bytes);
        assert!(one == two && two == three, "{task:?}");
    }
}

#[test]
fn the_mask_belongs_to_the_upright_picture_in_all_eight_orientations() {
    for orientation in 1..=8 {
        let raster = scene(48, 64, ColorModel::Rgb, BitDepth::Eight);
        let metadata = Metadata { exif: Some(exif(orientation)), ..Metadata::default() };
        let stored = Picture { raster, metadata, format: ImageFormat::Png };
        let image = encode(&stored, &EncodeOptions::new(ImageFormat::Png)).unwrap().bytes;
        let upright = open(&image).raster;
        let hole = |y: usize, x: usize| (10..20).contains(&y) && (30..40).contains(&x);
        let holes = mask(upright.height(), upright.width(), hole);
        let restored = open(&restore(Task::Inpaint, &image, Some(&holes), &few()).bytes).raster;
        assert_eq!((restored.height(), restored.width()), (upright.height(), upright.width()));
        for y in 0..upright.height() {
            for x in 0..upright.width() {
                let same = (0..3).all(|c| upright.sample(c, y, x) == restored.sample(c, y, x));
                assert!(same || hole(y, x), "orientation {orientation}: {y}, {x}");
            }
        }
        assert_ne!(upright, restored, "orientation {orientation}");
    }
}

#[test]
fn profile_and_exif_are_kept_unless_they_are_to_be_stripped() {
    let metadata =
        Metadata { icc: Some(profile(*b"RGB ", 3000)), exif: Some(exif(1)), ..Metadata::default() };
    let raster = scene(40, 40, ColorModel::Rgb, BitDepth::Eight);
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let picture = Picture { raster: raster.clone(), metadata: metadata.clone(), format };
        let image = encode(&picture, &EncodeOptions::new(format)).unwrap().bytes;
        let holes = mask(40, 40, |y, x| y < 9 && x < 9);
        let kept = open(&restore(Task::Inpaint, &image, Some(&holes), &few()).bytes).metadata;
        assert_eq!(kept.icc, metadata.icc, "{format}");
        assert!(kept.exif.is_some(), "{format}");
        let mut strip = few();
        strip.output.metadata = MetadataPolicy::Strip;
        let bare = open(&restore(Task::Inpaint, &image, Some(&holes), &strip).bytes).metadata;
        assert_eq!((bare.icc, bare.exif), (None, None), "{format}");
    }
}

#[test]
fn an_empty_mask_gives_back_the_very_file_with_a_warning() {
    let empty = mask(32, 32, |_, _| false);
    for format in ImageFormat::ALL {
        let image = file(&scene(32, 32, ColorModel::Rgb, BitDepth::Eight), format);
        let answer = restore(Task::Inpaint, &image, Some(&empty), &few());
        assert_eq!(answer.bytes, image, "{format}");
        assert_eq!(answer.report.warnings, [Warning::EmptyMask]);
    }
}

#[test]
fn a_picture_of_which_nothing_is_known_is_refused() {
    let image = file(&scene(32, 32, ColorModel::Grey, BitDepth::Eight), ImageFormat::Png);
    let full = mask(32, 32, |_, _| true);
    for task in [Task::Inpaint, Task::Reconstruct] {
        let error = fail(task, &image, Some(&full), &few());
        assert!(matches!(error, EngineError::NothingKnown), "{error}");
    }
}

#[test]
fn all_faults_of_the_parameters_are_named_at_once() {
    let image = file(&scene(32, 32, ColorModel::Grey, BitDepth::Eight), ImageFormat::Png);
    let mut options = Options::default();
    options.restore.iterations = Some(0);
    options.restore.sigma = Some(500.0);
    options.mask = MaskOptions { dilate: 5000, feather: 5000, ..MaskOptions::default() };
    options.output.quality = 0;
    let EngineError::InvalidParameters(faults) = fail(Task::Inpaint, &image, None, &options) else {
        panic!("the parameters were accepted");
    };
    let fields: Vec<_> = faults.iter().map(|fault| fault.field).collect();
    let expected =
        ["iterations", "sigma", "sigma", "mask_dilate", "mask_feather", "quality", "mask"];
    assert_eq!(fields, expected);
}

#[test]
fn a_feathered_rim_passes_smoothly_from_the_repair_to_the_picture() {
    let raster = scene(64, 64, ColorModel::Grey, BitDepth::Eight);
    let hole = |y: usize, x: usize| (24..40).contains(&y) && (24..40).contains(&x);
    let mut options = few();
    options.mask.feather = 6;
    let image = file(&raster, ImageFormat::Png);
    let answer = restore(Task::Inpaint, &image, Some(&mask(64, 64, hole)), &options);
    let restored = open(&answer.bytes).raster;
    let weights =
        Mask::decode(&mask(64, 64, hole), &options.mask, &ImageLimits::default(), 64, 64).unwrap();
    let mut rim = 0;
    for y in 0..64 {
        for x in 0..64 {
            let same = raster.sample(0, y, x) == restored.sample(0, y, x);
            match weights.weight(y, x) {
                0 => assert!(same, "{y}, {x} lies outside the rim"),
                255 => {}
                _ => rim += 1,
            }
        }
    }
    assert!(rim > 200, "the rim has {rim} pixels");
}

#[test]
fn tiles_meet_without_a_seam() {
    // Wider than a tile, so that the scattered holes are cut into two.
    let (height, width) = (64, regions::TILE + 200);
    let raster = scene(height, width, ColorModel::Grey, BitDepth::Eight);
    let hole = |y: usize, x: usize| (y * 7919 + x * 104_729) % 2 == 1;
    let image = file(&raster, ImageFormat::Png);
    let answer = restore(Task::Inpaint, &image, Some(&mask(height, width, hole)), &few());
    assert_eq!(answer.report.regions, 2);
    let restored = open(&answer.bytes).raster;
    let error = |columns: std::ops::Range<usize>| {
        let squares =
            columns.clone().flat_map(|x| (0..height).map(move |y| (y, x))).map(|(y, x)| {
                (f64::from(raster.sample(0, y, x)) - f64::from(restored.sample(0, y, x))).powi(2)
            });
        squares.sum::<f64>() / (columns.len() * height) as f64
    };
    let seam = width / 2;
    let (there, everywhere) = (error(seam - 8..seam + 8), error(0..width));
    assert!(there < 4.0 * everywhere + 1.0, "{there} at the seam, {everywhere} everywhere");
}

#[test]
fn a_hole_larger_than_a_tile_is_filled_from_afar() {
    let (height, width) = (64, 3 * regions::TILE);
    let level = |x: usize| (40 + x * 160 / width) as u8;
    let samples = (0..height * width).map(|i| level(i % width)).collect();
    let raster =
        Raster::from_samples(height, width, ColorModel::Grey, Samples::Eight(samples)).unwrap();
    let hole = |_: usize, x: usize| (300..width - 300).contains(&x);
    let image = file(&raster, ImageFormat::Png);
    let answer = restore(Task::Inpaint, &image, Some(&mask(height, width, hole)), &few());
    let restored = open(&answer.bytes).raster;
    for x in (0..width).step_by(64) {
        let difference = f64::from(restored.sample(0, 32, x)) - f64::from(level(x));
        assert!(difference.abs() < 40.0, "column {x} is off by {difference}");
    }
}

#[test]
fn noise_is_removed_and_its_strength_reported() {
    let clean = scene(96, 96, ColorModel::Rgb, BitDepth::Eight);
    let mut noisy = clean.clone();
    let mut random = cogd::numerics::Random::seeded(5);
    if let SamplesMut::Eight(samples) = noisy.samples_mut() {
        for sample in samples {
            *sample = (f32::from(*sample) + 12.0 * random.normal()).clamp(0.0, 255.0) as u8;
        }
    }
    let mut options = Options::default();
    options.restore.sigma = Some(12.0);
    let image = file(&noisy, ImageFormat::Png);
    let answer = restore(Task::Reconstruct, &image, None, &options);
    assert_eq!(answer.report.sigma, Some(12.0));
    let psnr = |raster: &Raster| quality::raster_psnr(&clean, raster, None).unwrap();
    let (before, after) = (psnr(&noisy), psnr(&open(&answer.bytes).raster));
    assert!(after > before + 5.0, "{before} dB became {after} dB");
}

/// Notes stages and progress, and stops at a given report.
#[derive(Default)]
struct Log {
    lines: std::sync::Mutex<Vec<String>>,
    stop_at: Option<usize>,
}

impl Control for Log {
    fn report(&self, progress: Progress) -> Result<(), Stopped> {
        let mut lines = self.lines.lock().unwrap();
        lines.push(format!("{}/{}", progress.iteration, progress.total));
        if self.stop_at == Some(progress.iteration) { Err(Stopped) } else { Ok(()) }
    }
}

impl cogd::engines::Observer for Log {
    fn enter(&self, stage: Stage) {
        self.lines.lock().unwrap().push(format!("{stage:?}"));
    }

    fn engage(&self, task: &'static str, engine: &str) {
        self.lines.lock().unwrap().push(format!("{task} by {engine}"));
    }
}

#[test]
fn the_observer_hears_of_every_stage_and_iteration_and_can_end_them() {
    let image = plain(scene(40, 40, ColorModel::Grey, BitDepth::Eight), ImageFormat::Png);
    let image = encode(&image, &EncodeOptions::new(ImageFormat::Png)).unwrap().bytes;
    let (holes, mut options) = (mask(40, 40, |y, x| y < 9 && x < 9), Options::default());
    options.restore.iterations = Some(3);
    let request =
        Request { task: Task::Inpaint, image: &image, mask: Some(&holes), options: &options };
    let log = Log::default();
    process(&request, &environment(1), &log).unwrap();
    let lines = log.lines.into_inner().unwrap();
    assert_eq!(lines, ["inpaint by csc", "Decode", "Solve", "1/3", "2/3", "3/3", "Encode"]);

    let log = Log { stop_at: Some(2), ..Log::default() };
    let error = process(&request, &environment(1), &log).unwrap_err();
    assert!(matches!(error, EngineError::Cancelled), "{error}");
    assert_eq!(
        log.lines.into_inner().unwrap(),
        ["inpaint by csc", "Decode", "Solve", "1/3", "2/3"]
    );
}

#[test]
fn no_thumbnail_survives_that_may_show_what_was_hidden() {
    let small = [&[0xff, 0xd8, 0xff][..], b"a small picture of what is to be hidden"].concat();
    let shows = |file: &[u8]| file.windows(30).any(|part| small.windows(30).any(|it| it == part));
    let note = [exif(1), small.clone()].concat();
    let (holes, nothing) = (mask(40, 40, |y, x| y < 9 && x < 9), mask(40, 40, |_, _| false));
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        for (block, is_kept) in [(exif_with_thumbnail(&small), true), (note.clone(), false)] {
            let mut picture = plain(scene(40, 40, ColorModel::Rgb, BitDepth::Eight), format);
            picture.metadata.exif = Some(block);
            let image = encode(&picture, &EncodeOptions::new(format)).unwrap().bytes;
            assert!(shows(&image), "{format}");
            let answer = restore(Task::Inpaint, &image, Some(&holes), &few());
            assert!(!shows(&answer.bytes), "{format}");
            assert_eq!(open(&answer.bytes).metadata.exif.is_some(), is_kept, "{format}");
            let is_told = answer.report.warnings.contains(&Warning::ExifDropped);
            assert_eq!(is_told, !is_kept, "{format}");
            // Where nothing was changed, the file is given back as it came.
            let answer = restore(Task::Inpaint, &image, Some(&nothing), &few());
            assert_eq!(answer.bytes, image, "{format}");
        }
    }
}
