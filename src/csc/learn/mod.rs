//! Masked convolutional dictionary learning, with or without Cogradient Descent.
//!
//! ```text
//! min over d, z   ½ Σₙ ‖Mₙ (Σₖ dₖ ∗ zₙₖ − bₙ)‖² + λ Σ ‖zₙₖ‖₁,   supp dₖ ⊂ s × s,  ‖dₖ‖₂ ≤ 1
//! ```
//!
//! One outer iteration of [`Learner`] is a few accelerated proximal steps on the codes `z`, a few
//! accelerated projected steps on the filters `d`, then the coupling of the two, if asked for
//! ([`Coupling`]). Accelerated proximal steps were chosen over ADMM because the mask is then one
//! product in the data term, and because every block can be checked for descent: the plain solver
//! never lets the objective rise.
//!
//! Invariants:
//! - Spectra are computed from the real variables in every step and never carried along.
//! - Hidden samples are set to zero before anything looks at them, so no result depends on them.
//! - Sums run in a fixed order: the result does not depend on the number of threads.

mod checkpoint;
mod codes;
mod convergence;
mod coupling;
mod error;
mod filters;
mod forms;
mod geometry;
mod learner;
mod normalization;
mod online;
mod parameters;
mod signal;
mod stored;
mod transform;

pub use convergence::Convergence;
pub use error::LearnError;
pub use learner::{IterationReport, Learner};
pub use normalization::Normalization;
pub use online::{OnlineLearner, OnlineParameters, evaluate};
pub use parameters::{
    Acceleration, Boundary, Coupling, CouplingForm, FilterSet, LearnParameters, Sparsity,
};
pub use signal::TrainingImage;
pub use transform::{BatchReport, TransformLearner, TransformParameters};

#[cfg(test)]
mod tests;
