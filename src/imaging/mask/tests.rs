use super::*;
use crate::imaging::{EncodeOptions, ImageFormat, Metadata, Picture, encode};

fn png(height: usize, width: usize, model: ColorModel, samples: Samples) -> Vec<u8> {
    let raster = Raster::from_samples(height, width, model, samples).unwrap();
    let picture = Picture { raster, metadata: Metadata::default(), format: ImageFormat::Png };
    encode(&picture, &EncodeOptions::new(ImageFormat::Png)).unwrap().bytes
}

fn weights(file: &[u8], options: &MaskOptions, width: usize) -> Vec<u8> {
    let mask = Mask::decode(file, options, &ImageLimits::default(), width, 1).unwrap();
    mask.weights().as_slice().to_vec()
}

#[test]
fn bright_is_a_hole_above_the_same_share_of_the_range_at_either_depth() {
    let eight = png(1, 4, ColorModel::Grey, Samples::Eight(vec![0, 127, 128, 255]));
    assert_eq!(weights(&eight, &MaskOptions::default(), 4), [0, 0, 255, 255]);
    let samples = Samples::Sixteen(vec![0, 127 * 257, 127 * 257 + 1, 65_535]);
    let sixteen = png(1, 4, ColorModel::Grey, samples);
    assert_eq!(weights(&sixteen, &MaskOptions::default(), 4), [0, 0, 255, 255]);
}

#[test]
fn color_counts_by_luma_and_not_by_alpha() {
    // Green is bright, blue is not; transparent white is.
    let pixels = vec![0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 0];
    let file = png(1, 3, ColorModel::RgbAlpha, Samples::Eight(pixels));
    assert_eq!(weights(&file, &MaskOptions::default(), 3), [255, 0, 255]);
}

#[test]
fn opaque_is_a_hole_when_alpha_is_asked_for() {
    let file = png(1, 3, ColorModel::GreyAlpha, Samples::Eight(vec![255, 0, 0, 127, 0, 128]));
    let options = MaskOptions { channel: MaskChannel::Alpha, ..MaskOptions::default() };
    assert_eq!(weights(&file, &options, 3), [0, 0, 255]);
}

#[test]
fn alpha_of_a_mask_without_alpha_is_an_error() {
    let file = png(1, 1, ColorModel::Rgb, Samples::Eight(vec![255; 3]));
    let options = MaskOptions { channel: MaskChannel::Alpha, ..MaskOptions::default() };
    let result = Mask::decode(&file, &options, &ImageLimits::default(), 1, 1);
    assert!(matches!(result, Err(ImagingError::MaskWithoutAlpha)));
}

#[test]
fn inversion_comes_before_widening() {
    let file = png(1, 5, ColorModel::Grey, Samples::Eight(vec![255, 255, 255, 255, 0]));
    let options = MaskOptions { invert: true, dilate: 1, feather: 1, ..MaskOptions::default() };
    assert_eq!(weights(&file, &options, 5), [0, 0, 128, 255, 255]);
}

#[test]
fn a_mask_of_another_size_is_an_error_that_names_both() {
    let file = png(2, 3, ColorModel::Grey, Samples::Eight(vec![0; 6]));
    let result = Mask::decode(&file, &MaskOptions::default(), &ImageLimits::default(), 2, 3);
    let Err(error) = result else { panic!("a mask of 3 x 2 for an image of 2 x 3") };
    assert_eq!(error.to_string(), "the mask is 3 x 2 pixels, but the image is 2 x 3");
}

#[test]
fn a_mask_passes_the_limits_of_an_image() {
    let file = png(2, 3, ColorModel::Grey, Samples::Eight(vec![0; 6]));
    let limits = ImageLimits { max_pixels: 5, ..ImageLimits::default() };
    let result = Mask::decode(&file, &MaskOptions::default(), &limits, 3, 2);
    assert!(matches!(result, Err(ImagingError::TooManyPixels { limit: 5, actual: 6 })));
}

#[test]
fn options_outside_their_range_are_reported_all_at_once() {
    let options = MaskOptions { dilate: 1025, feather: 251, ..MaskOptions::default() };
    let faults = options.validate().unwrap_err();
    assert_eq!(faults.iter().map(|f| f.field).collect::<Vec<_>>(), ["dilate", "feather"]);
    let result = Mask::decode(b"", &options, &ImageLimits::default(), 1, 1);
    assert!(matches!(result, Err(ImagingError::Option(_))));
}

#[test]
fn coverage_and_bounds_count_every_hidden_pixel() {
    let mut holes = vec![false; 20];
    for index in [6, 8, 13] {
        holes[index] = true;
    }
    let mask = Mask::from_holes(4, 5, holes);
    assert!((mask.coverage() - 0.15).abs() < 1e-12);
    assert_eq!(mask.bounds(), Some(Region { top: 1, left: 1, height: 2, width: 3 }));
    assert!(!mask.is_empty() && !mask.is_full());
}

#[test]
fn empty_and_full_masks_say_so() {
    let empty = Mask::from_holes(2, 2, vec![false; 4]);
    assert!(empty.is_empty() && empty.bounds().is_none());
    let full = Mask::from_holes(2, 2, vec![true; 4]);
    assert!(full.is_full());
    assert_eq!(full.bounds(), Some(Region { top: 0, left: 0, height: 2, width: 2 }));
}
