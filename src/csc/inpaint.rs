//! Finds hidden samples by alternating between what is known and what is sparse.
//!
//! With `m` the known samples, `s` the signal, `W` an orthonormal transform of blocks and `H` a
//! threshold that falls from iteration to iteration,
//!
//! ```text
//! x ← m ⊙ s + (1 − m) ⊙ mean over blocks of  Wᵀ H(W P x)
//! ```
//!
//! Guleryuz (2006), "Nonlinear approximation based image recovery using adaptive sparse
//! reconstructions and iterated denoising", IEEE Trans. Image Processing 15, for single blocks;
//! Danielyan, Katkovnik and Egiazarian (2012), "BM3D frames and variational image deblurring",
//! IEEE Trans. Image Processing 21, for groups of similar blocks as a frame.

use crate::fillers::harmonic;
use crate::numerics::{Control, Plane, Progress, Stopped, Threads};

use super::canvas::Canvas;
use super::error::CscError;
use super::frame::Frame;
use super::frame_step::{self, Grid};
use super::group_step::{self, Shift, Shrinkage};
use super::holes::Holes;
use super::matching::{SIDE, match_blocks};
use super::params::{InpaintParams, Start};
use super::shrink::LEVELS;
use super::strips::{STRIP, Strips};

/// Mirrored samples around the image: the side of the largest block.
pub(super) const MARGIN: usize = 16;

/// What the solver did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SolveInfo {
    /// Iterations done.
    pub iterations: usize,
    /// Root-mean-square change of the unknowns in the last iteration, in units of the signal.
    pub residual: f32,
}

/// Replaces the hidden samples of all planes; known samples keep every bit.
///
/// The first plane leads: similar blocks are found in it and used for the others, so it should be
/// the one with the most detail.
///
/// # Shapes
/// All planes and `hidden`: `(height, width)`.
///
/// # Units
/// Samples in `[0, 1]`; the result may leave that range by little.
///
/// # Errors
/// [`CscError::ShapeMismatch`], [`CscError::NothingKnown`] and [`CscError::NonFinite`] for bad
/// input, [`CscError::Stopped`] when `control` says so.
///
/// # Cost
/// Per iteration and plane, for every block that touches a hole, two transforms of the block in
/// the frame phase and sixteen in the group phase, where blocks are an eighth as dense.
pub fn inpaint<F: Frame, G: Frame>(
    planes: &mut [Plane<f32>],
    hidden: &Plane<bool>,
    frame: &F,
    group_frame: &G,
    params: &InpaintParams,
    threads: &Threads,
    control: &dyn Control,
) -> Result<SolveInfo, CscError> {
    check(planes, hidden)?;
    let unknowns = hidden.as_slice().iter().filter(|&&h| h).count() * planes.len();
    if unknowns == 0 {
        return Ok(SolveInfo::default());
    }
    if params.start == Start::Harmonic {
        for plane in &mut *planes {
            harmonic::fill(plane, hidden);
        }
    }
    let mut canvases: Vec<Canvas> = planes.iter().map(|plane| Canvas::new(plane, MARGIN)).collect();
    let holes = Holes::new(hidden, MARGIN);
    let mut info = SolveInfo::default();
    let mut finish = |moved: f64, canvases: &[Canvas]| {
        info.iterations += 1;
        info.residual = (moved / unknowns as f64).sqrt() as f32;
        let progress = Progress {
            iteration: info.iterations,
            total: params.iterations(),
            residual: info.residual,
        };
        control.report(progress)?;
        if control.wants_sight(progress) {
            control.show(canvases.iter().map(Canvas::inside).collect());
        }
        Ok::<_, Stopped>(())
    };

    let counts = control.wants_codes();
    let is_last = |done: usize| counts && done + 1 == params.iterations();
    let mut unexplained = counts.then(|| Plane::filled(hidden.height(), hidden.width(), 0.0));
    let mut strips = frame_step::strips::<F>(&canvases[0]).counting(counts);
    for index in 0..params.frame.iterations {
        let threshold = params.frame.threshold(index);
        let grid = Grid::shifted(params.stride, index);
        let mut moved = 0.0;
        for canvas in &mut canvases {
            let holes = Some(&holes);
            let coverage =
                frame_step::collect(&mut strips, frame, canvas, holes, grid, threshold, threads);
            if let Some(squares) = unexplained.as_mut().filter(|_| is_last(index)) {
                strips.add_unexplained(canvas, coverage, squares);
            }
            moved += strips.update(canvas, hidden, coverage, params.relaxation, threads);
        }
        if counts {
            control.codes(threshold, strips.take_sums());
        }
        finish(moved, &canvases)?;
    }

    let mut strips: Strips = group_step::strips(&canvases[0]).counting(counts);
    let mut groups = Vec::new();
    for index in 0..params.group.iterations {
        if index % params.rematch == 0 {
            groups = match_blocks(&canvases[0], Some(&holes), SIDE, STRIP, threads);
        }
        let threshold = params.group.threshold(index);
        let shrinkage = Shrinkage::Hard { threshold, levels: &LEVELS };
        let shift = Shift::of(index);
        let mut moved = 0.0;
        for canvas in &mut canvases {
            let coverage = group_step::collect(
                &mut strips,
                group_frame,
                canvas,
                &groups,
                shift,
                shrinkage,
                threads,
            );
            if let Some(squares) =
                unexplained.as_mut().filter(|_| is_last(params.frame.iterations + index))
            {
                strips.add_unexplained(canvas, coverage, squares);
            }
            moved += strips.update(canvas, hidden, coverage, params.relaxation, threads);
        }
        if counts {
            control.codes(threshold, strips.take_sums());
        }
        finish(moved, &canvases)?;
    }
    if let Some(squares) = unexplained {
        control.unexplained(squares.map(|square| (square / canvases.len() as f32).sqrt()));
    }
    for (plane, canvas) in planes.iter_mut().zip(&canvases) {
        canvas.copy_inside(plane);
    }
    Ok(info)
}

fn check(planes: &[Plane<f32>], hidden: &Plane<bool>) -> Result<(), CscError> {
    let expected = (hidden.height(), hidden.width());
    for plane in planes {
        let actual = (plane.height(), plane.width());
        if actual != expected {
            return Err(CscError::ShapeMismatch { expected, actual });
        }
        let samples = plane.as_slice().iter().zip(hidden.as_slice());
        if samples.clone().any(|(sample, &hidden)| !hidden && !sample.is_finite()) {
            return Err(CscError::NonFinite);
        }
    }
    if planes.is_empty() {
        return Err(CscError::ShapeMismatch { expected, actual: (0, 0) });
    }
    if hidden.as_slice().iter().all(|&hidden| hidden) {
        return Err(CscError::NothingKnown);
    }
    Ok(())
}
