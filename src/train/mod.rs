//! Networks learn, and lose what they do not need.
//!
//! A [`Trainer`] takes steps on the examples of a [`Task`]; what is computed is said by a
//! [`Graph`](crate::network::Graph), so that every architecture trains, prunes and is written
//! alike. After each step of the optimiser, [`coupling`] applies the projection of Cogradient
//! Descent to sparse factors and the filters they multiply. Steps, batches and damage follow from
//! seeds and the number of the step: a run that was interrupted goes on bit for bit
//! ([`NetworkFile`]).
//!
//! The only module that knows burn and libtorch.

pub mod coupling;
pub mod data;

mod device;
mod differentiate;
mod error;
mod file;
mod objective;
mod optimizer;
pub mod prune;
mod schedule;
mod tensors;
mod trainer;

#[cfg(test)]
mod tests;

pub use device::{Precision, TrainingDevice};
pub use error::TrainError;
pub use file::NetworkFile;
pub use objective::{Batch, Score, Task};
pub use optimizer::{Memory, OptimizerSettings};
pub use schedule::Schedule;
pub use tensors::Block;
pub use trainer::{TrainSettings, TrainState, Trainer, compute, score};
