//! What a network is shown: boxes around holes, and tiles of a whole picture.

use super::error::NetworkError;
use super::fit::{Size, Sizes, area};
use crate::engines::regions::{self, Work};
use crate::imaging::{Mask, Region};
use crate::inference::HdStrategy;

/// Known pixels around a hole that are shown, at least; half of the hole if that is more.
const MARGIN: usize = 128;

/// Known pixels around a hole that are shown even where holes share a box.
const LEAST_MARGIN: usize = 32;

/// What is shown for the holes of a mask, and where what comes back is written.
///
/// # Errors
/// [`NetworkError::TooManyPixels`] if the picture is too large and `strategy` does nothing for it.
pub(super) fn around_holes(
    mask: &Mask,
    sizes: &Sizes,
    strategy: HdStrategy,
    network: &str,
) -> Result<Vec<Work>, NetworkError> {
    let (height, width) = (mask.height(), mask.width());
    let whole = Region { top: 0, left: 0, height, width };
    let all_at_once = vec![Work { read: whole, write: mask.bounds().unwrap_or(whole) }];
    match strategy {
        HdStrategy::Crop => {
            let boxes = regions::boxes(mask, |height, width| cost(sizes, (height, width)));
            Ok(boxes.into_iter().map(|write| crop(write, whole, sizes)).collect())
        }
        HdStrategy::Resize => Ok(all_at_once),
        HdStrategy::Original => {
            if sizes.fit((height, width)).shrunk == (height, width) {
                return Ok(all_at_once);
            }
            let (network, actual) = (network.to_owned(), area((height, width)));
            Err(NetworkError::TooManyPixels { network, limit: sizes.most, actual })
        }
    }
}

/// What a box costs: runs of a network of one size, else pixels that it computes. Boxes that one
/// run shows as they are never become one that must be shrunk, because detail would be lost.
fn cost(sizes: &Sizes, hole: Size) -> f64 {
    let Some(fixed) = sizes.fixed else {
        return ((hole.0 + 2 * MARGIN) * (hole.1 + 2 * MARGIN)) as f64;
    };
    let scale = scale((hole.0 + 2 * LEAST_MARGIN, hole.1 + 2 * LEAST_MARGIN), fixed);
    if scale > 1.0 { 3.0 * scale * scale } else { 1.0 }
}

/// What is shown for one hole: known pixels around it, as far as there are any. A network of one
/// size sees a part of the picture in the proportion of that size, as much as it has room for.
fn crop(write: Region, whole: Region, sizes: &Sizes) -> Work {
    let largest = write.height.max(write.width);
    let with = |margin: usize| {
        let rows = (write.height + 2 * margin).min(whole.height);
        (rows, (write.width + 2 * margin).min(whole.width))
    };
    let (height, width) = match sizes.fixed {
        Some(fixed) if scale(with(LEAST_MARGIN), fixed) <= 1.0 => fixed,
        Some(fixed) => {
            let scale = scale(with(largest / 4), fixed).max(1.0);
            (scaled(fixed.0, scale), scaled(fixed.1, scale))
        }
        None => {
            let (height, width) = with(MARGIN.max(largest / 2));
            (height.next_multiple_of(sizes.multiple), width.next_multiple_of(sizes.multiple))
        }
    };
    let (height, width) = (height.min(whole.height), width.min(whole.width));
    let read = Region {
        top: start(write.top, write.height, height, whole.height),
        left: start(write.left, write.width, width, whole.width),
        height,
        width,
    };
    Work { read, write }
}

/// How many times a size is larger than another, by the side where it is most.
fn scale((height, width): Size, (rows, columns): Size) -> f64 {
    (height as f64 / rows as f64).max(width as f64 / columns as f64)
}

/// Where `shown` of `all` begin, with the hole in their middle as far as possible.
fn start(hole: usize, length: usize, shown: usize, all: usize) -> usize {
    (hole + length / 2).saturating_sub(shown / 2).min(all - shown)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a side of a picture")]
fn scaled(side: usize, scale: f64) -> usize {
    (side as f64 * scale).ceil() as usize
}

/// Tiles along one side: where each begins, all of one length, and how they are blended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tiles {
    /// Samples of a tile.
    pub(super) length: usize,
    /// Where each begins, in order.
    pub(super) starts: Vec<usize>,
    /// Samples over which one tile gives way to the next.
    ramp: usize,
}

impl Tiles {
    /// Tiles of at most `most` samples for a side of `all`. Neighbours overlap by a quarter, but no
    /// more than has an effect.
    pub(super) fn along(all: usize, most: usize) -> Self {
        /// About what networks that remove noise look at.
        const MOST_OVERLAP: usize = 96;
        if all <= most {
            return Self { length: all, starts: vec![0], ramp: 0 };
        }
        let overlap = (most / 4).min(MOST_OVERLAP);
        let step = most - overlap;
        let count = (all - most).div_ceil(step);
        let starts = (0..=count).map(|index| (all - most) * index / count).collect();
        Self { length: most, starts, ramp: overlap / 2 }
    }

