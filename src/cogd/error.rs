//! What can be wrong with the input of the dense solver.

/// A bilinear problem that cannot be solved as given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CogdError {
    /// A buffer has the wrong number of entries.
    #[error("{what} has {actual} entries instead of {expected}")]
    Length {
        /// Which buffer.
        what: &'static str,
        /// Entries that the problem's shape asks for.
        expected: usize,
        /// Entries given.
        actual: usize,
    },
    /// A value is infinite or not a number.
    #[error("{what} holds a value that is not finite")]
    NotFinite {
        /// Which buffer or iterate.
        what: &'static str,
    },
}
