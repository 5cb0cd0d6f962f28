//! Fills the holes of a picture, place by place.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::csc::{self, Dct16, InpaintParams, SolveInfo, Start, Transform8};
use crate::imaging::{Mask, Raster, Region};
use crate::numerics::{CodeSums, Control, Plane, Progress, Stopped, Threads};

use super::afar::Afar;
use super::color;
use super::context::Observer;
use super::draft::Draft;
use super::error::EngineError;
use super::network::Refiner;
use super::notes::Note;
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
/// [`EngineError::NothingKnown`] if no pixel is known, [`EngineError::Cancelled`] when `observer`
/// says so.
pub fn inpaint(
    raster: &mut Raster,
    mask: &Mask,
    transform: &Transform8,
    params: &InpaintParams,
    threads: &Threads,
    observer: &dyn Observer,
) -> Result<Summary, EngineError> {
    let method = Method { transform, params, refiner: None, settling: 0 };
    fill(raster, mask, &method, threads, observer)
}

/// How holes are filled.
pub(super) struct Method<'a> {
    /// What groups of blocks are shrunk in.
    pub(super) transform: &'a Transform8,
    /// The schedule of the solver; without iterations it leaves the start.
    pub(super) params: &'a InpaintParams,
    /// What improves what the solver found.
    pub(super) refiner: Option<&'a Refiner<'a>>,
    /// Iterations in which the solver settles what was refined; none leaves it as it is.
    pub(super) settling: usize,
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
    observer: &dyn Observer,
) -> Result<Summary, EngineError> {
    if mask.is_full() {
        return Err(EngineError::NothingKnown);
    }
    let Method { transform, params, refiner, settling } = *method;
    let work = regions::around_holes(mask);
    let afar = Afar::look(raster, mask, &work);
    let draft = Draft::begin(raster, mask, &work, afar.as_ref(), observer);
    let mut summary = Summary::default();
    for (index, place) in work.iter().enumerate() {
        let read = place.read;
        let hidden = hidden_in(mask, read);
        let mut planes = color::read(raster, read);
        let start = match &afar {
            Some(afar) if afar.fill(&mut planes, &hidden, read) => Start::Given,
            _ => Start::Harmonic,
        };
        // In the midst of a huge hole there is nothing to be consistent with.
        if !hidden.as_slice().iter().all(|&hidden| hidden) {
            let more = refiner.map_or(0, |_| 1 + settling);
            let control = Place::new(observer, &work, index).painted(draft.as_ref()).and(more);
            let params = InpaintParams { start, ..*params };
            let mut info =
                csc::inpaint(&mut planes, &hidden, &Dct16, transform, &params, threads, &control)?;
            if let Some(refiner) = refiner {
                let write = place.write;
                let inside =
                    Region { top: write.top - read.top, left: write.left - read.left, ..write };
                let after = After { place: &control, info };
                refiner.refine(&mut planes, &hidden, inside, || after.tell(0))?;
                after.tell(1)?;
                if settling > 0 {
                    info = settle(&mut planes, &hidden, method, threads, &after)?;
                }
            }
            summary.include(info);
        }
        if let Some(draft) = &draft {
            draft.paint(planes.clone(), place);
        }
        write_region(raster, planes, place, mask);
    }
    Ok(summary)
}

/// Has the solver go on from what was refined, and takes the mean of both: what the network takes
/// for noise, the solver may know for texture. Returns what the solver did, before and now.
fn settle(
    planes: &mut [Plane<f32>],
    hidden: &Plane<bool>,
    method: &Method<'_>,
    threads: &Threads,
    after: &After<'_>,
) -> Result<SolveInfo, EngineError> {
    let refined = planes.to_vec();
    let params = InpaintParams::settling(method.settling);
    let info = csc::inpaint(planes, hidden, &Dct16, method.transform, &params, threads, after)?;
    for (plane, refined) in planes.iter_mut().zip(&refined) {
        for (sample, refined) in plane.as_mut_slice().iter_mut().zip(refined.as_slice()) {
            // Equal samples, as known ones are, stay as they are.
            *sample = f32::midpoint(*sample, *refined);
        }
    }
    Ok(SolveInfo { iterations: after.info.iterations + info.iterations, ..info })
}

