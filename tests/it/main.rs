//! The one integration binary.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

mod golden;
mod http_problems;
mod http_restorations;
mod http_system;
mod openapi_quality;
