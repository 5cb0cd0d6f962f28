//! Damaged, strange and unsupported files: each gives a typed error or a correct picture.

use cogd::imaging::{
    BitDepth, ColorModel, ImageFormat, ImageLimits, ImagingError, Loss, Picture, Samples, decode,
    inspect,
};
use jpeg_encoder::{ColorType, Encoder};
use proptest::prelude::*;

use crate::support::images::{
    baseline, exif, file, frame_header, one_of_each, profile, progressive, scene,
};
use crate::support::{png, tiff};

fn read(bytes: &[u8]) -> Result<Picture, ImagingError> {
    decode(bytes, &ImageLimits::default())
}

#[test]
fn a_file_cut_short_anywhere_is_an_error_or_complete() {
    let files = one_of_each().into_iter().chain([(ImageFormat::Jpeg, progressive(4))]);
    for (format, bytes) in files {
        let whole = read(&bytes).unwrap().raster;
        let mut complete = 0;
        for length in 0..bytes.len() {
            if let Ok(picture) = read(&bytes[..length]) {
                assert!(picture.raster == whole, "{format}: wrong pixels from {length} bytes");
                complete += 1;
            }
        }
        // Only what follows the pixels can be missing, as the empty last chunk of a PNG.
        assert!(complete <= 16, "{format}: {complete} lengths are complete");
    }
}

#[test]
fn a_jpeg_whose_scan_ends_too_early_is_an_error_in_spite_of_its_end_marker() {
    let bytes = baseline();
    let whole = read(&bytes).unwrap().raster;
    let scan = bytes.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap() + 14;
    let mut complete = 0;
    for length in scan..bytes.len() - 2 {
        let cut = [&bytes[..length], &[0xff, 0xd9]].concat();
        match read(&cut) {
            Err(ImagingError::Corrupt { .. }) => {}
            Err(error) => panic!("{error}"),
            Ok(picture) => {
                assert!(picture.raster == whole, "wrong pixels from {length} bytes");
                complete += 1;
            }
        }
    }
    // The last byte may hold nothing but padding.
    assert!(complete <= 1, "{complete} lengths are complete");
}

#[test]
fn the_content_decides_and_strangers_are_refused() {
    for bytes in [
        &b""[..],
        b"\x89PNG",
        b"GIF89a\x01\0\x01\0\0\0\0;",
        b"PK\x03\x04 an archive named photo.png",
        b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        b"BMW builds cars, motorcycles and engines",
        b"RIFF\x24\0\0\0WAVEfmt ",
        &[0; 64],
    ] {
        assert!(matches!(read(bytes), Err(ImagingError::UnsupportedFormat)));
    }
}

#[test]
fn images_without_pixels_are_errors() {
    let empty_png =
        |width, height| png::file(&[(b"IHDR", png::header(width, height, 8, png::GREY, false))]);
    let mut jpeg = file(&scene(8, 8, ColorModel::Rgb, BitDepth::Eight), ImageFormat::Jpeg);
    let frame = frame_header(&jpeg);
    jpeg[frame + 5..frame + 9].fill(0);
    let mut bmp = file(&scene(8, 8, ColorModel::Rgb, BitDepth::Eight), ImageFormat::Bmp);
    bmp[18..26].fill(0);
    let page = tiff::file(vec![tiff::Page::new((0, 0), &[8], 1, vec![])]);
    for bytes in [empty_png(0, 0), empty_png(0, 5), empty_png(5, 0), jpeg, bmp, page] {
        let result = read(&bytes);
        assert!(
            matches!(
                result,
                Err(ImagingError::Corrupt { .. } | ImagingError::UnsupportedFeature { .. })
            ),
            "{:?}",
            result.map(drop)
        );
    }
}

#[test]
fn kinds_of_samples_that_are_not_read_are_named() {
    // Floating point, palette, one plane for each channel.
    let float = tiff::Page::new((1, 1), &[32], 1, vec![0; 4]).with(339, 3);
    let palette = tiff::Page::new((1, 1), &[8], 3, vec![0]);
    let mut planes = tiff::Page::new((1, 1), &[8; 3], 2, vec![0; 3]).with(284, 2);
    planes.strips = 3;
    for page in [float, palette, planes] {
        let result = read(&tiff::file(vec![page]));
        assert!(
            matches!(
                result,
                Err(ImagingError::UnsupportedColor { .. } | ImagingError::UnsupportedFeature { .. })
            ),
            "{:?}",
            result.map(drop)
        );
    }
}

#[test]
fn an_arithmetically_coded_jpeg_is_unsupported_not_damaged() {
    let mut bytes = baseline();
    let frame = frame_header(&bytes);
    bytes[frame + 1] = 0xc9;
    assert!(matches!(read(&bytes), Err(ImagingError::UnsupportedFeature { .. })));
}

#[test]
fn a_profile_for_inks_is_not_kept_for_the_colours_made_from_them() {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 90);
    encoder.add_icc_profile(&profile(*b"CMYK", 400)).unwrap();
    encoder.encode(&[0; 256], 8, 8, ColorType::Cmyk).unwrap();
    let metadata = read(&bytes).unwrap().metadata;
    assert_eq!(metadata.icc, None);
    assert!(metadata.losses.contains(&Loss::ProfileDropped));
}

#[test]
fn exif_that_is_nonsense_turns_nothing_and_breaks_nothing() {
    let raster = scene(8, 16, ColorModel::Rgb, BitDepth::Eight);
    let nonsense = [vec![], vec![0; 3], exif(0), exif(9), exif(255), exif(6)[..20].to_vec()];
    for block in nonsense {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 90);
        encoder.add_exif_metadata(&block).unwrap();
        let Samples::Eight(samples) = raster.samples() else { unreachable!() };
        encoder.encode(samples, 16, 8, ColorType::Rgb).unwrap();
        let shown = read(&bytes).unwrap().raster;
        assert_eq!((shown.height(), shown.width()), (8, 16));
    }
}

proptest! {
    // The same cases every time: a test that fails now and then helps nobody.
    #![proptest_config(ProptestConfig {
        cases: 1500,
        rng_seed: proptest::test_runner::RngSeed::Fixed(0x0c06_d000),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn flipped_bytes_give_an_error_or_a_picture_within_the_limits(
        which in 0_usize..6,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        near_the_start in any::<bool>(),
    ) {
        let mut bytes = if which == 5 { progressive(4) } else { one_of_each().swap_remove(which).1 };
        let reach = if near_the_start { bytes.len().min(200) } else { bytes.len() };
        for (at, value) in flips {
            bytes[at.index(reach)] = value;
        }
        let limits = ImageLimits { max_pixels: 1_000_000, ..ImageLimits::default() };
        if let Ok(picture) = decode(&bytes, &limits) {
            let header = inspect(&bytes, &limits).unwrap();
            prop_assert!(header.pixels() <= limits.max_pixels);
            prop_assert_eq!(header.width, picture.raster.width());
            prop_assert_eq!(header.model, picture.raster.model());
        }
    }
}
