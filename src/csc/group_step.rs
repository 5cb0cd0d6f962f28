//! One step of group shrinkage: similar blocks, transformed together, shrunk and averaged.

use pulp::{Arch, Simd, WithSimd};

use crate::numerics::Threads;

use super::batch::{Position, gather, scatter_add};
use super::canvas::Canvas;
use super::frame::Frame;
use super::line::LANES;
use super::matching::{GROUP, Group, RADIUS, SHIFT, SIDE, StripGroups};
use super::shrink;
use super::strips::{Coverage, Strip, Strips};

/// How the codes of a group are shrunk.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shrinkage<'a> {
    /// Coefficients below their threshold go.
    Hard {
        /// The threshold.
        threshold: f32,
        /// What it is multiplied by for each of the eight coefficients across the group.
        levels: &'a [f32; 8],
    },
    /// Coefficients are scaled by what a pilot picture says of signal and noise there.
    Wiener {
        /// The pilot.
        pilot: &'a Canvas,
        /// Variance of the noise.
        variance: f32,
    },
}

/// A displacement of all groups, in rows and columns, each in `-SHIFT..SHIFT`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift {
    rows: i32,
    columns: i32,
}

impl Shift {
    /// The shift of iteration `index`: steps of 3 and 5 visit rows and columns evenly.
    pub(super) fn of(index: usize) -> Self {
        let centred = |i: usize| (i % (2 * SHIFT)) as i32 - SHIFT as i32;
        Self { rows: centred(3 * index), columns: centred(5 * index + index / (2 * SHIFT)) }
    }

    #[inline(always)]
    fn apply(self, (top, left): Position) -> Position {
        (top.wrapping_add_signed(self.rows), left.wrapping_add_signed(self.columns))
    }
}

/// Room that [`Strips`] need for groups.
pub(super) fn strips(canvas: &Canvas) -> Strips {
    let reach = RADIUS + SHIFT;
    // Twice: the second half holds the codes of a pilot.
    Strips::new(canvas, reach, reach + SIDE, 2 * GROUP * SIDE * SIDE * LANES)
}

/// Collects the shrunk members of all groups, weighted.
pub(super) fn collect<F: Frame>(
    strips: &mut Strips,
    frame: &F,
    canvas: &Canvas,
    groups: &[StripGroups],
    shift: Shift,
    shrinkage: Shrinkage<'_>,
    threads: &Threads,
) -> Coverage {
    const { assert!(F::SIDE == SIDE, "blocks are matched and shrunk at one size") };
    strips.collect(threads, Coverage::Summed, |rows, strip| {
        let groups = &groups[rows.start / super::strips::STRIP].groups;
        Arch::new().dispatch(Groups { frame, canvas, groups, shift, shrinkage, strip });
    });
    Coverage::Summed
}

struct Groups<'a, F> {
    frame: &'a F,
    canvas: &'a Canvas,
    groups: &'a [Group],
    shift: Shift,
    shrinkage: Shrinkage<'a>,
    strip: &'a mut Strip,
}

impl<F: Frame> WithSimd for Groups<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = self.canvas.plane.width();
        let Strip { batch, sums, weights, first_row, tally } = self.strip;
        let (codes, pilot_codes) = batch.split_at_mut(GROUP * SIDE * SIDE * LANES);
        for lanes in self.groups.chunks(LANES) {
            let mut positions = [[(0, 0); LANES]; GROUP];
            for lane in 0..LANES {
                // Lanes without a group repeat the last one and are not added up.
                let group = &lanes[lane.min(lanes.len() - 1)];
                for member in 0..GROUP {
                    positions[member][lane] = self.shift.apply(group[member]);
                }
            }
            let mut scales = [1.0; LANES];
            analyse(simd, self.frame, self.canvas, codes, &positions);
            match self.shrinkage {
                Shrinkage::Hard { threshold, levels } => {
                    if let Some(tally) = tally {
                        tally.count_group(simd, codes, lanes.len(), threshold, levels);
                    }
                    shrink::hard_across_group(simd, codes, threshold, levels);
                }
                Shrinkage::Wiener { pilot, variance } => {
                    analyse(simd, self.frame, pilot, pilot_codes, &positions);
                    let mut energy = [0.0; LANES];
                    shrink::wiener_across_group(simd, codes, pilot_codes, variance, &mut energy);
                    for lane in 0..LANES {
                        scales[lane] = 1.0 / energy[lane].max(1.0);
                    }
                }
            }
            for (member, positions) in positions.iter().enumerate() {
                let size = SIDE * SIDE * LANES;
                let codes = &mut codes[member * size..(member + 1) * size];
                self.frame.synthesise(simd, codes);
                let positions = &positions[..lanes.len()];
                scatter_add(codes, SIDE, sums, width, *first_row, positions, &scales);
                add_weights(weights, width, *first_row, positions, &scales);
            }
        }
    }
}

/// The codes of all members, one batch after another.
#[inline(always)]
fn analyse<F: Frame, S: Simd>(
    simd: S,
    frame: &F,
    canvas: &Canvas,
    codes: &mut [f32],
    positions: &[[Position; LANES]; GROUP],
) {
    let (image, width) = (canvas.plane.as_slice(), canvas.plane.width());
    for member in 0..GROUP {
        let size = SIDE * SIDE * LANES;
        let codes = &mut codes[member * size..(member + 1) * size];
        gather(codes, SIDE, image, width, &positions[member]);
        frame.analyse(simd, codes);
    }
}

#[inline(always)]
fn add_weights(
    weights: &mut [f32],
    width: usize,
    first_row: usize,
    positions: &[Position],
    scales: &[f32; LANES],
) {
    for (lane, &(top, left)) in positions.iter().enumerate() {
        for y in 0..SIDE {
            let row = top as usize + y - first_row;
            for weight in &mut weights[row * width + left as usize..][..SIDE] {
                *weight += scales[lane];
            }
        }
    }
}
