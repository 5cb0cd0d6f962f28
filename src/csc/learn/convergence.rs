//! When to stop early.

use serde::{Deserialize, Serialize};

/// Follows an objective: it has converged once an iteration changes it by less than a given share
/// of what it was. Part of a stored state, so that a resumed run stops where the whole one does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Convergence {
    tolerance: f64,
    objective: Option<f64>,
    change: Option<f64>,
}

impl Convergence {
    /// Nothing observed yet. A tolerance of zero is never reached.
    pub fn new(tolerance: f64) -> Self {
        Self { tolerance, objective: None, change: None }
    }

    /// Takes in the objective after an iteration.
    pub fn observe(&mut self, objective: f64) {
        self.change = self.objective.map(|before| (before - objective).abs() / before.abs());
        self.objective = Some(objective);
    }

    /// The objective observed last.
    pub fn objective(&self) -> Option<f64> {
        self.objective
    }

    /// Whether the last relative change was below the tolerance.
    pub fn is_reached(&self) -> bool {
        self.change.is_some_and(|change| change < self.tolerance)
    }
}

#[cfg(test)]
mod tests {
    use super::Convergence;

    #[test]
    fn the_change_is_relative_to_the_objective_before() {
        let mut convergence = Convergence::new(0.01);
        for (objective, reached) in [(200.0, false), (197.0, false), (196.0, true)] {
            convergence.observe(objective);
            assert_eq!(convergence.is_reached(), reached, "{objective}");
        }
    }

    #[test]
    fn a_tolerance_of_zero_is_never_reached() {
        let mut convergence = Convergence::new(0.0);
        convergence.observe(5.0);
        convergence.observe(5.0);
        assert!(!convergence.is_reached());
    }
}
