//! Sums of overlapping blocks, gathered in strips of rows side by side.
//!
//! Every strip owns the blocks that start in its rows and adds them up in a buffer of its own,
//! which reaches into its neighbours' rows. The buffers are then added in the order of the
//! strips. Strips have the same height whatever the number of threads, so sums round the same.

use pulp::{Arch, Simd, WithSimd};

use crate::numerics::{CodeSums, Plane, Threads};

use super::canvas::Canvas;
use super::tally::Tally;

/// Rows a strip owns.
pub(super) const STRIP: usize = 64;

/// The sums of one strip; row 0 of the buffers is row `first_row` of the canvas.
pub(super) struct Strip {
    pub(super) first_row: usize,
    /// Weighted samples.
    pub(super) sums: Vec<f32>,
    /// Weights.
    pub(super) weights: Vec<f32>,
    /// Room for a batch of blocks, or a group of batches.
    pub(super) batch: Vec<f32>,
    /// What its codes are like, if somebody wants to know.
    pub(super) tally: Option<Tally>,
}

/// How much the blocks over a sample weigh together.
#[derive(Clone, Copy, Debug)]
pub(super) enum Coverage {
    /// The same for every sample; the strips hold no weights.
    Uniform(f32),
    /// What the strips added up.
    Summed,
}

/// The strips of a canvas.
pub(super) struct Strips {
    strips: Vec<Strip>,
    width: usize,
}

impl Strips {
    /// Buffers for a canvas whose blocks reach at most `above` rows above the strip that owns
    /// them and `below` rows beyond its end.
    pub(super) fn new(canvas: &Canvas, above: usize, below: usize, batch: usize) -> Self {
        let (height, width) = (canvas.plane.height(), canvas.plane.width());
        let strips = (0..height.div_ceil(STRIP))
            .map(|index| {
                let first_row = (index * STRIP).saturating_sub(above);
                let rows = ((index + 1) * STRIP + below).min(height) - first_row;
                Strip {
                    first_row,
                    sums: vec![0.0; rows * width],
                    weights: vec![0.0; rows * width],
                    batch: vec![0.0; batch],
                    tally: None,
                }
            })
            .collect();
        Self { strips, width }
    }

    /// Counts codes from now on, if somebody wants to know.
    pub(super) fn counting(mut self, wanted: bool) -> Self {
        for strip in &mut self.strips {
            strip.tally = wanted.then(Tally::default);
        }
        self
    }

    /// What the codes were like since this was asked last; nothing if they are not counted.
    pub(super) fn take_sums(&mut self) -> CodeSums {
        let mut sums = CodeSums::default();
        for tally in self.strips.iter_mut().filter_map(|strip| strip.tally.as_mut()) {
            sums.add(&std::mem::take(&mut tally.sums));
        }
        sums
    }

    /// Adds to `squares` the squared differences between the inside of `canvas` and the weighted
    /// means of the blocks over it; nothing where no block lies.
    pub(super) fn add_unexplained(
        &self,
        canvas: &Canvas,
        coverage: Coverage,
        squares: &mut Plane<f32>,
    ) {
        let (mut sums, mut weights) = (vec![0.0; self.width], vec![0.0; self.width]);
        for inside in 0..squares.height() {
            let y = inside + canvas.margin;
            self.add_row(y, y / STRIP, coverage, &mut sums, &mut weights);
            let samples = &canvas.plane.row(y)[canvas.margin..];
            let blocks = sums[canvas.margin..].iter().zip(&weights[canvas.margin..]);
            for ((square, sample), (sum, weight)) in
                squares.row_mut(inside).iter_mut().zip(samples).zip(blocks)
            {
                // Uniform weights are given where no block lies, and the sum is zero there.
                if *weight > 0.0 && *sum != 0.0 {
                    let difference = sum / weight - sample;
                    *square += difference * difference;
                }
            }
        }
    }

    /// Clears every strip and lets `work` add the blocks that start in its rows.
    pub(super) fn collect(
        &mut self,
        threads: &Threads,
        coverage: Coverage,
        work: impl Fn(std::ops::Range<usize>, &mut Strip) + Send + Sync,
    ) {
        threads.for_each(&mut self.strips, |index, strip| {
            strip.sums.fill(0.0);
            if matches!(coverage, Coverage::Summed) {
                strip.weights.fill(0.0);
            }
            work(index * STRIP..(index + 1) * STRIP, strip);
        });
    }

