//! Traces: which steps one request led to, in whatever process they were done.
//!
//! A step is a span of `tracing` with the target [`TARGET`]. The log does not show them; a build
//! with the feature `otlp` hands them to a collector if the settings name one. The context of a
//! trace is taken from callers, kept with jobs and handed on to webhooks in every build.

mod config;
mod context;
#[cfg(feature = "otlp")]
mod export;

use tracing::Span;

pub use config::{
    CollectorUrl, InvalidCollectorUrl, InvalidTraceHeaders, TraceConfig, TraceHeaders,
};
pub use context::{InvalidTraceContext, TraceContext};
#[cfg(feature = "otlp")]
pub(super) use export::Exporter;
#[cfg(feature = "otlp")]
pub use export::ExporterError;

/// The target of all spans that are steps of a trace.
pub const TARGET: &str = "cogd::trace";

/// Makes a new span a step of the trace that its cause belongs to, or the first of a new one.
/// Gives what is to be handed on to whatever it causes: the span, if it is recorded, else its
/// cause.
pub fn join(span: &Span, cause: Option<TraceContext>) -> TraceContext {
    #[cfg(feature = "otlp")]
    if let Some(context) = export::join(span, cause) {
        return context;
    }
    #[cfg(not(feature = "otlp"))]
    let _ = span;
    cause.unwrap_or_else(TraceContext::generate)
}
