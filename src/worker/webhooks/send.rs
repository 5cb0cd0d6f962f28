//! Sends one event, to the addresses that were checked and no others.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

use super::target::{Allowed, is_allowed_host, may_call, parse};
use super::{WebhookConfig, WebhookSecret};
use crate::jobs::Timestamp;
use crate::storage::{Delivery, install_tls};
use crate::telemetry::trace::TraceContext;

/// Longest time for a connection to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How an attempt went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// The receiver has the event.
    Delivered,
    /// It may work another time.
    NotNow(String),
    /// It will never work.
    Never(String),
}

/// Sends events.
#[derive(Debug)]
pub(super) struct Sender {
    client: Client,
    allow: Arc<[Allowed]>,
}

impl Sender {
    /// A sender that follows no redirection and uses no proxy: both would lead to addresses that
    /// nobody has checked.
    pub(super) fn new(config: &WebhookConfig) -> reqwest::Result<Self> {
        install_tls();
        let allow: Arc<[Allowed]> = config.allow.clone().into();
        let client = Client::builder()
            .dns_resolver(Arc::new(Guard { allow: Arc::clone(&allow) }))
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(config.timeout)
            .user_agent(concat!("cogd/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, allow })
    }

    /// Makes one attempt. The body of the answer is not read.
    pub(super) async fn send(
        &self,
        delivery: &Delivery,
        secret: &WebhookSecret,
        trace: TraceContext,
        now: Timestamp,
    ) -> Sent {
        // The settings may have changed since the target was accepted.
        let url = match parse(&delivery.url, &self.allow) {
            Ok(url) => url,
            Err(rejected) => return Sent::Never(rejected.to_string()),
        };
        // The same for every attempt, so that a receiver can tell what it has seen.
        let id = format!("msg_{}", delivery.job);
        let seconds = now.0.div_euclid(1000);
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(TraceContext::HEADER, trace.to_string())
            .header("webhook-id", &id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", secret.sign(&id, seconds, &delivery.body))
            .body(delivery.body.clone());
        match request.send().await.map(|answer| answer.status()) {
            Ok(status) if status.is_success() => Sent::Delivered,
            Ok(status) if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                Sent::NotNow(format!("the receiver answered {status}"))
            }
            Ok(status) => Sent::Never(format!("the receiver answered {status}")),
            Err(error) => failed(&error.without_url()),
        }
    }
}

fn failed(error: &reqwest::Error) -> Sent {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<InnerHost>() {
            return Sent::Never(error.to_string());
        }
        told = format!("{told}: {error}");
        cause = error.source();
    }
    Sent::NotNow(told)
}

/// Looks up names once and lets nobody connect to an inner address.
#[derive(Debug)]
struct Guard {
    allow: Arc<[Allowed]>,
}

/// A name that stands for an inner address.
#[derive(Debug)]
struct InnerHost(String);

impl Error for InnerHost {}

impl fmt::Display for InnerHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} has an address that is not on the public internet", self.0)
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (name, allow) = (name.as_str().to_owned(), Arc::clone(&self.allow));
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            // One inner address is enough: the next connection could go there.
            let is_inner = |address: &SocketAddr| !may_call(address.ip(), &allow);
            if !is_allowed_host(&name, &allow) && found.iter().any(is_inner) {
                return Err(InnerHost(name).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn look_up(name: &str, allow: &[&str]) -> Result<usize, String> {
        let allow = allow.iter().map(|text| text.parse().unwrap()).collect();
        let found = Guard { allow }.resolve(name.parse().unwrap()).await;
        found.map(Iterator::count).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_name_that_stands_for_an_inner_address_leads_nowhere() {
        let refused = look_up("localhost", &[]).await.unwrap_err();
        assert!(refused.contains("localhost has an address"), "{refused}");
        assert!(look_up("localhost", &["127.0.0.0/8", "::1"]).await.unwrap() > 0);
        assert!(look_up("localhost", &["localhost"]).await.unwrap() > 0);
        assert!(look_up("localhost", &["other.internal", "10.0.0.0/8"]).await.is_err());
    }
}
