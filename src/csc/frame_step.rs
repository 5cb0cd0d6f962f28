//! One step of frame thresholding: every block on one shifted grid, shrunk and averaged.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use crate::numerics::Threads;

use super::batch::{Position, gather, scatter_add};
use super::canvas::Canvas;
use super::frame::Frame;
use super::holes::Holes;
use super::line::LANES;
use super::shrink::{self, Firm};
use super::strips::{Coverage, Strip, Strips};

/// A grid of blocks: they start at (`top + i · stride`, `left + j · stride`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    pub(super) stride: usize,
    pub(super) top: usize,
    pub(super) left: usize,
}

impl Grid {
    /// The grid of iteration `index`: every shift comes once in `stride²` iterations.
    pub(super) fn shifted(stride: usize, index: usize) -> Self {
        Self { stride, top: index % stride, left: index / stride % stride }
    }
}

/// Room that [`Strips`] need for blocks of this frame.
pub(super) fn strips<F: Frame>(canvas: &Canvas) -> Strips {
    Strips::new(canvas, 0, F::SIDE, F::SIDE * F::SIDE * LANES)
}

/// Collects `Wᵀ H(W x)` of the blocks on `grid` that touch a hole, or of all of them.
pub(super) fn collect<F: Frame>(
    strips: &mut Strips,
    frame: &F,
    canvas: &Canvas,
    holes: Option<&Holes>,
    grid: Grid,
    threshold: f32,
    threads: &Threads,
) -> Coverage {
    let overlap = (F::SIDE / grid.stride) as f32;
    let coverage = Coverage::Uniform(overlap * overlap);
    strips.collect(threads, coverage, |rows, strip| {
        Arch::new().dispatch(Blocks { frame, canvas, holes, grid, threshold, rows, strip });
    });
    coverage
}

struct Blocks<'a, F> {
    frame: &'a F,
    canvas: &'a Canvas,
    holes: Option<&'a Holes>,
    grid: Grid,
    threshold: f32,
    rows: Range<usize>,
    strip: &'a mut Strip,
}

impl<F: Frame> WithSimd for Blocks<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Grid { stride, top: first, left } = self.grid;
        let end = self.rows.end.min((self.canvas.plane.height() + 1).saturating_sub(F::SIDE));
        let last = self.canvas.plane.width() - F::SIDE;
        let mut positions = [(0, 0); LANES];
        let mut count = 0;
        let skipped = self.rows.start.saturating_sub(first).div_ceil(stride);
        let mut top = first + skipped * stride;
        while top < end {
            let mut x = left;
            while x <= last {
                if self.holes.is_none_or(|holes| holes.touch(top, x, F::SIDE)) {
                    positions[count] = (top as u32, x as u32);
                    count += 1;
                    if count == LANES {
                        self.shrink(simd, &positions, count);
                        count = 0;
                    }
                }
                x += stride;
            }
            top += stride;
        }
        if count > 0 {
            self.shrink(simd, &positions, count);
        }
    }
}

impl<F: Frame> Blocks<'_, F> {
    #[inline(always)]
    fn shrink<S: Simd>(&mut self, simd: S, positions: &[Position; LANES], count: usize) {
        let width = self.canvas.plane.width();
        let Strip { batch, sums, first_row, tally, .. } = &mut *self.strip;
        gather(batch, F::SIDE, self.canvas.plane.as_slice(), width, positions);
        self.frame.analyse(simd, batch);
        if let Some(tally) = tally {
            tally.note(batch);
        }
        shrink::firm(simd, batch, Firm::at(self.threshold));
        if let Some(tally) = tally {
            tally.count_batch(batch, count, self.threshold);
        }
        self.frame.synthesise(simd, batch);
        let positions = &positions[..count];
        scatter_add(batch, F::SIDE, sums, width, *first_row, positions, &[1.0; LANES]);
    }
}
