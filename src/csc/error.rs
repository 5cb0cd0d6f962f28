//! What can go wrong in the solver.

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CscError {
    /// The planes and the mask differ in shape, or there is no plane.
    #[error("a plane of {actual:?} does not fit a mask of {expected:?}")]
    ShapeMismatch {
        /// Height and width of the mask.
        expected: (usize, usize),
        /// Height and width of the plane.
        actual: (usize, usize),
    },
    /// Every sample is hidden, so nothing is known about the picture.
    #[error("every sample is hidden")]
    NothingKnown,
    /// A known sample is infinite or not a number.
    #[error("a known sample is not finite")]
    NonFinite,
    /// The observer asked for an end.
    #[error("stopped by the caller")]
    Stopped,
}

impl From<crate::numerics::Stopped> for CscError {
    fn from(_: crate::numerics::Stopped) -> Self {
        Self::Stopped
    }
}
