//! Moving blocks between an image and the lanes of a batch.

use super::line::LANES;

/// Row and column of a block's first sample in a canvas.
pub(super) type Position = (u32, u32);

/// Copies the block of side `side` at every position into its lane.
#[inline(always)]
pub(super) fn gather(
    batch: &mut [f32],
    side: usize,
    image: &[f32],
    width: usize,
    positions: &[Position; LANES],
) {
    for (lane, &(top, left)) in positions.iter().enumerate() {
        for y in 0..side {
            let from = &image[(top as usize + y) * width + left as usize..][..side];
            let to = &mut batch[y * side * LANES..(y + 1) * side * LANES];
            for x in 0..side {
                to[x * LANES + lane] = from[x];
            }
        }
    }
}

/// Adds the first `positions.len()` lanes, each times its weight, to an image whose first row is
/// row `first_row` of the canvas.
#[inline(always)]
pub(super) fn scatter_add(
    batch: &[f32],
    side: usize,
    image: &mut [f32],
    width: usize,
    first_row: usize,
    positions: &[Position],
    weights: &[f32; LANES],
) {
    for (lane, &(top, left)) in positions.iter().enumerate() {
        let weight = weights[lane];
        for y in 0..side {
            let row = top as usize + y - first_row;
            let to = &mut image[row * width + left as usize..][..side];
            let from = &batch[y * side * LANES..(y + 1) * side * LANES];
            for x in 0..side {
                to[x] += weight * from[x * LANES + lane];
            }
        }
    }
}
