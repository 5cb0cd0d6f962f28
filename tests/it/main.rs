//! The one integration binary.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod hostile_images;
mod image_limits;
mod image_metadata;
mod image_round_trips;
mod support;
