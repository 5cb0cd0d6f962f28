//! Pictures and files made in code.

use cogd::imaging::{
    BitDepth, ColorModel, EncodeOptions, ImageFormat, Metadata, Picture, Raster, Samples, encode,
};
use jpeg_encoder::{ColorType, Encoder};

/// Smooth in the colours, a ramp in alpha: compresses like a photograph and has no two equal rows.
pub(crate) fn scene(height: usize, width: usize, model: ColorModel, depth: BitDepth) -> Raster {
    let channels = model.channels();
    let value = |index: usize| {
        let (y, x, channel) =
            (index / channels / width, index / channels % width, index % channels);
        if model.has_alpha() && channel == channels - 1 {
            return (x as f64 + 0.5) / width as f64;
        }
        let wave = (0.11 * x as f64 + 1.7 * channel as f64).sin() * (0.07 * y as f64).cos();
        0.5 + 0.3 * wave + 0.15 * (y as f64 / height as f64 - 0.5)
    };
    let count = height * width * channels;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in [0, 1]")]
    let samples = match depth {
        BitDepth::Eight => Samples::Eight((0..count).map(|i| (value(i) * 255.0) as u8).collect()),
        BitDepth::Sixteen => {
            Samples::Sixteen((0..count).map(|i| (value(i) * 65_535.0) as u16).collect())
        }
    };
    Raster::from_samples(height, width, model, samples).unwrap()
}

/// A picture without metadata.
pub(crate) fn plain(raster: Raster, format: ImageFormat) -> Picture {
    Picture { raster, metadata: Metadata::default(), format }
}

/// The file of a raster without metadata.
pub(crate) fn file(raster: &Raster, format: ImageFormat) -> Vec<u8> {
    encode(&plain(raster.clone(), format), &EncodeOptions::new(format)).unwrap().bytes
}

/// A file of each format, with the same scene of 40 × 56 pixels in it.
pub(crate) fn one_of_each() -> Vec<(ImageFormat, Vec<u8>)> {
    let raster = scene(40, 56, ColorModel::Rgb, BitDepth::Eight);
    ImageFormat::ALL.map(|format| (format, file(&raster, format))).to_vec()
}

/// The baseline JPEG file among [`one_of_each`].
pub(crate) fn baseline() -> Vec<u8> {
    file(&scene(40, 56, ColorModel::Rgb, BitDepth::Eight), ImageFormat::Jpeg)
}

/// The same scene as a progressive JPEG file with so many scans for each component.
pub(crate) fn progressive(scans: u8) -> Vec<u8> {
    let raster = scene(40, 56, ColorModel::Rgb, BitDepth::Eight);
    let Samples::Eight(samples) = raster.samples() else { unreachable!() };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, EncodeOptions::DEFAULT_QUALITY);
    encoder.set_progressive_scans(scans);
    encoder.encode(samples, 56, 40, ColorType::Rgb).unwrap();
    bytes
}

/// Where the marker of the frame header of a baseline JPEG file is; height and width follow after
/// five bytes.
pub(crate) fn frame_header(jpeg: &[u8]) -> usize {
    jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap()
}

/// An EXIF block that says nothing but the orientation.
pub(crate) fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    block.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    block
}

/// As [`exif`], with a thumbnail, whose bytes nobody looks at.
pub(crate) fn exif_with_thumbnail(thumbnail: &[u8]) -> Vec<u8> {
    let mut block = exif(1);
    let long = |value: usize| u32::try_from(value).unwrap().to_le_bytes();
    // The offset of the second directory stands last.
    let (link, directory) = (block.len() - 4, block.len());
    block[link..].copy_from_slice(&long(directory));
    block.extend([2, 0]);
    // Two entries, and no third directory.
    let place = directory + 2 + 2 * 12 + 4;
    for (tag, value) in [(0x01_u8, place), (0x02, thumbnail.len())] {
        block.extend([tag, 0x02, 4, 0, 1, 0, 0, 0]);
        block.extend(long(value));
    }
    block.extend(long(0));
    block.extend(thumbnail);
    block
}

/// A profile that is nothing but its header, of any length.
pub(crate) fn profile(color_space: [u8; 4], length: usize) -> Vec<u8> {
    let mut profile: Vec<u8> = (0..251).cycle().take(length).collect();
    profile[..4].copy_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
    profile[16..20].copy_from_slice(&color_space);
    profile
}

/// All samples, one channel after the other within each pixel.
pub(crate) fn levels(raster: &Raster) -> Vec<u16> {
    match raster.samples() {
        Samples::Eight(samples) => samples.iter().map(|v| (*v).into()).collect(),
        Samples::Sixteen(samples) => samples.clone(),
    }
}
