//! Removes noise: a picture is re-synthesised from its sparse code.
//!
//! Two passes as in Dabov et al. (2007), "Image denoising by sparse 3-D transform-domain
//! collaborative filtering", IEEE Trans. Image Processing 16: hard thresholds give a pilot, whose
//! codes then weigh the noisy ones (empirical Wiener filter). The pilot is refined by groups that
//! were matched in a picture already smoothed by single blocks.

use crate::numerics::{Control, Plane, Progress, Threads};

use super::canvas::Canvas;
use super::error::CscError;
use super::frame::Frame;
use super::frame_step::{self, Grid};
use super::group_step::{self, Shift, Shrinkage};
use super::inpaint::{MARGIN, SolveInfo};
use super::matching::{SIDE, match_blocks};
use super::shrink::EVEN;
use super::strips::{Coverage, STRIP, Strips};

/// Thresholds in standard deviations of the noise: for single blocks and for groups.
const FRAME_THRESHOLD: f32 = 3.0;
const GROUP_THRESHOLD: f32 = 3.1;

/// Shifts of the groups that are averaged; the default number of iterations.
pub const DEFAULT_ROUNDS: usize = 8;

/// Removes white noise of standard deviation `sigma` from all planes.
///
/// The first plane leads, as in [`inpaint`](super::inpaint()). `rounds` shifts of the groups are
/// averaged in either pass: more are smoother and cost more.
///
/// # Shapes
/// All planes: `(height, width)`.
///
/// # Units
/// Samples in `[0, 1]`, `sigmas` (one a plane) in the same units.
///
/// # Errors
/// [`CscError::ShapeMismatch`] and [`CscError::NonFinite`] for bad input, [`CscError::Stopped`]
/// when `control` says so.
pub fn denoise<F: Frame>(
    planes: &mut [Plane<f32>],
    sigmas: &[f32],
    frame: &F,
    rounds: usize,
    threads: &Threads,
    control: &dyn Control,
) -> Result<SolveInfo, CscError> {
    let Some(first) = planes.first() else { return Ok(SolveInfo::default()) };
    let shape = (first.height(), first.width());
    for plane in &*planes {
        let actual = (plane.height(), plane.width());
        if actual != shape {
            return Err(CscError::ShapeMismatch { expected: shape, actual });
        }
        if plane.as_slice().iter().any(|sample| !sample.is_finite()) {
            return Err(CscError::NonFinite);
        }
    }
    let rounds = rounds.max(1);
    let total = 1 + 2 * rounds;
    let mut info = SolveInfo::default();
    let mut finish = |moved: f64| {
        info.iterations += 1;
        info.residual = (moved / (shape.0 * shape.1 * sigmas.len()) as f64).sqrt() as f32;
        control.report(Progress { iteration: info.iterations, total, residual: info.residual })
    };
    let everywhere = Plane::filled(shape.0, shape.1, true);
    let noisy: Vec<Canvas> = planes.iter().map(|plane| Canvas::new(plane, MARGIN)).collect();

    let counts = control.wants_codes();
    let leading = sigmas.first().copied().unwrap_or_default();
    let mut pilots = noisy.clone();
    let mut strips = frame_step::strips::<F>(&noisy[0]).counting(counts);
    let mut moved = 0.0;
    for (pilot, &sigma) in pilots.iter_mut().zip(sigmas) {
        let mut mean = Mean::new(pilot);
        for index in 0..4 {
            // A quincunx of shifts: four averages of two-pixel grids.
            let grid = Grid { stride: F::SIDE / 2, top: index, left: (2 * index) % 4 };
            let threshold = FRAME_THRESHOLD * sigma;
            let coverage =
                frame_step::collect(&mut strips, frame, pilot, None, grid, threshold, threads);
            mean.add(&strips, pilot, &everywhere, coverage, threads);
        }
        moved += mean.finish(pilot);
    }
    if counts {
        control.codes(FRAME_THRESHOLD * leading, strips.take_sums());
    }
    finish(moved)?;

    let mut strips = group_step::strips(&noisy[0]).counting(counts);
    for pass in [Pass::Hard, Pass::Wiener] {
        let groups = match_blocks(&pilots[0], None, SIDE, STRIP, threads);
        let mut means: Vec<Mean> = noisy.iter().map(Mean::new).collect();
        for round in 0..rounds {
            let mut moved = 0.0;
            for (((noisy, pilot), mean), &sigma) in
                noisy.iter().zip(&pilots).zip(&mut means).zip(sigmas)
            {
                let shrinkage = match pass {
                    Pass::Hard => {
                        Shrinkage::Hard { threshold: GROUP_THRESHOLD * sigma, levels: &EVEN }
                    }
                    Pass::Wiener => Shrinkage::Wiener { pilot, variance: sigma * sigma },
                };
                let shift = Shift::of(round);
                let coverage = group_step::collect(
                    &mut strips,
                    frame,
                    noisy,
                    &groups,
                    shift,
                    shrinkage,
                    threads,
                );
                moved += mean.add(&strips, noisy, &everywhere, coverage, threads);
            }
            if counts {
                // The Wiener filter has no threshold, and takes no code away.
                let threshold = if let Pass::Hard = pass { GROUP_THRESHOLD * leading } else { 0.0 };
                control.codes(threshold, strips.take_sums());
            }
            finish(moved)?;
        }
        for (pilot, mean) in pilots.iter_mut().zip(means) {
            mean.finish(pilot);
        }
    }
    if counts {
        control.unexplained(distance(planes, &pilots));
    }
    for (plane, pilot) in planes.iter_mut().zip(&pilots) {
        pilot.copy_inside(plane);
    }
    Ok(info)
}

