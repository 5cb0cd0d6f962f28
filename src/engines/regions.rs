//! Where there is work: rectangles around the holes of a mask.
//!
//! Holes that lie near each other share a rectangle; rectangles that are too large are cut into
//! tiles. Every hidden pixel lies in the `write` part of exactly one region; `read` adds known
//! pixels around it, which the solver looks at and leaves alone.

use crate::imaging::{Mask, Region};

/// Known pixels around a hole that take part: three of the largest blocks.
pub const CONTEXT: usize = 48;

/// Longest side of what is solved at once, without its context.
pub const TILE: usize = 1024;

/// Holes nearer than this are looked at together.
const CELL: usize = 32;

/// Boxes are merged pair by pair, so there must not be too many.
const MOST_BOXES: usize = 512;

/// A piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// What the solver sees.
    pub read: Region,
    /// What it may change.
    pub write: Region,
}

/// The work that the holes of a mask make.
pub fn around_holes(mask: &Mask) -> Vec<Work> {
    let (height, width) = (mask.height(), mask.width());
    let area = |height, width| ((height + 2 * CONTEXT) * (width + 2 * CONTEXT)) as f64;
    let tiles = boxes(mask, area).into_iter().flat_map(|region| cut(region, TILE, TILE));
    tiles
        .filter(|write| touches(mask, *write))
        .map(|write| Work { read: grown(write, height, width, CONTEXT), write })
        .collect()
}

/// Boxes around the holes of a mask: none overlaps another, and every hidden pixel is in one.
/// `cost` says what a box of so many rows and columns costs; boxes that cost less as one are one.
pub(super) fn boxes(mask: &Mask, cost: impl Fn(usize, usize) -> f64) -> Vec<Region> {
    let mut cell = CELL;
    let mut boxes = loop {
        let boxes = boxes_of_cells(mask, cell);
        if boxes.len() <= MOST_BOXES {
            break boxes;
        }
        cell *= 2;
    };
    merge(&mut boxes, |bounds| {
        cost(bounds.bottom - bounds.top + 1, bounds.right - bounds.left + 1)
    });
    boxes.into_iter().map(Bounds::region).collect()
}

/// The work of changing every pixel of a picture.
pub fn everywhere(height: usize, width: usize) -> Vec<Work> {
    cut(Region { top: 0, left: 0, height, width }, TILE, TILE)
        .into_iter()
        .map(|write| Work { read: grown(write, height, width, CONTEXT), write })
        .collect()
}

/// A rectangle by its first and last row and column.
#[derive(Clone, Copy)]
struct Bounds {
    top: usize,
    left: usize,
    bottom: usize,
    right: usize,
}

impl Bounds {
    fn union(self, other: Self) -> Self {
        Self {
            top: self.top.min(other.top),
            left: self.left.min(other.left),
            bottom: self.bottom.max(other.bottom),
            right: self.right.max(other.right),
        }
    }

    fn overlaps(self, other: Self) -> bool {
        self.top <= other.bottom
            && other.top <= self.bottom
            && self.left <= other.right
            && other.left <= self.right
    }

    fn region(self) -> Region {
        Region {
            top: self.top,
            left: self.left,
            height: self.bottom - self.top + 1,
            width: self.right - self.left + 1,
        }
    }
}

/// The bounds of the hidden pixels in every connected set of cells that hold any.
fn boxes_of_cells(mask: &Mask, cell: usize) -> Vec<Bounds> {
    let (rows, columns) = (mask.height().div_ceil(cell), mask.width().div_ceil(cell));
    let mut cells: Vec<Option<Bounds>> = vec![None; rows * columns];
    for y in 0..mask.height() {
        let weights = mask.weights().row(y);
        for (column, part) in weights.chunks(cell).enumerate() {
            let Some(first) = part.iter().position(|&weight| weight > 0) else { continue };
            let last = part.iter().rposition(|&weight| weight > 0).unwrap_or(first);
            let (left, right) = (column * cell + first, column * cell + last);
            let here = Bounds { top: y, left, bottom: y, right };
            let slot = &mut cells[y / cell * columns + column];
            *slot = Some(slot.map_or(here, |bounds| bounds.union(here)));
        }
    }
    let mut boxes = Vec::new();
    let mut open = Vec::new();
    for start in 0..cells.len() {
        let Some(mut bounds) = cells[start].take() else { continue };
        open.push(start);
        while let Some(at) = open.pop() {
            let (row, column) = (at / columns, at % columns);
            for r in row.saturating_sub(1)..(row + 2).min(rows) {
                for c in column.saturating_sub(1)..(column + 2).min(columns) {
                    if let Some(near) = cells[r * columns + c].take() {
                        bounds = bounds.union(near);
                        open.push(r * columns + c);
                    }
                }
            }
        }
        boxes.push(bounds);
    }
    boxes
}

