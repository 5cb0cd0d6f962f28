//! Plain numerical building blocks: no async, no clock, no sockets, no files.
//!
//! Conventions: storage is row-major `f32`; shapes are written `(height, width)` or
//! `(channel, height, width)`; sums over many terms accumulate in `f64`.

mod control;
pub mod fft2;
pub mod norms;
mod plane;
pub mod prox;
mod random;
pub mod resample;
pub mod spectrum;
mod threads;

pub use control::{CodeSums, Control, Progress, Stopped, Unobserved};
pub use plane::Plane;
pub use random::Random;
pub use threads::{Threads, ThreadsError};
