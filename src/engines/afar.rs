//! A first idea of what lies deep inside holes that are larger than a tile.
//!
//! A tile may lie far from every known pixel on one side, or on all. A coarse copy of the whole
//! picture knows what stands across the hole; its cells that are hidden altogether are anchors
//! for the smooth start of the tiles.

use crate::fillers::harmonic;
use crate::imaging::{Mask, Raster, Region};
use crate::numerics::Plane;

use super::color;
use super::regions::{TILE, Work};

/// Side of a cell of the coarse copy, in pixels.
const CELL: usize = 32;

/// The coarse copy: means of the known pixels, smoothly continued into hidden cells.
pub(super) struct Afar {
    planes: Vec<Plane<f32>>,
    hidden: Plane<bool>,
}

impl Afar {
    /// Looks at the whole picture, if there is a hole that was cut into tiles.
    pub(super) fn look(raster: &Raster, mask: &Mask, work: &[Work]) -> Option<Self> {
        let large = |region: Region| region.height > TILE / 2 || region.width > TILE / 2;
        if work.len() < 2 || !work.iter().any(|work| large(work.write)) {
            return None;
        }
        let (rows, columns) = (raster.height().div_ceil(CELL), raster.width().div_ceil(CELL));
        let mut hidden = Plane::filled(rows, columns, true);
        let mut planes: Vec<Plane<f32>> = Vec::new();
        for row in 0..rows {
            for column in 0..columns {
                let (top, left) = (row * CELL, column * CELL);
                let height = CELL.min(raster.height() - top);
                let width = CELL.min(raster.width() - left);
                let cell = color::read(raster, Region { top, left, height, width });
                planes.resize_with(cell.len(), || Plane::filled(rows, columns, 0.0));
                let known = |y: usize, x: usize| mask.weight(top + y, left + x) == 0;
                for (plane, cell) in planes.iter_mut().zip(&cell) {
                    if let Some(mean) = mean_where(cell, known) {
                        plane.row_mut(row)[column] = mean;
                        hidden.row_mut(row)[column] = false;
                    }
                }
            }
        }
        hidden.as_slice().contains(&true).then(|| {
            for plane in &mut planes {
                harmonic::fill(plane, &hidden);
            }
            Self { planes, hidden }
        })
    }

    /// Fills the hidden samples of a region smoothly between its known samples and the anchors in
    /// it. Does nothing and says `false` if no anchor lies in the region.
    pub(super) fn fill(
        &self,
        planes: &mut [Plane<f32>],
        hidden: &Plane<bool>,
        region: Region,
    ) -> bool {
        let mut unknown = hidden.clone();
        let mut anchors = Vec::new();
        for row in 0..self.hidden.height() {
            for column in 0..self.hidden.width() {
                let y = (row * CELL + CELL / 2).checked_sub(region.top);
                let x = (column * CELL + CELL / 2).checked_sub(region.left);
                let (Some(y), Some(x)) = (y, x) else { continue };
                if self.hidden.at(row, column) && y < region.height && x < region.width {
                    unknown.row_mut(y)[x] = false;
                    anchors.push((y, x, row, column));
                }
            }
        }
        for (plane, coarse) in planes.iter_mut().zip(&self.planes) {
            for &(y, x, row, column) in &anchors {
                plane.row_mut(y)[x] = coarse.at(row, column);
            }
            if !anchors.is_empty() {
                harmonic::fill(plane, &unknown);
            }
        }
        !anchors.is_empty()
    }
}

fn mean_where(plane: &Plane<f32>, known: impl Fn(usize, usize) -> bool) -> Option<f32> {
    let (mut sum, mut count) = (0.0_f32, 0_u16);
    for y in 0..plane.height() {
        for x in 0..plane.width() {
            if known(y, x) {
                sum += plane.at(y, x);
                count += 1;
            }
        }
    }
    (count > 0).then(|| sum / f32::from(count))
}