/// Joins boxes that overlap, and boxes that cost less together, until none are left.
fn merge(boxes: &mut Vec<Bounds>, cost: impl Fn(Bounds) -> f64) {
    let mut i = 0;
    while i < boxes.len() {
        let partner = (i + 1..boxes.len()).find(|&j| {
            let together = cost(boxes[i].union(boxes[j]));
            boxes[i].overlaps(boxes[j]) || together <= cost(boxes[i]) + cost(boxes[j])
        });
        if let Some(j) = partner {
            boxes[i] = boxes[i].union(boxes.swap_remove(j));
            // The grown box may now meet one that it was compared with before.
            i = 0;
        } else {
            i += 1;
        }
    }
}

/// Equal tiles of at most so many rows and columns.
pub(super) fn cut(region: Region, most_rows: usize, most_columns: usize) -> Vec<Region> {
    let cut = |length: usize, pieces: usize, index: usize| length * index / pieces;
    let (rows, columns) = (region.height.div_ceil(most_rows), region.width.div_ceil(most_columns));
    let mut tiles = Vec::with_capacity(rows * columns);
    for row in 0..rows {
        for column in 0..columns {
            let top = cut(region.height, rows, row);
            let left = cut(region.width, columns, column);
            tiles.push(Region {
                top: region.top + top,
                left: region.left + left,
                height: cut(region.height, rows, row + 1) - top,
                width: cut(region.width, columns, column + 1) - left,
            });
        }
    }
    tiles
}

/// A region and what lies around it, in an image of so many rows and columns.
pub(super) fn grown(region: Region, height: usize, width: usize, margin: usize) -> Region {
    let (top, left) = (region.top.saturating_sub(margin), region.left.saturating_sub(margin));
    Region {
        top,
        left,
        height: (region.top + region.height + margin).min(height) - top,
        width: (region.left + region.width + margin).min(width) - left,
    }
}

fn touches(mask: &Mask, region: Region) -> bool {
    (region.top..region.top + region.height).any(|y| {
        mask.weights().row(y)[region.left..][..region.width].iter().any(|&weight| weight > 0)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mask(height: usize, width: usize, holes: &[(usize, usize, usize)]) -> Mask {
        let mut hidden = vec![false; height * width];
        for &(top, left, side) in holes {
            for y in top..(top + side).min(height) {
                for x in left..(left + side).min(width) {
                    hidden[y * width + x] = true;
                }
            }
        }
        Mask::from_holes(height, width, hidden)
    }

    fn contains(region: Region, y: usize, x: usize) -> bool {
        (region.top..region.top + region.height).contains(&y)
            && (region.left..region.left + region.width).contains(&x)
    }

    #[test]
    fn a_small_hole_in_a_large_picture_makes_a_small_region() {
        let work = around_holes(&mask(4000, 6000, &[(2000, 3000, 60)]));
        assert_eq!(work.len(), 1);
        assert_eq!(work[0].write, Region { top: 2000, left: 3000, height: 60, width: 60 });
        assert_eq!(work[0].read.height, 60 + 2 * CONTEXT);
    }

    #[test]
    fn distant_holes_are_worked_on_apart_and_near_ones_together() {
        assert_eq!(around_holes(&mask(2000, 2000, &[(10, 10, 20), (1900, 1900, 20)])).len(), 2);
        assert_eq!(around_holes(&mask(2000, 2000, &[(10, 10, 20), (10, 90, 20)])).len(), 1);
    }

    #[test]
    fn ten_thousand_specks_make_few_regions() {
        let specks: Vec<_> =
            (0..100).flat_map(|i| (0..100).map(move |j| (i * 40 + 7, j * 40 + 3, 2))).collect();
        assert!(around_holes(&mask(4000, 4000, &specks)).len() <= MOST_BOXES);
    }

    #[test]
    fn a_picture_that_is_changed_everywhere_is_partitioned() {
        let work = everywhere(1500, 2500);
        let area: usize = work.iter().map(|work| work.write.height * work.write.width).sum();
        assert_eq!(area, 1500 * 2500);
        assert!(work.iter().all(|work| work.write.height <= TILE && work.write.width <= TILE));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_hidden_pixel_is_written_once_with_context(
            holes in prop::collection::vec((0_usize..1300, 0_usize..1300, 1_usize..200), 1..12),
        ) {
            let mask = mask(1300, 1300, &holes);
            let work = around_holes(&mask);
            for y in 0..1300 {
                for x in 0..1300 {
                    if mask.weight(y, x) > 0 {
                        let owners: Vec<_> =
                            work.iter().filter(|work| contains(work.write, y, x)).collect();
                        prop_assert_eq!(owners.len(), 1);
                        let reach = |at: usize| at.saturating_sub(CONTEXT)..=(at + CONTEXT).min(1299);
                        prop_assert!(contains(owners[0].read, *reach(y).start(), *reach(x).start()));
                        prop_assert!(contains(owners[0].read, *reach(y).end(), *reach(x).end()));
                    }
                }
            }
        }
    }
}
