//! `cogd healthcheck`, for containers without curl.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use ureq::Agent;

use crate::config::ConfigFlags;

/// Ask a running server on this machine whether it takes work; fail if it does not.
///
/// Finds the server by the same settings it was started with.
#[derive(Debug, clap::Args)]
pub(super) struct CheckHealth {
    #[command(flatten)]
    settings: ConfigFlags,
}

/// Longest time to wait for the answer.
const PATIENCE: Duration = Duration::from_secs(3);

impl CheckHealth {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let address = reachable(self.settings.load()?.config.http.bind);
        let url = format!("http://{address}/readyz");
        let agent: Agent = Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
        agent.get(&url).call().with_context(|| format!("{url} is not ready"))?;
        Ok(())
    }
}

/// An address to reach a server that listens on `bind`, which may be all addresses.
fn reachable(bind: SocketAddr) -> SocketAddr {
    let address = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    };
    SocketAddr::new(address, bind.port())
}
