//! Logs, for people or for machines, always on standard error; and where traces go.

use std::fmt;
use std::str::FromStr;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{Registry, fmt as lines};

use super::trace::{self, TraceConfig};

/// How and what to log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TelemetryConfig {
    /// For people or for machines.
    pub format: LogFormat,
    /// Which events are written.
    pub filter: LogFilter,
    /// Where traces go.
    pub trace: TraceConfig,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One readable line per event.
    #[default]
    Human,
    /// One JSON object per line.
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "human" => Ok(Self::Human),
            "json" => Ok(Self::Json),
            _ => Err("expected `human` or `json`".to_owned()),
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Human => "human",
            Self::Json => "json",
        })
    }
}

/// A filter such as `info` or `warn,cogd::worker=debug`, known to be well formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter(String);

/// The text is not a list of levels and `target=level` pairs.
#[derive(Debug, thiserror::Error)]
#[error("expected a level, or `target=level` pairs separated by commas")]
pub struct InvalidFilter(#[source] tracing_subscriber::filter::ParseError);

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

impl FromStr for LogFilter {
    type Err = InvalidFilter;

    fn from_str(text: &str) -> Result<Self, InvalidFilter> {
        EnvFilter::builder().parse(text).map_err(InvalidFilter)?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Why there can be neither logs nor traces.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The process logs already.
    #[error(transparent)]
    Twice(#[from] TryInitError),
    /// Traces are asked for.
    #[cfg(not(feature = "otlp"))]
    #[error("trace.collector is given, but this program was built without the feature `otlp`")]
    NoTraces,
    /// Traces cannot be sent.
    #[cfg(feature = "otlp")]
    #[error(transparent)]
    Exporter(#[from] trace::ExporterError),
}

/// What logs and traces. Sends what has not been sent when it goes.
#[derive(Debug)]
#[must_use = "traces end when this goes"]
pub struct Telemetry {
    #[cfg(feature = "otlp")]
    _exporter: Option<trace::Exporter>,
}

/// Starts logs and traces for the whole process; a panic becomes a log line too.
///
/// # Errors
/// [`InitError`]
pub fn init(config: &TelemetryConfig) -> Result<Telemetry, InitError> {
    let filter = EnvFilter::builder().parse_lossy(&config.filter.0);
    let filter = filter.and(filter_fn(is_for_the_log));
    let lines = lines::layer().with_writer(std::io::stderr);
    let lines = match config.format {
        LogFormat::Human => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
    };
    let subscriber = Registry::default().with(lines.with_filter(filter));
    #[cfg(feature = "otlp")]
    let telemetry = {
        let collector = config.trace.collector.as_ref();
        let exporter = collector.map(|url| trace::Exporter::new(&config.trace, url)).transpose()?;
        let steps = filter_fn(|event| event.target() == trace::TARGET && event.is_span());
        let layer = exporter.as_ref().map(|exporter| exporter.layer().with_filter(steps));
        subscriber.with(layer).try_init()?;
        Telemetry { _exporter: exporter }
    };
    #[cfg(not(feature = "otlp"))]
    let telemetry = {
        if config.trace.collector.is_some() {
            return Err(InitError::NoTraces);
        }
        subscriber.try_init()?;
        Telemetry {}
    };
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a thread panicked")));
    Ok(telemetry)
}

/// Whether something may be in the log, whatever filter is asked for.
fn is_for_the_log(event: &Metadata<'_>) -> bool {
    // The steps of traces would be seen in every line.
    let is_step = event.target() == trace::TARGET;
    // When it connects, this client shows the passwords and tokens of its addresses.
    let is_told = event.target().starts_with("async_nats") && *event.level() > Level::INFO;
    !is_step && !is_told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_cannot_be_read_is_refused_when_it_is_given() {
        assert!("info,cogd=loud".parse::<LogFilter>().is_err());
        assert_eq!("warn,cogd::worker=debug".parse::<LogFilter>().unwrap().to_string().len(), 23);
    }

    #[test]
    fn a_format_reads_back_as_it_was_written() {
        for format in [LogFormat::Human, LogFormat::Json] {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert!("xml".parse::<LogFormat>().is_err());
    }
}
