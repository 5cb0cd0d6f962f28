//! A picture while its holes are being filled, for those who want to watch.

use std::sync::{Mutex, PoisonError};

use crate::fillers::harmonic;
use crate::imaging::{Mask, Raster};
use crate::numerics::{Plane, Progress};

use super::afar::Afar;
use super::color;
use super::context::Observer;
use super::inpaint::{hidden_in, write_region};
use super::regions::Work;

/// A copy of the picture in which every place is filled smoothly until the solver has come to it.
pub(super) struct Draft<'a> {
    raster: Mutex<Raster>,
    mask: &'a Mask,
    observer: &'a dyn Observer,
}

impl<'a> Draft<'a> {
    /// A draft, if the observer wants to see any.
    pub(super) fn begin(
        raster: &Raster,
        mask: &'a Mask,
        all: &[Work],
        afar: Option<&Afar>,
        observer: &'a dyn Observer,
    ) -> Option<Self> {
        if observer.drafts() == 0 {
            return None;
        }
        let mut copy = raster.clone();
        for work in all {
            let mut planes = color::read(raster, work.read);
            let hidden = hidden_in(mask, work.read);
            let is_filled = afar.is_some_and(|afar| afar.fill(&mut planes, &hidden, work.read));
            if !is_filled && hidden.as_slice().contains(&false) {
                for plane in &mut planes {
                    harmonic::fill(plane, &hidden);
                }
            }
            write_region(&mut copy, planes, work, mask);
        }
        Some(Self { raster: Mutex::new(copy), mask, observer })
    }

    /// Whether one of the drafts is due when this much of everything is done.
    pub(super) fn is_due(&self, Progress { iteration, total, .. }: Progress) -> bool {
        let parts = self.observer.drafts() + 1;
        let passed = |iteration: usize| parts * iteration / total.max(1);
        iteration < total && passed(iteration) > passed(iteration - 1)
    }

    /// Takes in what a place looks like now.
    pub(super) fn paint(&self, planes: Vec<Plane<f32>>, work: &Work) {
        write_region(&mut self.lock(), planes, work, self.mask);
    }

    /// Shows the picture.
    pub(super) fn show(&self) {
        self.observer.draft(&self.lock());
    }

    // What a panic leaves half painted is not shown: it ends the restoration.
    fn lock(&self) -> std::sync::MutexGuard<'_, Raster> {
        self.raster.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
