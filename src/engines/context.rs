//! What a restoration gets from its surroundings.

use std::sync::Arc;

use super::network::Networks;
use super::notes::Note;
use crate::imaging::{ImageLimits, Raster};
use crate::numerics::{Control, Threads};

/// The stages of a restoration, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Files to pixels.
    Decode,
    /// The restoration itself.
    Solve,
    /// Pixels to a file.
    Encode,
}

impl Stage {
    /// The name in reports, headers and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Solve => "solve",
            Self::Encode => "encode",
        }
    }
}

/// Watches a restoration: told of every stage and every iteration, shown drafts, asked whether to
/// go on.
pub trait Observer: Control {
    /// A stage begins, and the one before it ends.
    fn enter(&self, stage: Stage);

    /// An engine was chosen for a task. Who does not count by engine need not listen.
    fn engage(&self, _task: &'static str, _engine: &str) {}

    /// How many drafts of a picture it wants to see while the solver fills holes. They come at
    /// even intervals, and some may not come: the solver has nothing to show in small steps where
    /// there is nothing to do.
    fn drafts(&self) -> usize {
        0
    }

    /// Is shown a draft: known pixels as they are, holes as far as they have come. As in the
    /// result, nothing in it depends on what stands in holes.
    fn draft(&self, _: &Raster) {}

    /// Is told what the iterations are like, if it wants to know ([`Control::wants_codes`]).
    fn note(&self, _: Note) {}
}

impl Observer for crate::numerics::Unobserved {
    fn enter(&self, _: Stage) {}
}

/// What all restorations of a process share.
#[derive(Clone, Debug)]
pub struct Environment {
    /// What images may look like.
    pub limits: ImageLimits,
    /// The threads that one restoration spreads over.
    pub threads: Threads,
    /// The networks that can be asked for.
    pub networks: Arc<dyn Networks>,
}
