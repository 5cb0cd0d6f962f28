//! What is noted of a restoration while it runs, for those who want more than its result.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::imaging::Raster;
use crate::numerics::{CodeSums, Control, Plane, Progress, Stopped};

use super::context::{Observer, Stage};
use super::regions::Work;

/// One iteration, over all places.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    pub(super) threshold: f32,
    pub(super) codes: CodeSums,
    /// Of the place where it was largest.
    pub(super) residual: f32,
}

/// What was noted of a restoration.
#[derive(Debug, Default)]
pub(super) struct Noted {
    pub(super) steps: Vec<Step>,
    /// What codes do not explain of the picture, at every pixel; 0 where nothing was looked at.
    pub(super) unexplained: Option<Plane<f32>>,
}

/// Notes what an observer is told, and tells it.
pub(super) struct Notes<'a> {
    observer: &'a dyn Observer,
    /// Rows and columns of the picture.
    size: (usize, usize),
    noted: Mutex<Noted>,
}

impl<'a> Notes<'a> {
    /// Nothing yet, of a picture of so many rows and columns.
    pub(super) fn new(observer: &'a dyn Observer, height: usize, width: usize) -> Self {
        Self { observer, size: (height, width), noted: Mutex::default() }
    }

    /// All that was noted.
    pub(super) fn into_noted(self) -> Noted {
        self.noted.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    // Only plain values are written under the lock, so a poisoned one holds nothing torn.
    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is told of one place, which [`Observer::note`] takes.
#[derive(Debug)]
pub enum Note {
    /// Iteration `index`, counted from 0, had such codes, thresholded at so much.
    Codes {
        /// The iteration.
        index: usize,
        /// Its threshold, in units of the signal.
        threshold: f32,
        /// Its codes.
        sums: CodeSums,
    },
    /// Iteration `index`, counted from 0, moved the unknowns by so much.
    Residual {
        /// The iteration.
        index: usize,
        /// Root-mean-square change, of full range.
        residual: f32,
    },
    /// What the last codes do not explain of the place.
    Unexplained {
        /// The place.
        place: Work,
        /// Of what the solver saw of it.
        samples: Plane<f32>,
    },
    /// The holes are filled: what comes now is of what is done to the whole picture.
    HolesFilled,
}

impl Noted {
    fn step(&mut self, index: usize) -> &mut Step {
        if self.steps.len() <= index {
            self.steps.resize(index + 1, Step::default());
        }
        &mut self.steps[index]
    }

    fn take(&mut self, note: Note, (height, width): (usize, usize)) {
        match note {
            Note::Codes { index, threshold, sums } => {
                let step = self.step(index);
                step.threshold = threshold;
                step.codes.add(&sums);
            }
            Note::Residual { index, residual } => {
                let step = self.step(index);
                step.residual = step.residual.max(residual);
            }
            Note::Unexplained { place: Work { read, write }, samples } => {
                let all = self.unexplained.get_or_insert_with(|| Plane::filled(height, width, 0.0));
                // Around its holes as well, where no other place knows more.
                for y in 0..read.height {
                    let to = &mut all.row_mut(read.top + y)[read.left..][..read.width];
                    let owns_row = (write.top..write.top + write.height).contains(&(read.top + y));
                    for (x, (to, &sample)) in to.iter_mut().zip(samples.row(y)).enumerate() {
                        let column = read.left + x;
                        let owns =
                            owns_row && (write.left..write.left + write.width).contains(&column);
                        *to = if owns { sample } else { to.max(sample) };
                    }
                }
            }
            Note::HolesFilled => *self = Self::default(),
        }
    }
}

impl Control for Notes<'_> {
    fn report(&self, progress: Progress) -> Result<(), Stopped> {
        self.observer.report(progress)
    }

    fn check(&self) -> Result<(), Stopped> {
        self.observer.check()
    }

    fn wants_codes(&self) -> bool {
        true
    }
}

impl Observer for Notes<'_> {
    fn enter(&self, stage: Stage) {
        self.observer.enter(stage);
    }

    fn engage(&self, task: &'static str, engine: &str) {
        self.observer.engage(task, engine);
    }

    fn drafts(&self) -> usize {
        self.observer.drafts()
    }

    fn draft(&self, raster: &Raster) {
        self.observer.draft(raster);
    }

    fn note(&self, note: Note) {
        self.lock().take(note, self.size);
    }
}
