//! Pictures as tensors, and back.

use half::f16;

use super::super::{NetworkError, denoise, inpaint};
use super::{Stub, denoiser, filler, hole, noise};
use crate::engines::EngineError;
use crate::imaging::{ColorModel, Raster, Samples};
use crate::inference::{Colour, ElementType, Hidden, Layout, Manifest};
use crate::numerics::Unobserved;

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
