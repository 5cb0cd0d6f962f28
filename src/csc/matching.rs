//! Groups of similar blocks: for every reference block, the eight nearest in its neighbourhood.
//!
//! Dabov et al. (2007), "Image denoising by sparse 3-D transform-domain collaborative filtering",
//! IEEE Trans. Image Processing 16: grouping by block matching.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use crate::numerics::Threads;

use super::batch::Position;
use super::canvas::Canvas;
use super::holes::Holes;

/// Blocks in a group.
pub(super) const GROUP: usize = 8;

/// Side of the blocks that are compared, and distance of the reference blocks.
pub(super) const SIDE: usize = 8;

/// How far a member lies from its reference at most, in rows and in columns.
pub(super) const RADIUS: usize = 12;

/// How far a group is shifted from where it was matched at most: half a block, so that the
/// shifted references of all groups still cover every sample.
pub(super) const SHIFT: usize = SIDE / 2;

/// The reference first, then the others from near to far.
pub(super) type Group = [Position; GROUP];

/// The groups whose references start in the rows of one strip.
#[derive(Clone, Debug, Default)]
pub(super) struct StripGroups {
    pub(super) groups: Vec<Group>,
}

/// Matches every reference block on the grid of `stride` that, shifted, could touch a hole.
pub(super) fn match_blocks(
    canvas: &Canvas,
    holes: Option<&Holes>,
    stride: usize,
    strip_height: usize,
    threads: &Threads,
) -> Vec<StripGroups> {
    let strips = canvas.plane.height().div_ceil(strip_height);
    let mut found = vec![StripGroups::default(); strips];
    threads.for_each(&mut found, |index, strip| {
        let rows = index * strip_height..(index + 1) * strip_height;
        let groups = &mut strip.groups;
        Arch::new().dispatch(Matching { canvas, holes, stride, rows, groups });
    });
    found
}

struct Matching<'a> {
    canvas: &'a Canvas,
    holes: Option<&'a Holes>,
    stride: usize,
    rows: Range<usize>,
    groups: &'a mut Vec<Group>,
}

impl WithSimd for Matching<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // References keep away from the border by the shift, so that shifted blocks stay inside.
        let first = SHIFT;
        let bottom = self.canvas.plane.height() - SIDE - SHIFT;
        let right = self.canvas.plane.width() - SIDE - SHIFT;
        let skipped = self.rows.start.saturating_sub(first).div_ceil(self.stride);
        let mut top = first + skipped * self.stride;
        while top <= bottom && top < self.rows.end {
            let mut left = first;
            while left <= right {
                let touched = self
                    .holes
                    .is_none_or(|holes| holes.touch(top - SHIFT, left - SHIFT, SIDE + 2 * SHIFT));
                if touched {
                    self.groups.push(nearest(simd, self.canvas, top, left, bottom, right));
                }
                left += self.stride;
            }
            top += self.stride;
        }
    }
}

/// The group of the block at (`top`, `left`); members lie in `SHIFT..=bottom`, `SHIFT..=right`.
#[inline(always)]
fn nearest<S: Simd>(
    simd: S,
    canvas: &Canvas,
    top: usize,
    left: usize,
    bottom: usize,
    right: usize,
) -> Group {
    let width = canvas.plane.width();
    let image = canvas.plane.as_slice();
    let mut reference = [0.0; SIDE * SIDE];
    for y in 0..SIDE {
        reference[y * SIDE..(y + 1) * SIDE]
            .copy_from_slice(&image[(top + y) * width + left..][..SIDE]);
    }
    // Sorted by distance. A neighbourhood too small for a whole group repeats the reference.
    let here = (top as u32, left as u32);
    let mut best = [(f32::INFINITY, here); GROUP];
    best[0].0 = -1.0;
    for y in top.saturating_sub(RADIUS).max(SHIFT)..=(top + RADIUS).min(bottom) {
        for x in left.saturating_sub(RADIUS).max(SHIFT)..=(left + RADIUS).min(right) {
            if (y, x) == (top, left) {
                continue;
            }
            let distance = squared_distance(simd, &reference, &image[y * width + x..], width);
            if distance < best[GROUP - 1].0 {
                let mut at = GROUP - 1;
                while best[at - 1].0 > distance {
                    best[at] = best[at - 1];
                    at -= 1;
                }
                best[at] = (distance, (y as u32, x as u32));
            }
        }
    }
    let mut group = [here; GROUP];
    for i in 1..GROUP {
        group[i] = best[i].1;
    }
    group
}

#[inline(always)]
fn squared_distance<S: Simd>(
    simd: S,
    reference: &[f32; SIDE * SIDE],
    image: &[f32],
    width: usize,
) -> f32 {
    // One vector of eight lanes or two of four; their sums stay in registers.
    let mut sums = [simd.splat_f32s(0.0); 2];
    let mut lanes = [0.0_f32; SIDE];
    if S::F32_LANES * 2 < SIDE || S::F32_LANES > SIDE {
        for (a, b) in reference.chunks_exact(SIDE).zip(image.chunks(width)) {
            for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
                *lane += (a - b) * (a - b);
            }
        }
    } else {
        for y in 0..SIDE {
            let (a, _) = S::as_simd_f32s(&reference[y * SIDE..(y + 1) * SIDE]);
            let (b, _) = S::as_simd_f32s(&image[y * width..y * width + SIDE]);
            for i in 0..SIDE / S::F32_LANES {
                let difference = simd.sub_f32s(a[i], b[i]);
                sums[i] = simd.add_f32s(sums[i], simd.mul_f32s(difference, difference));
            }
        }
        let (vectors, _) = S::as_mut_simd_f32s(&mut lanes);
        vectors.copy_from_slice(&sums[..SIDE / S::F32_LANES]);
    }
    // Added lane by lane in a fixed order, so that every vector width gives the same sum.
    let pairs =
        [lanes[0] + lanes[4], lanes[1] + lanes[5], lanes[2] + lanes[6], lanes[3] + lanes[7]];
    (pairs[0] + pairs[2]) + (pairs[1] + pairs[3])
}
