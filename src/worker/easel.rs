//! A watch that also has drafts of the picture shown to somebody.

use std::fmt;

use super::watch::Watch;
use crate::engines::{Observer, Stage};
use crate::imaging::Raster;
use crate::numerics::{Control, Progress, Stopped};

/// Watches a job as its [`Watch`] does, and shows drafts of the picture while holes are filled.
pub struct Easel<'a> {
    watch: &'a Watch,
    drafts: usize,
    show: &'a (dyn Fn(&Raster) + Sync),
}

impl<'a> Easel<'a> {
    /// Has `show` see at most so many drafts, on the thread that computes.
    pub fn new(watch: &'a Watch, drafts: usize, show: &'a (dyn Fn(&Raster) + Sync)) -> Self {
        Self { watch, drafts, show }
    }
}

impl fmt::Debug for Easel<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Easel").field("drafts", &self.drafts).finish_non_exhaustive()
    }
}

impl Control for Easel<'_> {
    fn report(&self, progress: Progress) -> Result<(), Stopped> {
        self.watch.report(progress)
    }

    fn check(&self) -> Result<(), Stopped> {
        self.watch.check()
    }
}

impl Observer for Easel<'_> {
    fn enter(&self, stage: Stage) {
        self.watch.enter(stage);
    }

    fn engage(&self, task: &'static str, engine: &str) {
        self.watch.engage(task, engine);
    }

    fn drafts(&self) -> usize {
        self.drafts
    }

    fn draft(&self, raster: &Raster) {
        (self.show)(raster);
    }
}
