//! cogd repairs images: holes, scratches, dust, missing or noisy pixels.
//!
//! The modules are listed lowest layer first; each may use only the ones above it
//! (`tests/it/architecture.rs` checks this, ARCHITECTURE.md explains it).

pub mod telemetry;

pub mod numerics;

pub mod onnx;

pub mod network;

pub mod auth;

pub mod imaging;

pub mod damage;

pub mod cogd;

pub mod fillers;

pub mod csc;

pub mod inference;

pub mod engines;

pub mod registry;

#[cfg(feature = "train")]
pub mod train;

pub mod bench;

pub mod jobs;

pub mod storage;

pub mod worker;

pub mod http;

pub mod config;

pub mod app;

pub mod cli;
