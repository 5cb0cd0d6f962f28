//! Convolutional networks as data: what is computed, with which parameters, at which cost.
//!
//! A [`Graph`] says what is computed and holds no numbers; [`Parameters`] hold the numbers by name.
//! All else follows from the two: shapes and costs ([`Cost`]), a slow forward pass that defines
//! what each operator means ([`forward`]), which channels go together and what is left when some
//! are switched off ([`prune`]), and a file for ONNX Runtime ([`export`], [`import`]). Training reads
//! the same graphs.

pub mod prune;
pub mod zoo;

mod cost;
mod error;
mod export;
mod fold;
mod forward;
mod graph;
mod grow;
mod import;
mod parameters;

#[cfg(test)]
mod tests;

pub use cost::Cost;
pub use error::NetworkError;
pub use export::export;
pub use fold::{absorb, fold};
pub use forward::{Features, forward};
pub use graph::{Conv, EPSILON, Graph, MASK, Node, NodeId, Op};
pub use grow::grow;
pub use import::{Imported, import};
pub use parameters::{Array, Parameters, Role};