/// The root mean square over the planes of what was taken out of them.
fn distance(noisy: &[Plane<f32>], clean: &[Canvas]) -> Plane<f32> {
    let clean: Vec<_> = clean.iter().map(Canvas::inside).collect();
    Plane::from_fn(noisy[0].height(), noisy[0].width(), |y, x| {
        let pairs = noisy.iter().zip(&clean).map(|(noisy, clean)| noisy.at(y, x) - clean.at(y, x));
        (pairs.map(|taken| taken * taken).sum::<f32>() / noisy.len() as f32).sqrt()
    })
}

#[derive(Clone, Copy)]
enum Pass {
    Hard,
    Wiener,
}

/// The mean of several estimates of one plane.
struct Mean {
    sum: Vec<f32>,
    estimate: Canvas,
    count: f32,
}

impl Mean {
    fn new(like: &Canvas) -> Self {
        Self { sum: vec![0.0; like.plane.as_slice().len()], estimate: like.clone(), count: 0.0 }
    }

    /// Takes in the estimate that lies in `strips`; returns its squared distance from `noisy`.
    fn add(
        &mut self,
        strips: &Strips,
        noisy: &Canvas,
        everywhere: &Plane<bool>,
        coverage: Coverage,
        threads: &Threads,
    ) -> f64 {
        self.estimate.clone_from(noisy);
        let moved = strips.update(&mut self.estimate, everywhere, coverage, 1.0, threads);
        for (sum, &sample) in self.sum.iter_mut().zip(self.estimate.plane.as_slice()) {
            *sum += sample;
        }
        self.count += 1.0;
        moved
    }

    /// Writes the mean to `canvas`; returns the squared change.
    fn finish(self, canvas: &mut Canvas) -> f64 {
        let mut moved = 0.0;
        for (sample, sum) in canvas.plane.as_mut_slice().iter_mut().zip(self.sum) {
            let mean = sum / self.count;
            moved += f64::from(mean - *sample) * f64::from(mean - *sample);
            *sample = mean;
        }
        moved
    }
}
