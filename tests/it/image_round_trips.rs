//! What comes out of a file is what was put into it.

use cogd::imaging::{
    BitDepth, ColorModel, EncodeOptions, Encoded, Header, ImageFormat, ImageLimits, ImagingError,
    Loss, Picture, Raster, Samples, decode, encode, inspect, quality,
};
use jpeg_encoder::{ColorType, Encoder};

use crate::support::images::{file, levels, plain, scene};
use crate::support::{png, tiff};

const DEPTHS: [BitDepth; 2] = [BitDepth::Eight, BitDepth::Sixteen];

fn read(bytes: &[u8]) -> Picture {
    let limits = ImageLimits::default();
    let picture = decode(bytes, &limits).unwrap();
    // The header alone says the same.
    let raster = &picture.raster;
    let header = Header {
        format: picture.format,
        width: raster.width(),
        height: raster.height(),
        model: raster.model(),
        depth: raster.depth(),
    };
    assert_eq!(inspect(bytes, &limits).unwrap(), header);
    picture
}

fn write(picture: &Picture, format: ImageFormat) -> Encoded {
    encode(picture, &EncodeOptions::new(format)).unwrap()
}

#[test]
fn png_and_tiff_give_back_every_model_and_depth_exactly() {
    for format in [ImageFormat::Png, ImageFormat::Tiff] {
        for model in ColorModel::ALL {
            for depth in DEPTHS {
                let raster = scene(37, 53, model, depth);
                let encoded = write(&plain(raster.clone(), format), format);
                assert_eq!(encoded.losses, []);
                assert_eq!(read(&encoded.bytes).raster, raster, "{format}, {model}, {depth:?}");
            }
        }
    }
}

#[test]
fn webp_and_bmp_give_back_eight_bit_colours_exactly() {
    for format in [ImageFormat::WebP, ImageFormat::Bmp] {
        for model in [ColorModel::Rgb, ColorModel::RgbAlpha] {
            let raster = scene(37, 53, model, BitDepth::Eight);
            let encoded = write(&plain(raster.clone(), format), format);
            assert_eq!(encoded.losses, []);
            assert_eq!(read(&encoded.bytes).raster, raster, "{format}, {model}");
        }
    }
}

#[test]
fn grey_stays_grey_where_the_format_has_grey() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Tiff, ImageFormat::Bmp] {
        let raster = scene(37, 53, ColorModel::Grey, BitDepth::Eight);
        assert_eq!(read(&file(&raster, format)).raster.model(), ColorModel::Grey, "{format}");
    }
    let raster = scene(37, 53, ColorModel::Grey, BitDepth::Eight);
    assert_eq!(read(&file(&raster, ImageFormat::Bmp)).raster, raster);
}

#[test]
fn grey_reads_back_as_equal_colours_where_the_format_has_no_grey() {
    for (format, model) in [
        (ImageFormat::WebP, ColorModel::Grey),
        (ImageFormat::WebP, ColorModel::GreyAlpha),
        (ImageFormat::Bmp, ColorModel::GreyAlpha),
    ] {
        let raster = scene(9, 11, model, BitDepth::Eight);
        let shown = read(&file(&raster, format)).raster;
        assert_eq!(shown.model().has_alpha(), model.has_alpha());
        for (y, x) in (0..9).flat_map(|y| (0..11).map(move |x| (y, x))) {
            for channel in 0..3 {
                assert_eq!(shown.sample(channel, y, x), raster.sample(0, y, x));
            }
            if model.has_alpha() {
                assert_eq!(shown.sample(3, y, x), raster.sample(1, y, x));
            }
        }
    }
}

#[test]
fn jpeg_keeps_a_picture_within_its_quality() {
    for model in [ColorModel::Grey, ColorModel::Rgb] {
        // Sides that are no multiple of a block, with and without halved colour.
        let raster = scene(61, 83, model, BitDepth::Eight);
        for (quality, expected) in [(95, 42.0), (75, 33.0)] {
            let options = EncodeOptions { quality, ..EncodeOptions::new(ImageFormat::Jpeg) };
            let encoded = encode(&plain(raster.clone(), ImageFormat::Jpeg), &options).unwrap();
            let shown = read(&encoded.bytes).raster;
            let psnr = quality::raster_psnr(&raster, &shown, None).unwrap();
            assert!(psnr > expected, "{psnr} dB for {model} at {quality}");
        }
    }
}

