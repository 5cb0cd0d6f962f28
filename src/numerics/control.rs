//! How a long computation reports progress, shows what it has, and is told to stop.

use super::Plane;

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

/// What the sparse codes of an iteration are like, added up over blocks and planes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CodeSums {
    /// Coefficients.
    pub coefficients: u64,
    /// Those that are not zero after the threshold.
    pub kept: u64,
    /// Squares of what the threshold took, in squared units of the signal.
    pub misfit: f64,
    /// Squared thresholds of the kept ones that had to pass one.
    pub penalty: f64,
}

impl CodeSums {
    /// Takes in those of other blocks.
    pub fn add(&mut self, other: &Self) {
        self.coefficients += other.coefficients;
        self.kept += other.kept;
        self.misfit += other.misfit;
        self.penalty += other.penalty;
    }

    /// Half of misfit and penalty for each coefficient: what thresholding makes as small as it can
    /// be, `min over c of ½ |Wx − c|² + ½ t² |c|₀`. `None` without coefficients.
    pub fn objective(&self) -> Option<f64> {
        let count = self.coefficients as f64;
        (count > 0.0).then(|| 0.5 * (self.misfit + self.penalty) / count)
    }

    /// The share of coefficients that are zero, from 0 to 1. `None` without coefficients.
    pub fn sparsity(&self) -> Option<f64> {
        let count = self.coefficients as f64;
        (count > 0.0).then(|| 1.0 - self.kept as f64 / count)
    }
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

    /// Whether it wants to see what the computation has, after it has reported this.
    fn wants_sight(&self, _: Progress) -> bool {
        false
    }

    /// Is shown what the computation has, if it wanted to see it.
    fn show(&self, _: Vec<Plane<f32>>) {}

    /// Whether it wants to know what codes and residuals are like, which takes some time.
    fn wants_codes(&self) -> bool {
        false
    }

    /// Is told of the codes of the iteration that is reported next: the threshold of the leading
    /// plane, in units of the signal, and their sums.
    fn codes(&self, _threshold: f32, _: CodeSums) {}

    /// Is told what the codes of the last iteration do not explain of the signal: the root mean
    /// square over the planes, at every sample; zero where there are no codes.
    fn unexplained(&self, _: Plane<f32>) {}

    /// Asks whether to go on where there is nothing to report.
    ///
    /// # Errors
    /// [`Stopped`] if the computation should end.
    fn check(&self) -> Result<(), Stopped> {
        Ok(())
    }
}

/// Lets a computation run to its end and listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Control for Unobserved {
    fn report(&self, _: Progress) -> Result<(), Stopped> {
        Ok(())
    }
}
