//! Restoration by convolutional sparse codes.
//!
//! The model: an image is a sum of filters convolved with sparse code maps. The filters here are
//! the atoms of an orthonormal transform of square blocks at every shift, a tight frame, so that
//! codes cost one transform and no linear system has to be solved. Thresholds make the codes
//! sparse; they fall from iteration to iteration.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "positions in a canvas fit in 31 bits; f64 accumulators end as f32"
)]

mod batch;
mod canvas;
mod dct;
mod denoise;
pub mod dictionary;
mod error;
mod frame;
mod frame_step;
mod graph;
mod group_step;
mod haar;
mod holes;
mod inpaint;
pub mod learn;
mod learned;
mod line;
mod matching;
mod noise;
mod params;
mod shrink;
mod strips;
mod tally;

#[cfg(test)]
mod tests;

pub use dct::{Dct8, Dct16};
pub use denoise::{DEFAULT_ROUNDS, denoise};
pub use error::CscError;
pub use frame::Frame;
pub use graph::{GRAPH_LEAST_SIDE, frame_graph};
pub use inpaint::{SolveInfo, inpaint};
pub use learned::{Learned8, Transform8};
pub use line::LANES;
pub use noise::estimate_sigma;
pub use params::{InpaintParams, Phase, Start};