#[test]
fn conversions_on_request_are_done_and_reported() {
    let raster = scene(8, 8, ColorModel::RgbAlpha, BitDepth::Sixteen);
    for (format, losses) in [
        (ImageFormat::Jpeg, vec![Loss::DepthReduced, Loss::AlphaDropped]),
        (ImageFormat::WebP, vec![Loss::DepthReduced]),
        (ImageFormat::Bmp, vec![Loss::DepthReduced]),
        (ImageFormat::Tiff, vec![]),
    ] {
        let encoded = write(&plain(raster.clone(), ImageFormat::Png), format);
        assert_eq!(encoded.losses, losses, "{format}");
        assert_eq!(ImageFormat::sniff(&encoded.bytes), Some(format));
    }
}

#[test]
fn what_is_transparent_is_white_in_a_jpeg() {
    // Black: opaque, half transparent, transparent.
    let pixels = [255, 128, 0].map(|alpha| [[0, 0, 0, alpha]; 64]).concat().concat();
    let samples = Samples::Eight(pixels);
    let raster = Raster::from_samples(24, 8, ColorModel::RgbAlpha, samples).unwrap();
    let shown = read(&file(&raster, ImageFormat::Jpeg)).raster;
    for (y, expected) in [(4, 0), (12, 127), (20, 255)] {
        assert!(shown.sample(0, y, 4).abs_diff(expected) <= 1, "{}", shown.sample(0, y, 4));
    }
}

#[test]
fn sixteen_bits_are_rounded_to_the_nearest_of_eight() {
    let sixteen = vec![0, 128, 129, 257 * 100 + 128, 257 * 100 + 129, 65_535];
    let raster = Raster::from_samples(1, 6, ColorModel::Grey, Samples::Sixteen(sixteen)).unwrap();
    let shown = read(&file(&raster, ImageFormat::Bmp)).raster;
    assert_eq!(levels(&shown), [0, 0, 1, 100, 101, 255]);
}

#[test]
fn greys_of_few_bits_are_spread_over_the_whole_range() {
    for (bits, expected) in [(1, [0, 255, 255, 0]), (2, [0, 85, 170, 255]), (4, [0, 17, 34, 255])] {
        let levels_stored: [u8; 4] =
            [[0, 1, 1, 0], [0, 1, 2, 3], [0, 1, 2, 15]][usize::from(bits) / 2];
        let packed = levels_stored
            .chunks(usize::from(8 / bits))
            .map(|chunk| {
                (0..usize::from(8 / bits))
                    .fold(0, |byte, i| byte << bits | chunk.get(i).copied().unwrap_or_default())
            })
            .collect::<Vec<u8>>();
        let page = tiff::Page::new((4, 1), &[bits.into()], 1, packed.clone());
        let row = [vec![0], packed].concat();
        let png_file = png::file(&[
            (b"IHDR", png::header(4, 1, bits, png::GREY, false)),
            (b"IDAT", png::stored(&row)),
            (b"IEND", vec![]),
        ]);
        for bytes in [png_file, tiff::file(vec![page])] {
            let raster = read(&bytes).raster;
            assert_eq!((raster.model(), raster.depth()), (ColorModel::Grey, BitDepth::Eight));
            assert_eq!(levels(&raster), expected, "{bits} bits");
        }
    }
}

#[test]
fn palettes_become_colours_and_their_transparency_alpha() {
    let palette = vec![10, 20, 30, 200, 100, 0, 255, 255, 255];
    let chunks = |transparency: Option<Vec<u8>>| {
        let mut chunks =
            vec![(b"IHDR", png::header(3, 1, 8, png::PALETTE, false)), (b"PLTE", palette.clone())];
        chunks.extend(transparency.map(|alpha| (b"tRNS", alpha)));
        chunks.extend([(b"IDAT", png::stored(&[0, 1, 0, 2])), (b"IEND", vec![])]);
        png::file(&chunks)
    };
    let opaque = read(&chunks(None)).raster;
    assert_eq!(opaque.model(), ColorModel::Rgb);
    assert_eq!(levels(&opaque), [200, 100, 0, 10, 20, 30, 255, 255, 255]);
    let transparent = read(&chunks(Some(vec![0, 128]))).raster;
    assert_eq!(transparent.model(), ColorModel::RgbAlpha);
    assert_eq!(levels(&transparent), [200, 100, 0, 128, 10, 20, 30, 0, 255, 255, 255, 255]);
}

