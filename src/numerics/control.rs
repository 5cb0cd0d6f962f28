//! How a long computation reports progress and is told to stop.

/// What an iterative computation says after every iteration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Iterations finished, counted from one.
    pub iteration: usize,
    /// Iterations planned; an early stop may use fewer.
    pub total: usize,
    /// Root-mean-square change of the unknowns in this iteration, in units of the signal.
    pub residual: f32,
}

/// The caller asked a computation to stop before it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// Watches a computation. Called from the computing thread, once an iteration.
pub trait Control: Sync {
    /// Takes note of the progress; an error ends the computation before its next iteration.
    ///
    /// # Errors
    /// [`Stopped`] if the computation should end.
    fn report(&self, progress: Progress) -> Result<(), Stopped>;
}

/// Lets a computation run to its end and listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Control for Unobserved {
    fn report(&self, _: Progress) -> Result<(), Stopped> {
        Ok(())
    }
}
