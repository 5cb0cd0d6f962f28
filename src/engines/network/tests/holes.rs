//! What networks are shown of pictures with holes, and what becomes of holes and the rest.

use super::super::{denoise, inpaint};
use super::{Stub, assert_known_alike, block, fill, filler, fixed, hole, noise};
use crate::engines::EngineError;
use crate::imaging::{ColorModel, Mask, Raster, Samples};
use crate::inference::{HdStrategy, Hidden, Manifest, ModelTask, Pad};
use crate::numerics::{Plane, Unobserved};

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
