//! Pictures of other sizes than networks take: tiles, and copies that are shrunk.

use std::sync::Mutex;

use super::super::{NetworkError, denoise, inpaint};
use super::{Stub, block, denoiser, fill, filler, fixed, hole, noise};
use crate::engines::EngineError;
use crate::imaging::{ColorModel, Raster, Samples};
use crate::inference::{Colour, Dimension, HdStrategy, Manifest, Pad, SizePolicy, Tensor};
use crate::numerics::Unobserved;

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
