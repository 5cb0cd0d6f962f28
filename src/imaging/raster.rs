//! Decoded pixels.

use super::{BitDepth, ColorModel, Mask};
use crate::numerics::Plane;

/// Interleaved samples, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Samples {
    /// 8 bits each.
    Eight(Vec<u8>),
    /// 16 bits each.
    Sixteen(Vec<u16>),
}

impl Samples {
    /// Number of samples.
    pub fn len(&self) -> usize {
        match self {
            Self::Eight(samples) => samples.len(),
            Self::Sixteen(samples) => samples.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Interleaved samples that may be changed, but neither in number nor in depth.
#[derive(Debug)]
pub enum SamplesMut<'a> {
    /// 8 bits each.
    Eight(&'a mut [u8]),
    /// 16 bits each.
    Sixteen(&'a mut [u16]),
}

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Region {
    /// First row.
    pub top: usize,
    /// First column.
    pub left: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

/// An upright picture as it was stored: its own colour model, its own bit depth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    height: usize,
    width: usize,
    model: ColorModel,
    samples: Samples,
}

impl Raster {
    /// Wraps interleaved samples; `None` unless there are exactly `height * width * channels`.
    pub fn from_samples(
        height: usize,
        width: usize,
        model: ColorModel,
        samples: Samples,
    ) -> Option<Self> {
        let expected = height.checked_mul(width)?.checked_mul(model.channels())?;
        (expected == samples.len()).then_some(Self { height, width, model, samples })
    }

    /// [`Self::from_samples`] where the length is known to fit.
    pub(super) fn assembled(
        height: usize,
        width: usize,
        model: ColorModel,
        samples: Samples,
    ) -> Self {
        debug_assert_eq!(height * width * model.channels(), samples.len());
        Self { height, width, model, samples }
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Channels of a pixel.
    pub fn model(&self) -> ColorModel {
        self.model
    }

    /// Bits per sample.
    pub fn depth(&self) -> BitDepth {
        match self.samples {
            Samples::Eight(_) => BitDepth::Eight,
            Samples::Sixteen(_) => BitDepth::Sixteen,
        }
    }

    /// All of it.
    pub fn region(&self) -> Region {
        Region { top: 0, left: 0, height: self.height, width: self.width }
    }

    /// The samples, interleaved, row by row.
    pub fn samples(&self) -> &Samples {
        &self.samples
    }

    /// The samples, interleaved, row by row.
    pub fn samples_mut(&mut self) -> SamplesMut<'_> {
        match &mut self.samples {
            Samples::Eight(samples) => SamplesMut::Eight(samples),
            Samples::Sixteen(samples) => SamplesMut::Sixteen(samples),
        }
    }

    /// One sample as it is stored.
    ///
    /// # Panics
    /// If the position or the channel lies outside the raster.
    pub fn sample(&self, channel: usize, y: usize, x: usize) -> u16 {
        self.assert_inside(channel, Region { top: y, left: x, height: 1, width: 1 });
        let index = (y * self.width + x) * self.model.channels() + channel;
        match &self.samples {
            Samples::Eight(samples) => samples[index].into(),
            Samples::Sixteen(samples) => samples[index],
        }
    }

    /// Gives the samples back.
    pub fn into_samples(self) -> Samples {
        self.samples
    }

    /// One channel of a region, scaled so that the largest sample value is 1.
    ///
    /// # Shapes
    /// `(region.height, region.width)`
    ///
    /// # Panics
    /// If the region or the channel lies outside the raster.
    pub fn read(&self, channel: usize, region: Region) -> Plane<f32> {
        self.assert_inside(channel, region);
        match &self.samples {
            Samples::Eight(samples) => self.gather(samples, channel, region),
            Samples::Sixteen(samples) => self.gather(samples, channel, region),
        }
    }

    /// The brightness of the whole picture (ITU-R BT.601), in the units of [`Self::read`].
    pub fn luma(&self) -> Plane<f32> {
        let region = self.region();
        if self.model().color_channels() == 1 {
            return self.read(0, region);
        }
        let [r, g, b] = [0, 1, 2].map(|channel| self.read(channel, region));
        Plane::from_fn(region.height, region.width, |y, x| {
            0.299 * r.at(y, x) + 0.587 * g.at(y, x) + 0.114 * b.at(y, x)
        })
    }

    /// Writes one channel of a region, given in the units of [`Self::read`].
    ///
    /// `weight` is asked with rows and columns of the raster, not of the region. Where it is 0 the
    /// sample is not touched; where it is 255 the sample becomes the value, clamped to the range
    /// and rounded to the nearest level; in between the two are mixed in that proportion.
    /// Writing back what was read changes nothing, at any weight. A value that is not a number
    /// counts as 0.
    ///
    /// # Panics
    /// If the region or the channel lies outside the raster, or the plane does not have the size
    /// of the region.
    pub fn write_where(
        &mut self,
        channel: usize,
        region: Region,
        values: &Plane<f32>,
        weight: impl Fn(usize, usize) -> u8,
    ) {
        self.assert_inside(channel, region);
        assert_eq!((values.height(), values.width()), (region.height, region.width));
        let (width, channels) = (self.width, self.model.channels());
        match &mut self.samples {
            Samples::Eight(samples) => {
                scatter(samples, (width, channels, channel), region, values, weight);
            }
            Samples::Sixteen(samples) => {
                scatter(samples, (width, channels, channel), region, values, weight);
            }
        }
    }

    /// Whether no pixel is transparent, not even in part.
    pub fn is_opaque(&self) -> bool {
        if !self.model.has_alpha() {
            return true;
        }
        let channels = self.model.channels();
        match &self.samples {
            Samples::Eight(samples) => {
                samples.iter().skip(channels - 1).step_by(channels).all(|&alpha| alpha == u8::MAX)
            }
            Samples::Sixteen(samples) => {
                samples.iter().skip(channels - 1).step_by(channels).all(|&alpha| alpha == u16::MAX)
            }
        }
    }

    /// Makes the pixels opaque that `mask` does not leave as they are, if there is an alpha channel.
    ///
    /// # Panics
    /// If the sizes differ.
    pub fn make_opaque(&mut self, mask: &Mask) {
        if self.model.has_alpha() {
            let opaque = Plane::filled(self.height, self.width, 1.0);
            let alpha = self.model.channels() - 1;
            self.write_where(alpha, self.region(), &opaque, |y, x| {
                if mask.weight(y, x) > 0 { 255 } else { 0 }
            });
        }
    }

    fn assert_inside(&self, channel: usize, region: Region) {
        assert!(channel < self.model.channels(), "channel {channel} of {}", self.model);
        let bottom = region.top.checked_add(region.height);
        let right = region.left.checked_add(region.width);
        assert!(
            bottom.is_some_and(|bottom| bottom <= self.height)
                && right.is_some_and(|right| right <= self.width),
            "{region:?} of {} x {}",
            self.height,
            self.width,
        );
    }

    fn gather<T: Level>(&self, samples: &[T], channel: usize, region: Region) -> Plane<f32> {
        let channels = self.model.channels();
        let mut plane = Plane::filled(region.height, region.width, 0.0);
        for y in 0..region.height {
            let start = ((region.top + y) * self.width + region.left) * channels;
            let row = &samples[start..][..region.width * channels];
            for (value, pixel) in plane.row_mut(y).iter_mut().zip(row.chunks_exact(channels)) {
                *value = pixel[channel].level() / T::TOP;
            }
        }
        plane
    }
}

fn scatter<T: Level>(
    samples: &mut [T],
    (width, channels, channel): (usize, usize, usize),
    region: Region,
    values: &Plane<f32>,
    weight: impl Fn(usize, usize) -> u8,
) {
    for y in 0..region.height {
        let start = ((region.top + y) * width + region.left) * channels;
        let row = &mut samples[start..][..region.width * channels];
        for (x, (pixel, &value)) in row.chunks_exact_mut(channels).zip(values.row(y)).enumerate() {
            let weight = weight(region.top + y, region.left + x);
            if weight == 0 {
                continue;
            }
            let value = value.clamp(0.0, 1.0) * T::TOP;
            let old = pixel[channel].level();
            let mixed =
                if weight == 255 { value } else { old + (value - old) * f32::from(weight) / 255.0 };
            pixel[channel] = T::nearest(mixed);
        }
    }
}

/// A stored sample.
trait Level: Copy {
    /// The largest level.
    const TOP: f32;

    fn level(self) -> f32;

    /// The level nearest to a value between 0 and [`Self::TOP`]; 0 for what is not a number.
    fn nearest(value: f32) -> Self;
}

impl Level for u8 {
    const TOP: f32 = 255.0;

    fn level(self) -> f32 {
        self.into()
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
    fn nearest(value: f32) -> Self {
        // Adding a half and cutting off vectorises; the value is not negative.
        (value + 0.5) as Self
    }
}

impl Level for u16 {
    const TOP: f32 = 65_535.0;

    fn level(self) -> f32 {
        self.into()
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
    fn nearest(value: f32) -> Self {
        (value + 0.5) as Self
    }
}

#[cfg(test)]
mod tests;
