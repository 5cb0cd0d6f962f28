//! What the program tells about itself: logs, metrics, traces, and how it was built.
//!
//! Nothing here is global except what logs and traces, which a process can have only once.

mod attempts;
mod backlog;
mod build_info;
mod logs;
mod metrics;
mod models;
mod process;
mod requests;
pub mod trace;
mod work;

pub use attempts::AttemptMetrics;
pub use backlog::BacklogMetrics;
pub use build_info::BuildInfo;
pub use logs::{InitError, InvalidFilter, LogFilter, LogFormat, Telemetry, TelemetryConfig, init};
pub use metrics::Metrics;
pub use models::{CacheEvent, ModelLabels, ModelMetrics};
pub use process::resident_bytes;
pub use requests::{OpenConnection, RequestMetrics};
pub use work::{Load, Outcome, Subject, WorkMetrics};
