//! Fills the holes of a picture, place by place.

use crate::csc::{self, Dct16, InpaintParams, SolveInfo, Start, Transform8};
use crate::imaging::{Mask, Raster, Region};
use crate::numerics::{Control, Plane, Progress, Stopped, Threads};

use super::afar::Afar;
use super::color;
use super::error::EngineError;
use super::network::Refiner;
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
/// the alpha channel. Single blocks are shrunk in the cosine transform, groups in `transform`.
///
/// # Errors
/// [`EngineError::NothingKnown`] if no pixel is known, [`EngineError::Cancelled`] when `control`
/// says so.
pub fn inpaint(
    raster: &mut Raster,
    mask: &Mask,
    transform: &Transform8,
    params: &InpaintParams,
    threads: &Threads,
    control: &dyn Control,
) -> Result<Summary, EngineError> {
    let method = Method { transform, params, refiner: None };
    fill(raster, mask, &method, threads, control)
}

/// How holes are filled.
pub(super) struct Method<'a> {
    /// What groups of blocks are shrunk in.
    pub(super) transform: &'a Transform8,
    /// The schedule of the solver; without iterations it leaves the start.
    pub(super) params: &'a InpaintParams,
    /// What improves what the solver found.
    pub(super) refiner: Option<&'a Refiner<'a>>,
}

/// As [`inpaint`], by any method.
///
/// # Errors
/// As [`inpaint`], and [`EngineError::Network`] by what refines.
pub(super) fn fill(
    raster: &mut Raster,
    mask: &Mask,
    method: &Method<'_>,
    threads: &Threads,
    control: &dyn Control,
) -> Result<Summary, EngineError> {
    if mask.is_full() {
        return Err(EngineError::NothingKnown);
    }
    let Method { transform, params, refiner } = *method;
    let work = regions::around_holes(mask);
    let afar = Afar::look(raster, mask, &work);
    let mut summary = Summary::default();
    for (index, &Work { read, write }) in work.iter().enumerate() {
        let hidden = Plane::from_fn(read.height, read.width, |y, x| {
            mask.weight(read.top + y, read.left + x) > 0
        });
        let mut planes = color::read(raster, read);
        let start = match &afar {
            Some(afar) if afar.fill(&mut planes, &hidden, read) => Start::Given,
            _ => Start::Harmonic,
        };
        // In the midst of a huge hole there is nothing to be consistent with.
        if !hidden.as_slice().iter().all(|&hidden| hidden) {
            let more = usize::from(refiner.is_some());
            let control = Part { control, index, count: work.len(), more };
            let params = InpaintParams { start, ..*params };
            let info =
                csc::inpaint(&mut planes, &hidden, &Dct16, transform, &params, threads, &control)?;
            summary.include(info);
            if let Some(refiner) = refiner {
                let inside =
                    Region { top: write.top - read.top, left: write.left - read.left, ..write };
                let tell = |more: usize| {
                    let total = info.iterations;
                    let iteration = total + more;
                    control.report(Progress { iteration, total, residual: info.residual })
                };
                refiner.refine(&mut planes, &hidden, inside, || tell(0))?;
                tell(1)?;
            }
        }
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

/// Reports the progress of one piece of work as part of the whole.
pub(super) struct Part<'a> {
    pub(super) control: &'a dyn Control,
    pub(super) index: usize,
    pub(super) count: usize,
    /// Steps that follow those of which it is told.
    pub(super) more: usize,
}

impl Control for Part<'_> {
    fn report(&self, progress: Progress) -> Result<(), Stopped> {
        let total = progress.total + self.more;
        self.control.report(Progress {
            iteration: self.index * total + progress.iteration,
            total: self.count * total,
            residual: progress.residual,
        })
    }
}