#[test]
fn interlaced_files_show_the_same_picture() {
    let (height, width) = (11, 13);
    let raster = scene(height, width, ColorModel::Rgb, BitDepth::Eight);
    // Adam7: first row, first column, step down, step across of each pass.
    let passes = [
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    ];
    let mut rows = Vec::new();
    for (top, left, down, across) in passes {
        for y in (top..height).step_by(down) {
            rows.push(0);
            for x in (left..width).step_by(across) {
                rows.extend((0..3).map(|channel| raster.sample(channel, y, x).to_le_bytes()[0]));
            }
        }
    }
    let bytes = png::file(&[
        (b"IHDR", png::header(13, 11, 8, png::RGB, true)),
        (b"IDAT", png::stored(&rows)),
        (b"IEND", vec![]),
    ]);
    assert_eq!(read(&bytes).raster, raster);
}

#[test]
fn a_bitmap_with_a_grey_palette_is_grey_at_any_number_of_bits() {
    // A header for one row of two pixels of one bit, a palette of two greys, one padded row.
    let mut bytes = b"BM\x42\0\0\0\0\0\0\0\x3e\0\0\0\x28\0\0\0\x02\0\0\0\x01\0\0\0".to_vec();
    bytes.extend(b"\x01\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0");
    bytes.extend([10, 10, 10, 0, 200, 200, 200, 0, 0b0100_0000, 0, 0, 0]);
    let raster = read(&bytes).raster;
    assert_eq!(raster.model(), ColorModel::Grey);
    assert_eq!(levels(&raster), [10, 200]);
}

#[test]
fn progressive_jpeg_shows_the_same_picture_as_baseline() {
    let raster = scene(40, 56, ColorModel::Rgb, BitDepth::Eight);
    let Samples::Eight(samples) = raster.samples() else { unreachable!() };
    let decoded = [false, true].map(|progressive| {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 90);
        encoder.set_progressive(progressive);
        encoder.encode(samples, 56, 40, ColorType::Rgb).unwrap();
        read(&bytes).raster
    });
    assert_eq!(decoded[0], decoded[1]);
}

#[test]
fn inks_become_light_in_jpeg_and_tiff_and_this_is_reported() {
    // White, cyan, magenta, yellow, black, half black: as inks, and as they look.
    let inks = [
        ([0, 0, 0, 0], [255, 255, 255]),
        ([255, 0, 0, 0], [0, 255, 255]),
        ([0, 255, 0, 0], [255, 0, 255]),
        ([0, 0, 255, 0], [255, 255, 0]),
        ([0, 0, 0, 255], [0, 0, 0]),
        ([0, 0, 0, 128], [127, 127, 127]),
    ];
    let pixels: Vec<u8> = inks.iter().flat_map(|(ink, _)| [*ink; 64]).flatten().collect();
    let mut files = vec![tiff::file(vec![tiff::Page::new((8, 48), &[8; 4], 5, pixels.clone())])];
    for color in [ColorType::Cmyk, ColorType::CmykAsYcck] {
        let mut bytes = Vec::new();
        Encoder::new(&mut bytes, 100).encode(&pixels, 8, 48, color).unwrap();
        files.push(bytes);
    }
    for bytes in files {
        let picture = read(&bytes);
        assert_eq!(picture.metadata.losses, [Loss::InkConverted]);
        assert_eq!(picture.raster.model(), ColorModel::Rgb);
        for (index, (ink, expected)) in inks.iter().enumerate() {
            for (channel, expected) in expected.iter().enumerate() {
                let actual = picture.raster.sample(channel, index * 8 + 4, 4);
                let near = actual.abs_diff(*expected) <= 3;
                assert!(near, "{actual} instead of {expected} for {ink:?}, {}", picture.format);
            }
        }
    }
}

#[test]
fn a_quality_outside_its_range_is_an_error() {
    let picture = plain(scene(4, 4, ColorModel::Grey, BitDepth::Eight), ImageFormat::Jpeg);
    for quality in [0, 101] {
        let options = EncodeOptions { quality, ..EncodeOptions::new(ImageFormat::Jpeg) };
        assert!(matches!(encode(&picture, &options), Err(ImagingError::Option(_))));
    }
}

#[test]
fn a_side_too_long_for_the_format_is_an_error_that_names_the_limit() {
    let picture = plain(scene(1, 65_536, ColorModel::Grey, BitDepth::Eight), ImageFormat::Png);
    for (format, expected) in [(ImageFormat::Jpeg, 65_535), (ImageFormat::WebP, 16_383)] {
        let result = encode(&picture, &EncodeOptions::new(format));
        let Err(ImagingError::TooLongForFormat { limit, actual, .. }) = result else {
            panic!("{format} holds 65536 pixels a side")
        };
        assert_eq!((limit, actual), (expected, 65_536));
    }
}
