//! Drafts of a picture, made small for those who follow a job.

use bytes::Bytes;

use crate::imaging::{EncodeOptions, ImageFormat, Metadata, Picture, Raster, Samples, encode};
use crate::numerics::{Plane, resample};

/// Pixels of the longer side.
const LONGEST: usize = 320;

/// A draft that somebody may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Preview {
    /// Iterations done.
    pub(super) iteration: u64,
    /// The draft as a PNG of 8 bits, at most 320 pixels a side.
    pub(super) png: Bytes,
}

/// Makes a draft small: an opaque or transparent picture of 8 bits whose longer side has at most
/// [`LONGEST`] pixels, each the mean of those that it stands for. `None` if it cannot be written.
pub(super) fn draw(draft: &Raster) -> Option<Bytes> {
    let (model, longer) = (draft.model(), draft.height().max(draft.width()));
    let smaller = |side: usize| (side * LONGEST).div_ceil(longer).min(side).max(1);
    let (height, width) = (smaller(draft.height()), smaller(draft.width()));
    let none_hidden = Plane::filled(draft.height(), draft.width(), false);
    let blank = Samples::Eight(vec![0; height * width * model.channels()]);
    let mut small = Raster::from_samples(height, width, model, blank)?;
    for channel in 0..model.channels() {
        let samples = draft.read(channel, draft.region());
        let (means, _) = resample::shrink(&samples, &none_hidden, height, width);
        small.write_where(channel, small.region(), &means, |_, _| u8::MAX);
    }
    let picture =
        Picture { raster: small, format: ImageFormat::Png, metadata: Metadata::default() };
    let encoded = encode(&picture, &EncodeOptions::new(ImageFormat::Png)).ok()?;
    Some(encoded.bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::{ColorModel, ImageLimits, decode};

    #[test]
    fn a_draft_is_made_small_and_keeps_its_shape_and_its_levels() {
        for (height, width, expected) in
            [(1000, 500, (320, 160)), (90, 320, (90, 320)), (1, 5000, (1, 320)), (3, 7, (3, 7))]
        {
            let samples = Samples::Sixteen(vec![0x8080; height * width * 2]);
            let draft =
                Raster::from_samples(height, width, ColorModel::GreyAlpha, samples).unwrap();
            let small = decode(&draw(&draft).unwrap(), &ImageLimits::default()).unwrap().raster;
            assert_eq!((small.height(), small.width()), expected);
            assert_eq!(small.model(), ColorModel::GreyAlpha);
            assert_eq!(small.samples(), &Samples::Eight(vec![0x80; expected.0 * expected.1 * 2]));
        }
    }
}
