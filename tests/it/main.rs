//! The one integration binary.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

mod architecture;
mod blobs;
mod browser;
mod cli_keys;
mod cli_learn;
mod cli_serve;
mod cli_storage;
#[cfg(feature = "train")]
mod cli_train;
mod cli_worker;
mod clients;
mod deployment;
mod dialects;
mod examples;
mod explain;
mod golden;
mod hostile_images;
mod http_dictionaries;
mod http_image_tensors;
mod http_inference;
mod http_jobs;
mod http_keys;
mod http_networks;
mod http_problems;
mod http_restorations;
mod http_root_path;
mod http_system;
mod image_limits;
mod image_metadata;
mod image_round_trips;
mod inference;
mod migrations;
mod openapi_quality;
mod playground;
mod pruned_networks;
mod queue;
mod refined;
mod registry;
mod restoration;
mod secrets;
mod solver_graph;
mod survival;
mod traces;
mod webhooks;
