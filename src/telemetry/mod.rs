//! What the program tells about itself: logs, metrics, and how it was built.
//!
//! Nothing here is global except the log subscriber, which a process can have only once.

mod backlog;
mod build_info;
mod logs;
mod memory;
mod metrics;
mod models;

pub use backlog::BacklogMetrics;
pub use build_info::BuildInfo;
pub use logs::{InvalidFilter, LogFilter, LogFormat, TelemetryConfig, init};
pub use memory::resident_bytes;
pub use metrics::{Load, Metrics, Outcome};
pub use models::{ModelLabels, ModelMetrics};
