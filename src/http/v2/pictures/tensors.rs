//! Pictures and masks as plain numbers.

use crate::imaging::{BitDepth, ColorModel, Mask, Raster, Samples};
use crate::inference::{Tensor, TensorData};

/// The largest level of 16 bits, which FP32 is computed with.
const TOP: f32 = 65_535.0;
/// The weight of what is replaced wholly.
const HOLE: u8 = 255;

/// A picture of numbers.
#[derive(Debug)]
pub(super) struct TensorPicture {
    tensor: Tensor,
    pub(super) layout: Layout,
}

/// What the numbers of a picture are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Layout {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) model: ColorModel,
    pub(super) depth: BitDepth,
}

/// What the numbers are, if they are a picture: UINT8 `[1, height, width, channels]`, or FP32
/// `[1, channels, height, width]` from 0 to 1.
pub(super) fn layout(tensor: &Tensor) -> Option<Layout> {
    let (height, width, channels, depth) = match (tensor.data(), tensor.shape()) {
        (TensorData::U8(_), &[1, height, width, channels]) => {
            (height, width, channels, BitDepth::Eight)
        }
        (TensorData::F32(_), &[1, channels, height, width]) => {
            (height, width, channels, BitDepth::Sixteen)
        }
        _ => return None,
    };
    let model = match channels {
        1 => ColorModel::Grey,
        3 => ColorModel::Rgb,
        4 => ColorModel::RgbAlpha,
        _ => return None,
    };
    (height > 0 && width > 0).then_some(Layout { height, width, model, depth })
}

impl TensorPicture {
    /// Takes numbers for a picture; `None` if they cannot be one.
    pub(super) fn of(tensor: Tensor) -> Option<Self> {
        let layout = layout(&tensor)?;
        Some(Self { tensor, layout })
    }

    /// The picture as engines see it; FP32 is rounded to 16 bits. What stands in holes is not
    /// looked at, and may be anything.
    ///
    /// # Errors
    /// Where a number that is known does not lie between 0 and 1.
    pub(super) fn raster(&self, mask: Option<&Mask>) -> Result<Raster, String> {
        let Layout { height, width, model, .. } = self.layout;
        let samples = match self.tensor.data() {
            TensorData::F32(numbers) => Samples::Sixteen(self.levels(numbers, mask)?),
            TensorData::U8(numbers) => Samples::Eight(numbers.clone()),
            _ => unreachable!("a layout has been found"),
        };
        let raster = Raster::from_samples(height, width, model, samples);
        Ok(raster.expect("a tensor has as many elements as its shape"))
    }

    fn levels(&self, numbers: &[f32], mask: Option<&Mask>) -> Result<Vec<u16>, String> {
        let Layout { height, width, model, .. } = self.layout;
        let channels = model.channels();
        let mut levels = vec![0; numbers.len()];
        for (channel, plane) in numbers.chunks_exact(height * width).enumerate() {
            let is_colour = channel < model.color_channels();
            for (at, &number) in plane.iter().enumerate() {
                if is_colour && weight(mask, at) == HOLE {
                    continue;
                }
                if !(0.0..=1.0).contains(&number) {
                    let (row, column) = (at / width, at % width);
                    return Err(format!(
                        "[0, {channel}, {row}, {column}] is {number}, but FP32 goes from 0 to 1"
                    ));
                }
                levels[at * channels + channel] = level(number);
            }
        }
        Ok(levels)
    }

    /// The restored picture as numbers of the same kind. What was not changed is what was sent.
    pub(super) fn restored(self, raster: Raster, mask: Option<&Mask>) -> Tensor {
        let Self { tensor, layout } = self;
        let (pixels, channels) = (layout.height * layout.width, layout.model.channels());
        let numbers = match (raster.into_samples(), tensor.data()) {
            (Samples::Sixteen(levels), TensorData::F32(sent)) => {
                let mut numbers = sent.clone();
                for (channel, plane) in numbers.chunks_exact_mut(pixels).enumerate() {
                    // Alpha keeps every bit.
                    if channel >= layout.model.color_channels() {
                        continue;
                    }
                    for (at, number) in plane.iter_mut().enumerate() {
                        let now = levels[at * channels + channel];
                        if weight(mask, at) > 0 || now != level(*number) {
                            *number = f32::from(now) / TOP;
                        }
                    }
                }
                TensorData::F32(numbers)
            }
            (Samples::Eight(samples), _) => TensorData::U8(samples),
            (Samples::Sixteen(_), _) => unreachable!("bytes stay bytes"),
        };
        let shape = tensor.shape().to_vec();
        Tensor::new(shape, numbers).expect("a restored picture has its size")
    }
}

/// How much a pixel is replaced.
fn weight(mask: Option<&Mask>, at: usize) -> u8 {
    mask.map_or(0, |mask| mask.weights().as_slice()[at])
}

/// The level nearest to a number from 0 to 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
fn level(number: f32) -> u16 {
    (number * TOP + 0.5) as u16
}

/// The holes of a mask of numbers as white: whatever is not zero.
///
/// # Errors
/// If it is of another type, or not of the size of the picture.
pub(super) fn holes(tensor: &Tensor, picture: &Layout) -> Result<Raster, String> {
    let &Layout { height, width, .. } = picture;
    let white = |is_hole: bool| if is_hole { u8::MAX } else { 0 };
    let fits = match tensor.shape() {
        &[1, h, w, 1] | &[1, 1, h, w] | &[h, w] => (h, w) == (height, width),
        _ => false,
    };
    let holes: Vec<u8> = match tensor.data() {
        TensorData::U8(list) if fits => list.iter().map(|&level| white(level != 0)).collect(),
        TensorData::Bool(list) if fits => list.iter().map(|&hole| white(hole)).collect(),
        TensorData::F32(list) if fits => list.iter().map(|&number| white(number != 0.0)).collect(),
        _ => {
            return Err(format!(
                "is {} {:?}, but for this image it is UINT8, BOOL or FP32, and \
                 [1, {height}, {width}, 1], [1, 1, {height}, {width}] or [{height}, {width}]",
                crate::http::v2::datatype::name(tensor.element()),
                tensor.shape(),
            ));
        }
    };
    let raster = Raster::from_samples(height, width, ColorModel::Grey, Samples::Eight(holes));
    Ok(raster.expect("a tensor has as many elements as its shape"))
}
