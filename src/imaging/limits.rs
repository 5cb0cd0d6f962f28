//! How large an image may be.

use serde::{Deserialize, Serialize};

use super::{BitDepth, ColorModel, ImagingError, OptionFault};

/// How large an image may be; checked before any pixel is decoded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImageLimits {
    /// Bytes of the encoded file.
    pub max_bytes: u64,
    /// Width times height.
    pub max_pixels: u64,
    /// Frames of an animation or pages of a document. The first one is the image; the others
    /// are ignored, which is why more than one has to be allowed explicitly.
    pub max_frames: u32,
    /// Bytes that decoding may take, the decoded samples included.
    pub max_allocation: u64,
}

impl Default for ImageLimits {
    fn default() -> Self {
        Self { max_bytes: 64 << 20, max_pixels: 40_000_000, max_frames: 1, max_allocation: 1 << 30 }
    }
}

impl ImageLimits {
    /// Bytes that colour profiles, EXIF blocks and other side data may take.
    ///
    /// Real profiles stay below 4 MiB; an EXIF block with a thumbnail stays below 64 KiB.
    pub(super) const MAX_METADATA_BYTES: u64 = 16 << 20;

    /// Checks the limits themselves.
    ///
    /// # Errors
    /// Every limit that is zero.
    pub fn validate(&self) -> Result<(), Vec<OptionFault>> {
        let faults: Vec<_> = [
            ("max_bytes", self.max_bytes),
            ("max_pixels", self.max_pixels),
            ("max_frames", self.max_frames.into()),
            ("max_allocation", self.max_allocation),
        ]
        .into_iter()
        .filter_map(|(field, actual)| OptionFault::check(field, 1..=u64::MAX, actual))
        .collect();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// Checks a picture that is not decoded from a file.
    ///
    /// # Errors
    /// [`ImagingError::TooManyPixels`], [`ImagingError::TooMuchMemory`].
    pub fn check_raster(
        &self,
        height: usize,
        width: usize,
        model: ColorModel,
        depth: BitDepth,
    ) -> Result<(), ImagingError> {
        let bytes_per_pixel = model.channels() * depth.bytes();
        self.check_pixels(width as u64, height as u64, bytes_per_pixel as u64, 0)
    }

    pub(super) fn check_bytes(&self, bytes: &[u8]) -> Result<(), ImagingError> {
        let (limit, actual) = (self.max_bytes, bytes.len() as u64);
        if actual > limit {
            return Err(ImagingError::TooManyBytes { limit, actual });
        }
        Ok(())
    }

    pub(super) fn check_frames(&self, frames: u64) -> Result<(), ImagingError> {
        let limit = u64::from(self.max_frames);
        if frames > limit {
            return Err(ImagingError::TooManyFrames { limit, actual: frames });
        }
        Ok(())
    }

    /// Checks a header. `working_bytes` is what the decoder needs beside the samples.
    pub(super) fn check_pixels(
        &self,
        width: u64,
        height: u64,
        bytes_per_pixel: u64,
        working_bytes: u64,
    ) -> Result<(), ImagingError> {
        // Saturating: whatever overflows is over every limit.
        let actual = width.saturating_mul(height);
        if actual > self.max_pixels {
            return Err(ImagingError::TooManyPixels { limit: self.max_pixels, actual });
        }
        let actual = actual.saturating_mul(bytes_per_pixel).saturating_add(working_bytes);
        if actual > self.max_allocation || usize::try_from(actual).is_err() {
            return Err(ImagingError::TooMuchMemory { limit: self.max_allocation, actual });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_overflow_are_too_large_and_nothing_worse() {
        let unlimited = ImageLimits { max_allocation: u64::MAX - 1, ..ImageLimits::default() };
        assert!(matches!(
            unlimited.check_pixels(u64::MAX, u64::MAX, 8, 0),
            Err(ImagingError::TooManyPixels { actual: u64::MAX, .. })
        ));
        let unlimited = ImageLimits { max_pixels: u64::MAX, ..unlimited };
        assert!(matches!(
            unlimited.check_pixels(1 << 32, 1 << 31, 8, 0),
            Err(ImagingError::TooMuchMemory { actual: u64::MAX, .. })
        ));
    }

    #[test]
    fn limits_of_zero_are_reported_all_at_once() {
        let limits = ImageLimits { max_bytes: 0, max_frames: 0, ..ImageLimits::default() };
        let faults = limits.validate().unwrap_err();
        assert_eq!(faults.iter().map(|f| f.field).collect::<Vec<_>>(), ["max_bytes", "max_frames"]);
        assert_eq!(ImageLimits::default().validate(), Ok(()));
    }
}
