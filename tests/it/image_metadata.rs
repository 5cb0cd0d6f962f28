//! Colour profiles, EXIF blocks and orientations survive a trip through a file, or are missed aloud.

use cogd::imaging::{
    BitDepth, ColorModel, EncodeOptions, Encoded, ImageFormat, ImageLimits, Loss, Mask,
    MaskOptions, Metadata, MetadataPolicy, Picture, Raster, Samples, decode, encode, inspect,
};

use crate::support::images::{exif, file, profile, scene};
use crate::support::tiff;

fn read(bytes: &[u8]) -> Picture {
    let limits = ImageLimits::default();
    let picture = decode(bytes, &limits).unwrap();
    // The header alone knows which way is up.
    let header = inspect(bytes, &limits).unwrap();
    assert_eq!((header.width, header.height), (picture.raster.width(), picture.raster.height()));
    picture
}

fn write(picture: &Picture, format: ImageFormat) -> Encoded {
    encode(picture, &EncodeOptions::new(format)).unwrap()
}

#[test]
fn profile_and_exif_are_kept_by_every_format_that_can_and_missed_aloud_by_the_others() {
    let raster = scene(16, 24, ColorModel::Rgb, BitDepth::Eight);
    // More than one JPEG segment.
    let icc = Some(profile(*b"RGB ", 200_000));
    let metadata = Metadata { icc, exif: Some(exif(1)), losses: vec![] };
    for format in ImageFormat::ALL {
        let picture = Picture { raster: raster.clone(), metadata: metadata.clone(), format };
        let encoded = write(&picture, format);
        let kept = read(&encoded.bytes).metadata;
        let (icc, exif) = (format != ImageFormat::Bmp, format != ImageFormat::Tiff);
        assert_eq!(kept.icc, metadata.icc.clone().filter(|_| icc), "{format}");
        assert_eq!(kept.exif, metadata.exif.clone().filter(|_| icc && exif), "{format}");
        assert_eq!(encoded.losses.contains(&Loss::ProfileDropped), !icc);
        assert_eq!(encoded.losses.contains(&Loss::ExifDropped), !(icc && exif));
    }
}

#[test]
fn stripped_files_carry_nothing_and_report_no_loss_of_it() {
    let metadata =
        Metadata { icc: Some(profile(*b"RGB ", 500)), exif: Some(exif(1)), losses: vec![] };
    let raster = scene(16, 24, ColorModel::Rgb, BitDepth::Eight);
    for format in ImageFormat::ALL {
        let picture = Picture { raster: raster.clone(), metadata: metadata.clone(), format };
        let options =
            EncodeOptions { metadata: MetadataPolicy::Strip, ..EncodeOptions::new(format) };
        let encoded = encode(&picture, &options).unwrap();
        assert_eq!(encoded.losses, []);
        assert_eq!(read(&encoded.bytes).metadata, Metadata::default(), "{format}");
    }
}

#[test]
fn metadata_too_long_for_jpeg_is_left_out_and_reported() {
    let raster = scene(8, 8, ColorModel::Rgb, BitDepth::Eight);
    let long = [exif(1), vec![0; 70_000]].concat();
    let metadata = Metadata { icc: None, exif: Some(long), losses: vec![] };
    let picture = Picture { raster, metadata, format: ImageFormat::Jpeg };
    let encoded = write(&picture, ImageFormat::Jpeg);
    assert_eq!(encoded.losses, [Loss::ExifDropped]);
    assert_eq!(read(&encoded.bytes).metadata, Metadata::default());
}

#[test]
fn a_grey_profile_is_not_written_into_webp_which_has_no_grey() {
    let raster = scene(8, 8, ColorModel::Grey, BitDepth::Eight);
    let metadata = Metadata { icc: Some(profile(*b"GRAY", 300)), ..Metadata::default() };
    let picture = Picture { raster, metadata, format: ImageFormat::Png };
    assert_eq!(write(&picture, ImageFormat::WebP).losses, [Loss::ProfileDropped]);
    assert_eq!(write(&picture, ImageFormat::Png).losses, []);
}

/// Where the sample shown at `(y, x)` lies in a stored image of `height × width`.
fn origin(tag: u8, y: usize, x: usize, height: usize, width: usize) -> (usize, usize) {
    match tag {
        1 => (y, x),
        2 => (y, width - 1 - x),
        3 => (height - 1 - y, width - 1 - x),
        4 => (height - 1 - y, x),
        5 => (x, y),
        6 => (height - 1 - x, y),
        7 => (height - 1 - x, width - 1 - y),
        _ => (x, width - 1 - y),
    }
}

fn assert_turned(shown: &Raster, stored: &Raster, tag: u8) {
    let (height, width) = (stored.height(), stored.width());
    let expected = if tag >= 5 { (width, height) } else { (height, width) };
    assert_eq!((shown.height(), shown.width()), expected, "orientation {tag}");
    for (y, x) in (0..expected.0).flat_map(|y| (0..expected.1).map(move |x| (y, x))) {
        let (from_y, from_x) = origin(tag, y, x, height, width);
        let (shown, stored) = (shown.sample(0, y, x), stored.sample(0, from_y, from_x));
        assert_eq!(shown, stored, "orientation {tag}, row {y}, column {x}");
    }
}

#[test]
fn all_eight_orientations_are_applied_and_reset_in_every_format_with_exif() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let raster = scene(19, 42, ColorModel::Rgb, BitDepth::Eight);
        // What the format makes of the pixels, before they are turned.
        let stored = read(&file(&raster, format)).raster;
        for tag in 1..=8 {
            let metadata = Metadata { exif: Some(exif(tag)), ..Metadata::default() };
            let picture = Picture { raster: raster.clone(), metadata, format };
            let shown = read(&write(&picture, format).bytes);
            assert_turned(&shown.raster, &stored, tag);
            assert_eq!(shown.metadata.exif, Some(exif(1)), "{format}, orientation {tag}");
            // A second trip turns nothing again.
            let again = read(&file(&shown.raster, ImageFormat::Png)).raster;
            assert_eq!(again, shown.raster);
        }
    }
}

#[test]
fn all_eight_orientations_of_a_tiff_tag_are_applied() {
    let stored = scene(19, 42, ColorModel::Grey, BitDepth::Eight);
    let Samples::Eight(pixels) = stored.samples() else { unreachable!() };
    for tag in 1..=8 {
        let page = tiff::Page::new((42, 19), &[8], 1, pixels.clone()).with(274, tag.into());
        let shown = read(&tiff::file(vec![page])).raster;
        assert_turned(&shown, &stored, tag);
        assert_turned(&read(&file(&shown, ImageFormat::Tiff)).raster, &shown, 1);
    }
}

#[test]
fn a_mask_is_turned_like_an_image() {
    let samples = Samples::Eight(vec![255, 0, 0, 0, 0, 0]);
    let raster = Raster::from_samples(2, 3, ColorModel::Grey, samples).unwrap();
    let metadata = Metadata { exif: Some(exif(6)), ..Metadata::default() };
    let picture = Picture { raster, metadata, format: ImageFormat::Png };
    let bytes = write(&picture, ImageFormat::Png).bytes;
    let options = MaskOptions::default();
    let mask = Mask::decode(&bytes, &options, &ImageLimits::default(), 2, 3).unwrap();
    assert_eq!(mask.weights().as_slice(), [0, 255, 0, 0, 0, 0]);
}
