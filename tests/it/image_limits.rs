//! Files made to take more memory or time than they are worth.

use cogd::imaging::{
    BitDepth, ColorModel, ImageFormat, ImageLimits, ImagingError, Picture, Samples, decode, inspect,
};

use crate::support::images::{file, frame_header, one_of_each, progressive, scene};
use crate::support::{png, tiff};

fn read(bytes: &[u8]) -> Result<Picture, ImagingError> {
    decode(bytes, &ImageLimits::default())
}

/// The file with width and height in its header replaced by the largest that fit.
fn enlarged(format: ImageFormat) -> Vec<u8> {
    let raster = scene(8, 8, ColorModel::Rgb, BitDepth::Eight);
    let mut bytes = file(&raster, format);
    match format {
        ImageFormat::Png => {
            return png::file(&[(b"IHDR", png::header(65_535, 65_535, 8, png::RGB, false))]);
        }
        ImageFormat::Jpeg => {
            let frame = frame_header(&bytes);
            bytes[frame + 5..frame + 9].fill(0xff);
        }
        // 14 bits of width less one, then 14 of height less one.
        ImageFormat::WebP => {
            bytes[21..25].copy_from_slice(&(0x3ffe_u32 | 0x3ffe << 14).to_le_bytes());
        }
        ImageFormat::Bmp => {
            bytes[18..22].copy_from_slice(&65_535_u32.to_le_bytes());
            bytes[22..26].copy_from_slice(&65_535_u32.to_le_bytes());
        }
        ImageFormat::Tiff => {
            let page = tiff::Page::new((65_535, 65_535), &[8; 3], 2, vec![0; 30]);
            return tiff::file(vec![page]);
        }
    }
    bytes
}

#[test]
fn a_header_of_billions_of_pixels_is_refused_before_anything_is_set_aside_for_them() {
    for format in ImageFormat::ALL {
        for result in [
            read(&enlarged(format)).map(drop),
            inspect(&enlarged(format), &ImageLimits::default()).map(drop),
        ] {
            let Err(ImagingError::TooManyPixels { limit, actual }) = result else {
                panic!("{format}: {result:?}")
            };
            assert_eq!(limit, 40_000_000);
            assert!(actual > 200_000_000, "{format}: {actual} pixels");
        }
    }
}

#[test]
fn files_over_the_limit_of_bytes_are_refused_unread() {
    let limits = ImageLimits { max_bytes: 9, ..ImageLimits::default() };
    let result = inspect(&[0xff; 10], &limits);
    assert!(matches!(result, Err(ImagingError::TooManyBytes { limit: 9, actual: 10 })));
}

/// A grey PNG of one pixel with one more chunk.
fn png_with(kind: [u8; 4], data: Vec<u8>) -> Vec<u8> {
    png::file(&[
        (b"IHDR", png::header(1, 1, 8, png::GREY, false)),
        (&kind, data),
        (b"IDAT", png::stored(&[0, 77])),
        (b"IEND", vec![]),
    ])
}

#[test]
fn chunks_that_unpack_to_hundreds_of_megabytes_do_no_harm() {
    // 1.6 MB that unpack to 258 MB.
    let bomb = png::bomb(1_000_000);
    let international = [&b"Comment\0\x01\0en\0\0"[..], &bomb].concat();
    for (kind, data) in [
        (b"zTXt", [&b"Comment\0\0"[..], &bomb].concat()),
        (b"iTXt", international),
        (b"iCCP", [&b"Profile\0\0"[..], &bomb].concat()),
    ] {
        let picture = read(&png_with(*kind, data)).unwrap();
        assert_eq!(picture.raster.samples(), &Samples::Eight(vec![77]));
        assert_eq!(picture.metadata.icc, None);
    }
}

#[test]
fn pixels_that_unpack_to_more_than_the_header_says_do_no_harm() {
    let bytes = png::file(&[
        (b"IHDR", png::header(1, 1, 8, png::GREY, false)),
        (b"IDAT", png::bomb(1_000_000)),
        (b"IEND", vec![]),
    ]);
    if let Ok(picture) = read(&bytes) {
        assert_eq!(picture.raster.samples(), &Samples::Eight(vec![0]));
    }
}

