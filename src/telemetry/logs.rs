//! Logs: for people or for machines, always on standard error.

use std::fmt;
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// How and what to log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TelemetryConfig {
    /// For people or for machines.
    pub format: LogFormat,
    /// Which events are written.
    pub filter: LogFilter,
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

/// Starts logging for the whole process; a panic becomes a log line too.
///
/// # Errors
/// If the process logs already.
pub fn init(config: &TelemetryConfig) -> Result<(), TryInitError> {
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::builder().parse_lossy(&config.filter.0))
        .with_writer(std::io::stderr);
    match config.format {
        LogFormat::Human => subscriber.finish().try_init()?,
        LogFormat::Json => {
            subscriber.json().flatten_event(true).with_current_span(false).finish().try_init()?;
        }
    }
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a thread panicked")));
    Ok(())
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
