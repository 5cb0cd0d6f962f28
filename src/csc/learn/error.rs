//! Why a dictionary cannot be learned.

use crate::numerics::Stopped;

/// Input or state from which nothing can be learned.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LearnError {
    /// The list of images is empty.
    #[error("no images to learn from")]
    NoImages,
    /// An image is smaller than the filters.
    #[error("image {image} is {height}x{width}, smaller than the {support}x{support} filters")]
    TooSmall {
        /// Position of the image in the list, from zero.
        image: usize,
        /// Its height in pixels.
        height: usize,
        /// Its width in pixels.
        width: usize,
        /// Side of the filters in pixels.
        support: usize,
    },
    /// The images, or an image and its mask, differ in size.
    #[error("image {image} is {actual:?} instead of {expected:?} (height, width)")]
    SizeMismatch {
        /// Position of the image in the list, from zero.
        image: usize,
        /// Height and width of the first image.
        expected: (usize, usize),
        /// Height and width found.
        actual: (usize, usize),
    },
    /// An image has no known pixel.
    #[error("image {image} has no known pixel")]
    NothingKnown {
        /// Position of the image in the list, from zero.
        image: usize,
    },
    /// A known pixel is infinite or not a number.
    #[error("image {image} has a known pixel that is not a finite number")]
    NotFinite {
        /// Position of the image in the list, from zero.
        image: usize,
    },
    /// A parameter is out of range.
    #[error("{parameter} is {actual}, but must be {limit}")]
    Parameter {
        /// Name of the parameter.
        parameter: &'static str,
        /// What is allowed.
        limit: &'static str,
        /// What was given.
        actual: f64,
    },
    /// An iterate left the real numbers.
    #[error("the objective is no longer finite after iteration {iteration}")]
    Diverged {
        /// Iterations finished.
        iteration: usize,
    },
    /// A stored state is damaged, or belongs to other images or to another version.
    #[error("the stored state cannot be used: {reason}")]
    Checkpoint {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The caller asked to stop.
    #[error("learning was stopped")]
    Stopped,
}

impl From<Stopped> for LearnError {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}
