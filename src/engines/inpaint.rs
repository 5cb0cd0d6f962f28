//! Fills the holes of a picture, place by place.

use crate::csc::{self, Dct8, Dct16, InpaintParams, SolveInfo};
use crate::imaging::{Mask, Raster, Region};
use crate::numerics::{Control, Plane, Progress, Stopped, Threads};

use super::color;
use super::error::EngineError;
use super::regions::{self, Work};

/// What was done to a picture, over all regions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    /// Iterations done in each region.
    pub iterations: usize,
    /// Regions that were worked on.
    pub regions: usize,
    /// Root-mean-square change of the unknowns in the last iteration, of full range: the largest.
    pub residual: f32,
}

impl Summary {
    pub(super) fn include(&mut self, info: SolveInfo) {
        self.iterations = self.iterations.max(info.iterations);
        self.residual = self.residual.max(info.residual);
        self.regions += 1;
    }
}

/// Replaces the pixels of `raster` where `mask` has weight; the others keep every bit, and so does
/// the alpha channel.
///
/// # Errors
/// [`EngineError::NothingKnown`] if no pixel is known, [`EngineError::Cancelled`] when `control`
/// says so.
pub fn inpaint(
    raster: &mut Raster,
    mask: &Mask,
    params: &InpaintParams,
    threads: &Threads,
    control: &dyn Control,
) -> Result<Summary, EngineError> {
    if mask.is_full() {
        return Err(EngineError::NothingKnown);
    }
    let work = regions::around_holes(mask);
    let mut summary = Summary::default();
    for (index, &Work { read, write }) in work.iter().enumerate() {
        let hidden = Plane::from_fn(read.height, read.width, |y, x| {
            mask.weight(read.top + y, read.left + x) > 0
        });
        let control = Part { control, index, count: work.len() };
        let planes = if hidden.as_slice().iter().all(|&hidden| hidden) {
            far_from_known(raster, mask, read)
        } else {
            let mut planes = color::read(raster, read);
            let info =
                csc::inpaint(&mut planes, &hidden, &Dct16, &Dct8, params, threads, &control)?;
            summary.include(info);
            planes
        };
        write_back(raster, planes, read, |y, x| {
            let inside = (write.top..write.top + write.height).contains(&y)
                && (write.left..write.left + write.width).contains(&x);
            if inside { mask.weight(y, x) } else { 0 }
        });
    }
    Ok(summary)
}

/// Turns the planes of a region into colour and writes them where there is weight.
pub(super) fn write_back(
    raster: &mut Raster,
    mut planes: Vec<Plane<f32>>,
    region: Region,
    weight: impl Fn(usize, usize) -> u8,
) {
    color::to_channels(&mut planes);
    for (channel, plane) in planes.iter().enumerate() {
        raster.write_where(channel, region, plane, &weight);
    }
}

/// A region in the midst of a hole larger than a tile, where no known pixel is near: the smooth
/// picture that the known pixels of the whole image suggest, found on a coarse copy.
fn far_from_known(raster: &Raster, mask: &Mask, region: Region) -> Vec<Plane<f32>> {
    const COARSE: usize = 32;
    let (rows, columns) = (raster.height().div_ceil(COARSE), raster.width().div_ceil(COARSE));
    let cell = |row: usize, column: usize| Region {
        top: row * COARSE,
        left: column * COARSE,
        height: COARSE.min(raster.height() - row * COARSE),
        width: COARSE.min(raster.width() - column * COARSE),
    };
    let known = |cell: Region| {
        (cell.top..cell.top + cell.height).flat_map(move |y| {
            (cell.left..cell.left + cell.width)
                .filter(move |&x| mask.weight(y, x) == 0)
                .map(move |x| (y, x))
        })
    };
    let hidden =
        Plane::from_fn(rows, columns, |row, column| known(cell(row, column)).next().is_none());
    let channels = color::read(raster, Region { top: 0, left: 0, height: 1, width: 1 }).len();
    (0..channels)
        .map(|channel| {
            let mut coarse = Plane::from_fn(rows, columns, |row, column| {
                let cell = cell(row, column);
                let plane = &color::read(raster, cell)[channel];
                let (mut sum, mut count) = (0.0_f32, 0.0_f32);
                for (y, x) in known(cell) {
                    sum += plane.at(y - cell.top, x - cell.left);
                    count += 1.0;
                }
                if count > 0.0 { sum / count } else { 0.0 }
            });
            csc::harmonic::fill(&mut coarse, &hidden);
            Plane::from_fn(region.height, region.width, |y, x| {
                interpolate(&coarse, region.top + y, region.left + x, COARSE)
            })
        })
        .collect()
}

/// Bilinear interpolation between the centres of cells.
fn interpolate(coarse: &Plane<f32>, y: usize, x: usize, cell: usize) -> f32 {
    let along = |at: usize, count: usize| {
        let position = ((at as f32 + 0.5) / cell as f32 - 0.5).clamp(0.0, (count - 1) as f32);
        let first = (at.saturating_sub(cell / 2) / cell).min(count - 1);
        (first, (first + 1).min(count - 1), (position - first as f32).clamp(0.0, 1.0))
    };
    let (y0, y1, down) = along(y, coarse.height());
    let (x0, x1, right) = along(x, coarse.width());
    let row = |y: usize| (1.0 - right) * coarse.at(y, x0) + right * coarse.at(y, x1);
    (1.0 - down) * row(y0) + down * row(y1)
}

/// Reports the progress of one piece of work as part of the whole.
pub(super) struct Part<'a> {
    pub(super) control: &'a dyn Control,
    pub(super) index: usize,
    pub(super) count: usize,
}

impl Control for Part<'_> {
    fn report(&self, progress: Progress) -> Result<(), Stopped> {
        self.control.report(Progress {
            iteration: self.index * progress.total + progress.iteration,
            total: self.count * progress.total,
            residual: progress.residual,
        })
    }
}