    /// How much of a sample comes from a tile, from 0 to 1. Over all tiles that is 1.
    pub(super) fn weight(&self, tile: usize, at: usize) -> f32 {
        self.rise(tile, at) - self.rise(tile + 1, at)
    }

    /// From 0 before a tile to 1 where it has taken over from the one before.
    fn rise(&self, tile: usize, at: usize) -> f32 {
        if tile == 0 {
            return 1.0;
        }
        let (Some(start), Some(before)) = (self.starts.get(tile), self.starts.get(tile - 1)) else {
            return 0.0;
        };
        // In the middle of what both have, away from the borders of either.
        let begin = usize::midpoint(*start, before + self.length) - self.ramp / 2;
        if self.ramp == 0 {
            return f32::from(u8::from(at >= begin));
        }
        let gone = at as f32 - begin as f32 + 0.5;
        (gone / self.ramp as f32).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engines::network::tests::Stub;
    use crate::inference::{Manifest, Pad, SizePolicy};

    proptest! {
        #[test]
        fn every_sample_is_made_once_by_tiles_that_hold_it(
            all in 1_usize..3000, most in 1_usize..700,
        ) {
            let tiles = Tiles::along(all, most);
            let holds = |start: usize, at: usize| (start..start + tiles.length).contains(&at);
            prop_assert!(tiles.length <= most);
            for at in 0..all {
                let mut sum = 0.0;
                for (tile, start) in tiles.starts.iter().enumerate() {
                    let weight = tiles.weight(tile, at);
                    prop_assert!(weight >= 0.0);
                    prop_assert!(weight == 0.0 || holds(*start, at), "{} {}", tile, at);
                    sum += weight;
                }
                prop_assert!((sum - 1.0).abs() < 1e-6);
            }
        }
    }

    fn sizes(fixed: Option<Size>) -> Sizes {
        let policy = fixed.map(|(height, width)| SizePolicy::Fixed {
            width: width as u64,
            height: height as u64,
            pad: Pad::default(),
        });
        let manifest = Manifest { size: policy, ..Manifest::default() };
        Sizes::of(&Stub::new(manifest)).unwrap()
    }

    fn holes(height: usize, width: usize, holes: &[Region]) -> Mask {
        let inside = |y: usize, x: usize| {
            holes.iter().any(|hole| {
                (hole.top..hole.top + hole.height).contains(&y)
                    && (hole.left..hole.left + hole.width).contains(&x)
            })
        };
        let hidden = (0..height * width).map(|at| inside(at / width, at % width)).collect();
        Mask::from_holes(height, width, hidden)
    }

    fn square(top: usize, left: usize, side: usize) -> Region {
        Region { top, left, height: side, width: side }
    }

    #[test]
    fn a_small_hole_is_shown_as_it_is_and_the_picture_fills_the_network() {
        let mask = holes(2000, 3000, &[square(1000, 5, 60)]);
        let fixed = sizes(Some((512, 512)));
        let work = around_holes(&mask, &fixed, HdStrategy::Crop, "net").unwrap();
        assert_eq!(work.len(), 1);
        assert_eq!(work[0].write, square(1000, 5, 60));
        assert_eq!((work[0].read.height, work[0].read.width, work[0].read.left), (512, 512, 0));
    }

    #[test]
    fn a_hole_that_is_too_large_is_shown_with_context_in_the_proportion_of_the_network() {
        let mask = holes(2000, 3000, &[square(700, 700, 600)]);
        let fixed = sizes(Some((512, 512)));
        let work = around_holes(&mask, &fixed, HdStrategy::Crop, "net").unwrap();
        let read = work[0].read;
        assert_eq!(read.height, read.width);
        assert!((900..=910).contains(&read.height), "{read:?}");
    }

    #[test]
    fn holes_share_a_run_if_one_shows_them_all_unshrunk() {
        let specks: Vec<_> = (0..6).map(|i| square(300 + 70 * i, 400 + 50 * i, 8)).collect();
        let mask = holes(1000, 1000, &specks);
        let fixed = sizes(Some((512, 512)));
        assert_eq!(around_holes(&mask, &fixed, HdStrategy::Crop, "net").unwrap().len(), 1);
        let far = holes(1000, 1000, &[square(10, 10, 8), square(900, 900, 8)]);
        assert_eq!(around_holes(&far, &fixed, HdStrategy::Crop, "net").unwrap().len(), 2);
    }

    #[test]
    fn without_a_strategy_a_picture_that_is_too_large_is_refused() {
        let mask = holes(600, 600, &[square(10, 10, 8)]);
        let refused = around_holes(&mask, &sizes(Some((512, 512))), HdStrategy::Original, "net");
        assert!(matches!(refused, Err(NetworkError::TooManyPixels { actual: 360_000, .. })));
        let whole = around_holes(&mask, &sizes(None), HdStrategy::Original, "net").unwrap();
        assert_eq!(whole[0].read, Region { top: 0, left: 0, height: 600, width: 600 });
    }
}