    /// Moves the samples of `canvas` where `free` towards the weighted mean of the blocks over
    /// them, `relaxation` times the way; the margin is mirrored again.
    ///
    /// Returns the sum of the squared moves.
    pub(super) fn update(
        &self,
        canvas: &mut Canvas,
        free: &Plane<bool>,
        coverage: Coverage,
        relaxation: f32,
        threads: &Threads,
    ) -> f64 {
        struct Band<'a> {
            rows: &'a mut [f32],
            moved: f64,
            sums: Vec<f32>,
            weights: Vec<f32>,
        }
        let (width, margin) = (self.width, canvas.margin);
        let mut bands: Vec<Band<'_>> = canvas
            .plane
            .as_mut_slice()
            .chunks_mut(STRIP * width)
            .map(|rows| Band {
                rows,
                moved: 0.0,
                sums: vec![0.0; width],
                weights: vec![0.0; width],
            })
            .collect();
        threads.for_each(&mut bands, |index, band| {
            for (offset, row) in band.rows.chunks_exact_mut(width).enumerate() {
                let y = index * STRIP + offset;
                let Some(inside) = y.checked_sub(margin).filter(|&y| y < free.height()) else {
                    continue;
                };
                self.add_row(y, index, coverage, &mut band.sums, &mut band.weights);
                let free = free.row(inside);
                band.moved += Arch::new().dispatch(MoveRow {
                    samples: &mut row[margin..][..free.len()],
                    free,
                    sums: &mut band.sums[margin..],
                    weights: &band.weights[margin..],
                    relaxation,
                });
            }
        });
        let moved = bands.iter().map(|band| band.moved).sum();
        canvas.mirror_margin();
        moved
    }

    /// Adds up row `y`, which strip `owner` owns, over the strips that reach it.
    fn add_row(
        &self,
        y: usize,
        owner: usize,
        coverage: Coverage,
        sums: &mut [f32],
        weights: &mut [f32],
    ) {
        sums.fill(0.0);
        weights.fill(if let Coverage::Uniform(weight) = coverage { weight } else { 0.0 });
        let near = owner.saturating_sub(1)..(owner + 2).min(self.strips.len());
        for strip in &self.strips[near] {
            let Some(row) = y.checked_sub(strip.first_row) else { continue };
            let Some(from) = strip.sums.get(row * self.width..(row + 1) * self.width) else {
                continue;
            };
            for (sum, &part) in sums.iter_mut().zip(from) {
                *sum += part;
            }
            if matches!(coverage, Coverage::Summed) {
                for (weight, &part) in weights.iter_mut().zip(&strip.weights[row * self.width..]) {
                    *weight += part;
                }
            }
        }
    }
}

/// Moves the free samples of a row towards their means; gives the sum of the squared moves.
struct MoveRow<'a> {
    samples: &'a mut [f32],
    free: &'a [bool],
    /// Holds the moves afterwards.
    sums: &'a mut [f32],
    weights: &'a [f32],
    relaxation: f32,
}

impl WithSimd for MoveRow<'_> {
    type Output = f64;

    // A loop without branches and a sum in several parts: the compiler makes vectors of both.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let Self { samples, free, sums, weights, relaxation } = self;
        for (((sample, &free), sum), &weight) in
            samples.iter_mut().zip(free).zip(sums.iter_mut()).zip(weights)
        {
            // Where no block lies the sum is zero, and so must be the move.
            let moves = f32::from(u8::from(free && weight > 0.0));
            let mean = *sum / weight.max(f32::MIN_POSITIVE);
            *sum = moves * relaxation * (mean - *sample);
            *sample += *sum;
        }
        let mut squares = [0.0_f64; 8];
        for steps in sums[..free.len()].chunks(squares.len()) {
            for (square, &step) in squares.iter_mut().zip(steps) {
                *square += f64::from(step) * f64::from(step);
            }
        }
        squares.iter().sum()
    }
}
