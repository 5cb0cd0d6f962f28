//! Settings of the HTTP service.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use axum::http::{HeaderValue, Uri};

use super::RootPath;
use crate::storage::SigningKey;

/// Where the service listens and how patient it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// Address to listen on; port 0 takes any free one.
    pub bind: SocketAddr,
    /// The path that a proxy serves us below.
    pub root_path: RootPath,
    /// Address on which a process that only works on jobs tells how it is; none by default.
    pub worker_bind: Option<SocketAddr>,
    /// Longest request body in bytes, after decompression.
    pub max_body_bytes: u64,
    /// Connections served at the same time; more wait to be accepted.
    pub max_connections: usize,
    /// Longest time for the header of a request to arrive.
    pub header_timeout: Duration,
    /// Longest time for the whole body of a request to arrive.
    pub body_timeout: Duration,
    /// Longest time that a client may take nothing of its answer.
    pub write_timeout: Duration,
    /// Time that requests at hand are given when the service stops.
    pub shutdown_grace: Duration,
    /// Origins whose pages may call the service; none by default.
    pub cors_origins: Vec<Origin>,
    /// Whether there is a page at `/` to repair pictures with.
    pub playground: bool,
    /// Whether masks of the `OpenAI` dialect must be transparent somewhere.
    pub openai_strict_mask: bool,
    /// Folder of a web page that is served at `/`.
    pub ui_dir: Option<PathBuf>,
    /// What the addresses of results are signed with; made and kept in `data_dir` if not given.
    pub url_secret: Option<SigningKey>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            root_path: RootPath::default(),
            worker_bind: None,
            max_body_bytes: 96 << 20,
            max_connections: 1024,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_mins(1),
            write_timeout: Duration::from_mins(1),
            shutdown_grace: Duration::from_secs(30),
            cors_origins: Vec::new(),
            playground: true,
            openai_strict_mask: false,
            ui_dir: None,
            url_secret: None,
        }
    }
}

/// An origin as a browser sends it, such as `https://example.org`, or `*` for any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// The text is not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `*`, or scheme and host without a path, such as `https://example.org`")]
pub struct InvalidOrigin;

impl Origin {
    pub(super) fn is_any(&self) -> bool {
        self.0 == "*"
    }

    pub(super) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("an origin was parsed from plain ASCII")
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let is_origin = text.parse::<Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.authority().is_some()
                && uri.path_and_query().is_none_or(|path| path == "/")
                && !text.ends_with('/')
        });
        if text == "*" || is_origin { Ok(Self(text.to_owned())) } else { Err(InvalidOrigin) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_a_scheme_and_a_host_and_nothing_else() {
        for good in ["*", "http://localhost:3000", "https://example.org"] {
            assert_eq!(good.parse::<Origin>().unwrap().to_string(), good);
        }
        for bad in ["", "example.org", "https://example.org/", "https://a.b/c", "ftp://a.b"] {
            assert_eq!(bad.parse::<Origin>(), Err(InvalidOrigin), "{bad}");
        }
    }
}
