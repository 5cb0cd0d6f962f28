//! The one integration binary.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

mod architecture;
mod cli_learn;
mod cli_serve;
mod golden;
mod hostile_images;
mod http_dictionaries;
mod http_problems;
mod http_restorations;
mod http_system;
mod image_limits;
mod image_metadata;
mod image_round_trips;
mod inference;
mod openapi_quality;
mod restoration;
mod solver_graph;
