//! Where requests go, and their bytes.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;

use anyhow::{Context as _, ensure};
use url::Url;

use crate::bench::LoadCase;

/// What no part of a request contains.
const BOUNDARY: &str = "cogd-bench-load-7f3a91c05e";

/// A service, and what all requests to it have in common.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) address: SocketAddr,
    host: String,
    /// What comes before every path.
    root: String,
    key: Option<String>,
}

impl FromStr for Target {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let url = Url::parse(text)?;
        ensure!(url.scheme() == "http", "only http:// is spoken");
        let host = url.host_str().context("a host is missing")?;
        let port = url.port_or_known_default().unwrap_or(80);
        let address = format!("{host}:{port}").to_socket_addrs()?.next();
        Ok(Self {
            address: address.with_context(|| format!("{host} has no address"))?,
            host: format!("{host}:{port}"),
            root: url.path().trim_end_matches('/').to_owned(),
            key: None,
        })
    }
}

impl Target {
    /// Has all requests come with a key.
    pub(super) fn give_key(&mut self, key: &str) -> anyhow::Result<()> {
        ensure!(
            !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic()),
            "that is no key"
        );
        self.key = Some(key.to_owned());
        Ok(())
    }

    /// A request without a body.
    pub(super) fn plain(&self, method: &str, path: &str) -> Vec<u8> {
        format!("{}\r\n", self.head(method, path)).into_bytes()
    }

    /// A request with a form, as JSON or as a job if it is to be one.
    pub(super) fn form(&self, case: &LoadCase, is_job: bool) -> Vec<u8> {
        let mut body: Vec<u8> = Vec::new();
        for (name, value) in &case.parts {
            let head =
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend(head.as_bytes());
            body.extend(value);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{BOUNDARY}--\r\n").as_bytes());
        let prefer = if is_job { "Prefer: respond-async\r\n" } else { "" };
        let mut request = format!(
            "{}{prefer}Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\
             Content-Length: {}\r\n\r\n",
            self.head("POST", case.path),
            body.len(),
        )
        .into_bytes();
        request.extend(body);
        request
    }

    /// The beginning of every head. A path that is a link already has the root.
    fn head(&self, method: &str, path: &str) -> String {
        let root = if path.starts_with(&format!("{}/", self.root)) { "" } else { &self.root };
        let key = self.key.as_ref().map(|key| format!("Authorization: Bearer {key}\r\n"));
        let key = key.unwrap_or_default();
        format!("{method} {root}{path} HTTP/1.1\r\nHost: {}\r\n{key}", self.host)
    }
}