/// Where a region is hidden.
pub(super) fn hidden_in(mask: &Mask, region: Region) -> Plane<bool> {
    Plane::from_fn(region.height, region.width, |y, x| {
        mask.weight(region.top + y, region.left + x) > 0
    })
}

/// Turns the planes of a piece of work into colour and writes them where there is weight.
pub(super) fn write_region(
    raster: &mut Raster,
    planes: Vec<Plane<f32>>,
    &Work { read, write }: &Work,
    mask: &Mask,
) {
    write_back(raster, planes, read, |y, x| {
        let inside = (write.top..write.top + write.height).contains(&y)
            && (write.left..write.left + write.width).contains(&x);
        if inside { mask.weight(y, x) } else { 0 }
    });
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

/// Reports what is done at one place as part of the whole, and paints drafts of it.
pub(super) struct Place<'a> {
    observer: &'a dyn Observer,
    work: &'a Work,
    /// Which of all places it is.
    index: usize,
    count: usize,
    /// Steps that follow those of which it is told.
    more: usize,
    draft: Option<&'a Draft<'a>>,
    /// Iterations whose codes were told.
    told: AtomicUsize,
}

impl<'a> Place<'a> {
    /// One of all places.
    pub(super) fn new(observer: &'a dyn Observer, all: &'a [Work], index: usize) -> Self {
        let (work, count, told) = (&all[index], all.len(), AtomicUsize::new(0));
        Self { observer, work, index, count, more: 0, draft: None, told }
    }

    fn painted(self, draft: Option<&'a Draft<'a>>) -> Self {
        Self { draft, ..self }
    }

    fn and(self, more: usize) -> Self {
        Self { more, ..self }
    }

    fn of_all(&self, progress: Progress) -> Progress {
        let total = progress.total + self.more;
        Progress {
            iteration: self.index * total + progress.iteration,
            total: self.count * total,
            residual: progress.residual,
        }
    }
}

/// Reports what follows the iterations that codes and residuals are told of.
struct After<'a> {
    place: &'a Place<'a>,
    info: SolveInfo,
}

impl After<'_> {
    fn tell(&self, steps: usize) -> Result<(), Stopped> {
        let SolveInfo { iterations, residual } = self.info;
        self.place.report(Progress { iteration: iterations + steps, total: iterations, residual })
    }
}

impl Control for After<'_> {
    fn report(&self, progress: Progress) -> Result<(), Stopped> {
        self.tell(1 + progress.iteration)
    }

    fn check(&self) -> Result<(), Stopped> {
        self.place.check()
    }
}

impl Control for Place<'_> {
    fn report(&self, progress: Progress) -> Result<(), Stopped> {
        let Progress { iteration, total, residual } = progress;
        // What follows the iterations is none.
        if let Some(index) = iteration.checked_sub(1).filter(|index| *index < total) {
            self.observer.note(Note::Residual { index, residual });
        }
        self.observer.report(self.of_all(progress))
    }

    fn check(&self) -> Result<(), Stopped> {
        self.observer.check()
    }

    fn wants_sight(&self, progress: Progress) -> bool {
        self.draft.is_some_and(|draft| draft.is_due(self.of_all(progress)))
    }

    fn show(&self, planes: Vec<Plane<f32>>) {
        if let Some(draft) = self.draft {
            draft.paint(planes, self.work);
            draft.show();
        }
    }

    fn wants_codes(&self) -> bool {
        self.observer.wants_codes()
    }

    fn codes(&self, threshold: f32, sums: CodeSums) {
        let index = self.told.fetch_add(1, Ordering::Relaxed);
        self.observer.note(Note::Codes { index, threshold, sums });
    }

    fn unexplained(&self, samples: Plane<f32>) {
        self.observer.note(Note::Unexplained { place: *self.work, samples });
    }
}
