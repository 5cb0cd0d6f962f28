//! Where traces go, and how many.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// Where traces go, and how many.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceConfig {
    /// The collector; without one nothing is recorded.
    pub collector: Option<CollectorUrl>,
    /// What every request to the collector says besides.
    pub headers: Option<TraceHeaders>,
    /// Share of the traces that are recorded, of those that begin here. 0 to 1.
    pub sample_ratio: f64,
    /// What this service is called.
    pub service_name: String,
}

impl Default for TraceConfig {
    fn default() -> Self {
        let service_name = env!("CARGO_PKG_NAME").to_owned();
        Self { collector: None, headers: None, sample_ratio: 1.0, service_name }
    }
}

/// The address of a collector that takes OTLP by HTTP, such as `http://collector:4318`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectorUrl(Url);

/// The text is not the address of a collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected http:// or https://, a host, and perhaps a port and a path")]
pub struct InvalidCollectorUrl;

impl CollectorUrl {
    /// Where traces are sent to, by the rule of OTLP.
    #[cfg(feature = "otlp")]
    pub(super) fn traces(&self) -> String {
        format!("{}/v1/traces", self.0.as_str().trim_end_matches('/'))
    }
}

impl FromStr for CollectorUrl {
    type Err = InvalidCollectorUrl;

    fn from_str(text: &str) -> Result<Self, InvalidCollectorUrl> {
        let url = Url::parse(text).map_err(|_| InvalidCollectorUrl)?;
        // What is secret belongs into the headers, which are not shown.
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        if is_web && is_plain { Ok(Self(url)) } else { Err(InvalidCollectorUrl) }
    }
}

impl fmt::Display for CollectorUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// Headers with the secrets that a collector wants to see.
#[derive(Clone, PartialEq, Eq)]
pub struct TraceHeaders(Vec<(String, String)>);

/// The text is no list of headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected NAME=VALUE pairs separated by commas")]
pub struct InvalidTraceHeaders;

impl TraceHeaders {
    /// Names and values.
    #[cfg(feature = "otlp")]
    pub(super) fn expose(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().cloned()
    }
}

impl FromStr for TraceHeaders {
    type Err = InvalidTraceHeaders;

    fn from_str(text: &str) -> Result<Self, InvalidTraceHeaders> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_value = |byte: u8| (b' '..=b'~').contains(&byte);
        let headers: Option<Vec<_>> = text
            .split(',')
            .map(|pair| {
                let (name, value) = pair.split_once('=')?;
                let (name, value) = (name.trim(), value.trim());
                let is_header =
                    !name.is_empty() && name.bytes().all(is_name) && value.bytes().all(is_value);
                is_header.then(|| (name.to_owned(), value.to_owned()))
            })
            .collect();
        headers.map(Self).ok_or(InvalidTraceHeaders)
    }
}

impl fmt::Debug for TraceHeaders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_has_a_host_and_no_secret() {
        for good in ["http://127.0.0.1:4318", "https://otel.example.org/tenant"] {
            assert_eq!(good.parse::<CollectorUrl>().unwrap().to_string(), good);
        }
        for bad in ["", "collector:4318", "grpc://a", "http://u:p@a", "http://a?key=b"] {
            assert_eq!(bad.parse::<CollectorUrl>(), Err(InvalidCollectorUrl), "{bad}");
        }
    }

    #[test]
    fn headers_are_read_and_never_shown() {
        let headers: TraceHeaders = "authorization=Bearer a=b, x-tenant=7".parse().unwrap();
        let read = [("authorization", "Bearer a=b"), ("x-tenant", "7")];
        let read = read.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(headers.0, read);
        assert_eq!(format!("{headers:?}"), "[redacted]");
        for bad in ["", "authorization", "a b=c", "a=b\nc=d", "a=b,,c=d"] {
            assert_eq!(bad.parse::<TraceHeaders>(), Err(InvalidTraceHeaders), "{bad}");
        }
    }
}