#[test]
fn lengths_of_a_gigabyte_in_a_short_file_are_errors() {
    let gigabyte = 1_u32 << 30;
    let mut chunk = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk.extend(gigabyte.to_be_bytes());
    chunk.extend(b"IHDR");
    let mut webp = file(&scene(8, 8, ColorModel::Rgb, BitDepth::Eight), ImageFormat::WebP);
    webp[16..20].copy_from_slice(&gigabyte.to_le_bytes());
    let mut strip = tiff::Page::new((1000, 1000), &[8], 1, vec![0; 10]);
    strip.tags.push((50_000, tiff::Values::Long(vec![0; 3])));
    let mut strip = tiff::file(vec![strip]);
    let count = strip.windows(4).position(|tag| tag == [0x17, 0x01, 4, 0]).unwrap();
    strip[count + 8..count + 12].copy_from_slice(&gigabyte.to_le_bytes());
    for bytes in [chunk, webp, strip] {
        let result = read(&bytes);
        assert!(matches!(result, Err(ImagingError::Corrupt { .. })), "{:?}", result.map(drop));
    }
}

#[test]
fn a_tiff_value_of_a_gigabyte_is_an_error() {
    let page = tiff::Page::new((1, 1), &[8], 1, vec![7]);
    let mut bytes = tiff::file(vec![page.with(34_675, 0)]);
    let entry = bytes.windows(2).position(|tag| tag == 34_675_u16.to_le_bytes()).unwrap();
    bytes[entry + 4..entry + 8].copy_from_slice(&(1_u32 << 30).to_le_bytes());
    assert!(read(&bytes).is_err());
}

#[test]
fn memory_over_the_limit_is_refused_with_both_figures() {
    let limits = ImageLimits { max_allocation: 6_000, ..ImageLimits::default() };
    for (format, bytes) in one_of_each() {
        let result = inspect(&bytes, &limits);
        let Err(ImagingError::TooMuchMemory { limit, actual }) = result else {
            panic!("{format}: {result:?}")
        };
        assert_eq!(limit, 6_000);
        assert!(actual >= 40 * 56 * 3, "{format}: {actual} bytes");
    }
}

#[test]
fn animations_and_documents_are_refused_unless_allowed_and_then_show_the_first_picture() {
    let control = [2_u32.to_be_bytes(), 0_u32.to_be_bytes()].concat();
    let apng = png_with(*b"acTL", control);
    let page = |level| tiff::Page::new((1, 1), &[8], 1, vec![level]);
    let document = tiff::file(vec![page(77), page(78)]);
    for bytes in [&apng, &document] {
        let result = read(bytes);
        assert!(matches!(result, Err(ImagingError::TooManyFrames { limit: 1, actual: 2 })));
        let limits = ImageLimits { max_frames: 2, ..ImageLimits::default() };
        let picture = decode(bytes, &limits).unwrap();
        assert_eq!(picture.raster.samples(), &Samples::Eight(vec![77]));
    }
}

#[test]
fn an_animated_webp_is_refused() {
    // An extended header, an animation header, and two frames around the picture of a still file.
    let still = file(&scene(8, 8, ColorModel::Rgb, BitDepth::Eight), ImageFormat::WebP);
    let picture = &still[12..];
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let length = u32::try_from(data.len()).unwrap().to_le_bytes();
        [&kind[..], &length, data].concat()
    };
    let frame =
        chunk(b"ANMF", &[&[0, 0, 0, 0, 0, 0, 7, 0, 0, 7, 0, 0, 10, 0, 0, 0], picture].concat());
    let body = [
        b"WEBP".to_vec(),
        chunk(b"VP8X", &[2, 0, 0, 0, 7, 0, 0, 7, 0, 0]),
        chunk(b"ANIM", &[0; 6]),
        frame.clone(),
        frame,
    ]
    .concat();
    let result = read(&chunk(b"RIFF", &body));
    assert!(
        matches!(result, Err(ImagingError::TooManyFrames { limit: 1, actual: 2 })),
        "{:?}",
        result.map(drop)
    );
}

#[test]
fn thumbnails_are_not_pages_but_end_somewhere() {
    let page = |level| tiff::Page::new((1, 1), &[8], 1, vec![level]);
    let with_thumbnail = tiff::file(vec![page(77), page(78).with(254, 1)]);
    assert_eq!(read(&with_thumbnail).unwrap().raster.samples(), &Samples::Eight(vec![77]));
    // The directory of the thumbnail names itself as the next one.
    let mut endless = with_thumbnail;
    let entries = endless.windows(4).rposition(|tag| tag == [0xfe, 0, 3, 0]).unwrap();
    let directory = u32::try_from(entries - 2).unwrap().to_le_bytes();
    let end = endless.len();
    endless[end - 4..].copy_from_slice(&directory);
    assert!(matches!(read(&endless), Err(ImagingError::Corrupt { .. })));
}

#[test]
fn a_progressive_file_of_very_many_scans_is_refused() {
    assert!(matches!(read(&progressive(64)), Err(ImagingError::Corrupt { .. })));
}
