//! Detects asynchronous convergence: a sparse variable that has converged to (nearly) nothing
//! while its partner is still large.

use serde::{Deserialize, Serialize};

/// The fraction of pairs that may qualify, falling over the iterations:
/// `αₜ = start · (1 − t / T)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The fraction at the first iteration, in `[0, 1]`.
    pub start: f32,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { start: 0.5 }
    }
}

impl Schedule {
    /// `αₜ` for iteration `t`, counted from zero, of `total`.
    pub fn fraction(self, iteration: usize, total: usize) -> f32 {
        let elapsed = iteration as f32 / total.max(1) as f32;
        (self.start * (1.0 - elapsed)).clamp(0.0, 1.0)
    }
}

/// Selects the pairs to which the projection applies; keeps its memory between calls.
///
/// With `s(v) = [R(v) > threshold]`, a pair qualifies if `not s(xⱼ)` and `s(aⱼ)`. The two
/// thresholds are ranks: `xⱼ` must be among the `⌊α n⌋` smallest norms of the sparse variables
/// and `aⱼ` among the `⌊α n⌋` largest norms of the partners. Equal norms rank by index.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    order: Vec<usize>,
    open: Vec<bool>,
}

impl Gate {
    /// Marks the qualifying pairs, given the norms of both sides (equal lengths) and `α`.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn select(&mut self, sparse: &[f32], partner: &[f32], fraction: f32) -> &[bool] {
        assert_eq!(sparse.len(), partner.len(), "every sparse variable has one partner");
        let count = share(sparse.len(), fraction);
        self.open.clear();
        self.open.resize(sparse.len(), false);
        self.rank(sparse);
        for &index in &self.order[..count] {
            self.open[index] = true;
        }
        self.rank(partner);
        let small = self.order.len() - count;
        for &index in &self.order[..small] {
            self.open[index] = false;
        }
        &self.open
    }

    /// Sorts the indices by rising norm.
    fn rank(&mut self, norms: &[f32]) {
        self.order.clear();
        self.order.extend(0..norms.len());
        self.order.sort_by(|&a, &b| norms[a].total_cmp(&norms[b]));
    }
}

/// `⌊fraction · n⌋` for a fraction in `[0, 1]`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the product lies in 0..=n"
)]
fn share(n: usize, fraction: f32) -> usize {
    ((n as f64 * f64::from(fraction.clamp(0.0, 1.0))) as usize).min(n)
}

#[cfg(test)]
mod tests {
    use super::{Gate, Schedule};

    #[test]
    fn a_pair_qualifies_if_its_sparse_side_is_small_and_its_partner_large() {
        let mut gate = Gate::default();
        let sparse = [0.1, 0.2, 5.0, 6.0];
        let partner = [9.0, 1.0, 8.0, 2.0];
        assert_eq!(gate.select(&sparse, &partner, 0.5), [true, false, false, false]);
        assert_eq!(gate.select(&sparse, &partner, 0.75), [true, false, true, false]);
        assert_eq!(gate.select(&sparse, &partner, 0.0), [false; 4]);
        assert_eq!(gate.select(&sparse, &partner, 1.0), [true; 4]);
    }

    #[test]
    fn equal_norms_rank_by_index() {
        let mut gate = Gate::default();
        assert_eq!(gate.select(&[1.0; 4], &[1.0; 4], 0.5), [false; 4]);
        assert_eq!(gate.select(&[1.0; 4], &[4.0, 3.0, 2.0, 1.0], 0.5), [true, true, false, false]);
    }

    #[test]
    fn the_fraction_falls_linearly_to_nothing() {
        let schedule = Schedule::default();
        let fractions: Vec<f32> = (0..=4).map(|t| schedule.fraction(t, 4)).collect();
        assert_eq!(fractions, [0.5, 0.375, 0.25, 0.125, 0.0]);
    }
}
