//! Simple ways to fill holes, each after one paper.
//!
//! The solver starts from the smoothest of them, and all of them show, beside its results, what is
//! gained by it.

#![expect(clippy::cast_possible_truncation, reason = "f64 accumulators end as f32")]

pub mod harmonic;
pub mod telea;

#[cfg(test)]
mod tests;
