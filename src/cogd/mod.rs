//! Cogradient Descent: descent on a bilinear objective that knows its variables are coupled.
//!
//! For `min G(A, x) = ‖b − A x‖² + λ ‖x‖₁ + R(A)` the partner gradient `∂G/∂aⱼ = 2 xⱼ (A x − b)`
//! vanishes with `xⱼ`: the sparse variable converges before its column was trained. Taking `A`
//! as a function of `x`, the gradient of `xⱼ` gains `⟨∂G/∂aⱼ, daⱼ/dxⱼ⟩`, which has the factor
//! `xⱼ`, so that the corrected step is a projection of the ordinary one:
//!
//! ```text
//! x̂ = P(x⁺, x) = x⁺ + β ⊙ x,   βⱼ = −η cⱼ,   cⱼ = K(g, daⱼ/dxⱼ),   g = 2 (A x − b)
//! ```
//!
//! The parts are one file each: the kernel `K` ([`Kernel`]), the finite difference that stands
//! for `daⱼ/dxⱼ` ([`Jacobian`]), `P` ([`Projection`]), and the detection of asynchronous
//! convergence that says where `P` applies ([`Gate`]). All of them work on plain slices: a
//! "column" may be a filter, a channel's weights or a column of a matrix.
//!
//! Sources: Zhuo et al., "Cogradient Descent for Bilinear Optimization", CVPR 2020; Wang et al.,
//! "Cogradient Descent for Dependable Learning", 2021. The formulas follow from the problem
//! above; a detail such as the exact schedule may differ from print.

mod bilinear;
mod error;
mod gate;
mod kernel;
mod projection;
mod saddle;

pub use bilinear::{BilinearProblem, BilinearSettings, BilinearStep, descend};
pub use error::CogdError;
pub use gate::{Gate, Schedule};
pub use kernel::Kernel;
pub use projection::{Jacobian, Projection};
pub use saddle::Saddle;
