//! Turns a raster upright.

use image::metadata::Orientation;

use super::{Raster, Samples};

/// Side of the square blocks in which a raster is transposed, in pixels: small enough for both
/// the rows read and the rows written to stay in the first-level cache.
const BLOCK: usize = 16;

/// Whether the orientation exchanges width and height.
pub(super) fn transposes(orientation: Orientation) -> bool {
    steps(orientation).0
}

/// Applies an EXIF orientation. In place unless width and height are exchanged.
pub(super) fn upright(raster: Raster, orientation: Orientation) -> Raster {
    let (transpose, mirror, turn_over) = steps(orientation);
    let raster = if transpose { transposed(&raster) } else { raster };
    if !mirror && !turn_over {
        return raster;
    }
    let (height, width, model) = (raster.height(), raster.width(), raster.model());
    let mut samples = raster.into_samples();
    match &mut samples {
        Samples::Eight(samples) => flip(samples, width, model.channels(), mirror, turn_over),
        Samples::Sixteen(samples) => flip(samples, width, model.channels(), mirror, turn_over),
    }
    Raster::assembled(height, width, model, samples)
}

/// An orientation as a transposition, then a left-right mirroring, then a top-bottom one.
fn steps(orientation: Orientation) -> (bool, bool, bool) {
    match orientation {
        Orientation::NoTransforms => (false, false, false),
        Orientation::FlipHorizontal => (false, true, false),
        Orientation::Rotate180 => (false, true, true),
        Orientation::FlipVertical => (false, false, true),
        Orientation::Rotate90FlipH => (true, false, false),
        Orientation::Rotate90 => (true, true, false),
        Orientation::Rotate270FlipH => (true, true, true),
        Orientation::Rotate270 => (true, false, true),
    }
}

fn transposed(raster: &Raster) -> Raster {
    let (height, width, model) = (raster.height(), raster.width(), raster.model());
    let channels = model.channels();
    let samples = match raster.samples() {
        Samples::Eight(samples) => Samples::Eight(transpose(samples, height, width, channels)),
        Samples::Sixteen(samples) => Samples::Sixteen(transpose(samples, height, width, channels)),
    };
    Raster::assembled(width, height, model, samples)
}

fn transpose<T: Copy + Default>(
    samples: &[T],
    height: usize,
    width: usize,
    channels: usize,
) -> Vec<T> {
    // A constant pixel size lets the compiler turn each copy into one or two moves.
    match channels {
        1 => transpose_pixels::<T, 1>(samples, height, width),
        2 => transpose_pixels::<T, 2>(samples, height, width),
        3 => transpose_pixels::<T, 3>(samples, height, width),
        _ => transpose_pixels::<T, 4>(samples, height, width),
    }
}

fn transpose_pixels<T: Copy + Default, const CHANNELS: usize>(
    samples: &[T],
    height: usize,
    width: usize,
) -> Vec<T> {
    let mut output = vec![T::default(); samples.len()];
    let (source, _) = samples.as_chunks::<CHANNELS>();
    let (target, _) = output.as_chunks_mut::<CHANNELS>();
    for top in (0..height).step_by(BLOCK) {
        let bottom = height.min(top + BLOCK);
        for left in (0..width).step_by(BLOCK) {
            for x in left..width.min(left + BLOCK) {
                let column = &mut target[x * height..][top..bottom];
                for (pixel, y) in column.iter_mut().zip(top..) {
                    *pixel = source[y * width + x];
                }
            }
        }
    }
    output
}

fn flip<T>(samples: &mut [T], width: usize, channels: usize, mirror: bool, turn_over: bool) {
    let row_length = width * channels;
    if turn_over {
        let mut rows = samples.chunks_exact_mut(row_length);
        while let (Some(top), Some(bottom)) = (rows.next(), rows.next_back()) {
            top.swap_with_slice(bottom);
        }
    }
    if mirror {
        for row in samples.chunks_exact_mut(row_length) {
            // Reversing all samples reverses the channels of each pixel too: put those right.
            row.reverse();
            row.chunks_exact_mut(channels).for_each(<[T]>::reverse);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::ColorModel;

    /// Where the sample shown at `(y, x)` lies in a stored image of `height × width`, from the
    /// definition of the tag (EXIF 2.32, 4.6.4 A: where row 0 and column 0 are seen).
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

    #[test]
    fn every_orientation_follows_the_definition_for_every_model_and_depth() {
        // Neither side is a multiple of the block.
        let (height, width) = (19, 37);
        for model in ColorModel::ALL {
            let channels = model.channels();
            let sixteen: Vec<u16> = (0..height * width * channels)
                .map(|i| u16::try_from(i * 31 % 65_521).unwrap())
                .collect();
            let eight = sixteen.iter().map(|v| v.to_le_bytes()[0]).collect();
            for samples in [Samples::Eight(eight), Samples::Sixteen(sixteen)] {
                let stored = Raster::from_samples(height, width, model, samples).unwrap();
                for tag in 1..=8 {
                    let orientation = Orientation::from_exif(tag).unwrap();
                    let shown = upright(stored.clone(), orientation);
                    assert_eq!(transposes(orientation), tag >= 5);
                    let expected = if tag >= 5 { (width, height) } else { (height, width) };
                    assert_eq!((shown.height(), shown.width()), expected);
                    for y in 0..shown.height() {
                        for x in 0..shown.width() {
                            let (from_y, from_x) = origin(tag, y, x, height, width);
                            for channel in 0..channels {
                                assert_eq!(
                                    shown.sample(channel, y, x),
                                    stored.sample(channel, from_y, from_x),
                                    "tag {tag}, {model}, row {y}, column {x}",
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}
