//! Lets callers in: recognises their keys and counts their requests.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

use super::rights::Need;
use crate::auth::{ApiKey, AuthConfig, AuthMode, Limiter, Principal, Quota, Rate, Scope};
use crate::storage::{Clock, Database, KeyRing, StorageError};

/// The other header that a key may stand in.
pub(super) const KEY_HEADER: &str = "x-api-key";

/// How often an address may come with a key that is none.
const FAILURES: Rate = Rate { per_second: 0.5, burst: 20 };

/// The address that a request came from, where it came through a socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientAddress(pub(super) SocketAddr);

/// Who may pass, and how often.
#[derive(Debug)]
pub struct Gate {
    /// `None` if no key is asked for.
    keys: Option<KeyRing>,
    open_metrics: bool,
    requests: Option<Limiter>,
    failures: Limiter,
    /// What the limiters count from.
    began: Instant,
}

/// Why a caller may not pass.
#[derive(Debug)]
pub(super) enum Denied {
    /// No key was given.
    NoKey,
    /// What was given is no key, or is one no more.
    WrongKey,
    /// Too many wrong keys came from the address.
    TooManyFailures(Quota),
    /// Too many requests were made with the key.
    TooManyRequests(Quota),
    /// The key lacks a scope.
    Lacks(Scope),
    /// Keys cannot be looked up at the moment.
    Unavailable(StorageError),
}

/// A caller who may pass.
#[derive(Debug)]
pub(super) struct Admitted {
    /// Who it is; `None` where nobody is asked.
    pub(super) principal: Option<Principal>,
    /// What may still be asked, where that is limited.
    pub(super) quota: Option<Quota>,
}

/// Why there can be no gate.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// Others can reach the service, keys are asked for, and nobody has one.
    #[error(
        "others can reach {bind} (bind), so callers need an API key, and there is none: make one \
         with `cogd keys create NAME --scope restore`, or set auth.mode=open if something in front \
         of the service decides who may call"
    )]
    NoKeys {
        /// The address to listen on.
        bind: SocketAddr,
    },
    /// The keys cannot be looked at.
    #[error("the API keys cannot be read")]
    Storage(#[from] StorageError),
}

impl Gate {
    /// The gate of a service that listens on `bind`.
    ///
    /// # Errors
    /// [`GateError::NoKeys`] if the mode is `auto`, others can reach the service, and there is no
    /// key: it was not meant to be open, and could not be used.
    pub async fn build(
        config: &AuthConfig,
        bind: SocketAddr,
        database: &Database,
        clock: &Clock,
    ) -> Result<Self, GateError> {
        let gate = Self::at(config, bind, database, clock);
        if gate.keys.is_some() && !database.has_keys().await? {
            if config.mode == AuthMode::Auto {
                return Err(GateError::NoKeys { bind });
            }
            tracing::warn!("there is no API key yet, so nobody can call: `cogd keys create`");
        }
        Ok(gate)
    }

    /// The gate of whatever listens on `bind`, whether or not there is a key yet.
    pub fn at(config: &AuthConfig, bind: SocketAddr, database: &Database, clock: &Clock) -> Self {
        if config.asks_for_keys(bind.ip().to_canonical().is_loopback()) {
            Self::new(config, KeyRing::new(database.clone(), clock.clone()))
        } else {
            Self::open()
        }
    }

    /// A gate that asks nobody for a key.
    pub fn open() -> Self {
        Self::with(None, &AuthConfig::default())
    }

    /// A gate that asks for keys.
    pub fn new(config: &AuthConfig, keys: KeyRing) -> Self {
        Self::with(Some(keys), config)
    }

    fn with(keys: Option<KeyRing>, config: &AuthConfig) -> Self {
        Self {
            keys,
            open_metrics: config.open_metrics,
            requests: config.rate().map(Limiter::new),
            failures: Limiter::new(FAILURES),
            began: Instant::now(),
        }
    }

    /// Whether a caller with these headers may do what needs `need`.
    pub(super) async fn admit(
        &self,
        need: Need,
        headers: &HeaderMap,
        client: Option<ClientAddress>,
    ) -> Result<Admitted, Denied> {
        let scope = match need {
            Need::Nothing => return Ok(Admitted { principal: None, quota: None }),
            Need::Metrics if self.open_metrics => {
                return Ok(Admitted { principal: None, quota: None });
            }
            Need::Metrics => Some(Scope::Admin),
            Need::Key => None,
            Need::Scope(scope) => Some(scope),
        };
        let Some(keys) = &self.keys else {
            return Ok(Admitted { principal: Some(Principal::open()), quota: None });
        };
        let principal = self.identify(keys, headers, client).await?;
        let quota = match &self.requests {
            Some(limiter) => {
                Some(limiter.take(&principal.id, self.now()).map_err(Denied::TooManyRequests)?)
            }
            None => None,
        };
        match scope {
            Some(scope) if !principal.may(scope) => Err(Denied::Lacks(scope)),
            _ => Ok(Admitted { principal: Some(principal), quota }),
        }
    }

    /// An address from which too many wrong keys came is not listened to for a while, so that
    /// keys cannot be tried at speed and the database is not asked about them. Callers from there
    /// whose keys were recognised a moment ago pass all the same.
    async fn identify(
        &self,
        keys: &KeyRing,
        headers: &HeaderMap,
        client: Option<ClientAddress>,
    ) -> Result<Principal, Denied> {
        let given = given_key(headers).ok_or(Denied::NoKey)?;
        // What cannot be a key needs no look into the database, and brings nobody nearer to one.
        let key = given.parse::<ApiKey>().map_err(|_| Denied::WrongKey)?;
        if let Some(principal) = keys.recall(&key) {
            return Ok(principal);
        }
        let from = client.map_or_else(String::new, |client| neighbourhood(client.0.ip()));
        let quota = self.failures.peek(&from, self.now());
        if quota.remaining == 0 {
            return Err(Denied::TooManyFailures(quota));
        }
        let principal = keys.recognise(&key).await.map_err(Denied::Unavailable)?;
        principal.ok_or_else(|| match self.failures.take(&from, self.now()) {
            Ok(_) => Denied::WrongKey,
            Err(quota) => Denied::TooManyFailures(quota),
        })
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

/// The text that was given as a key, if any was.
fn given_key(headers: &HeaderMap) -> Option<&str> {
    // Bytes that are no text, or another scheme, are a wrong key and not a missing one.
    if let Some(value) = headers.get(AUTHORIZATION) {
        let value = value.to_str().unwrap_or_default();
        let (scheme, key) = value.split_once(' ').unwrap_or((value, ""));
        return Some(if scheme.eq_ignore_ascii_case("bearer") { key.trim() } else { "" });
    }
    headers.get(KEY_HEADER).map(|value| value.to_str().unwrap_or_default().trim())
}

/// What counts as one address: a network of IPv6 is given to one customer as a whole.
fn neighbourhood(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_in_either_header() {
        let given = |name: &'static str, value: &'static str| {
            let headers = HeaderMap::from_iter([(
                axum::http::HeaderName::from_static(name),
                axum::http::HeaderValue::from_static(value),
            )]);
            given_key(&headers).map(str::to_owned)
        };
        assert_eq!(given("authorization", "Bearer abc").as_deref(), Some("abc"));
        assert_eq!(given("authorization", "bearer  abc ").as_deref(), Some("abc"));
        assert_eq!(given("x-api-key", "abc").as_deref(), Some("abc"));
        assert_eq!(given("authorization", "Basic YTpi").as_deref(), Some(""));
        assert_eq!(given("authorization", "Bearer").as_deref(), Some(""));
        assert_eq!(given("accept", "abc"), None);
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let name = |text: &str| neighbourhood(text.parse().unwrap());
        assert_eq!(name("2001:db8:1:2:3::4"), name("2001:db8:1:2:5::6"));
        assert_ne!(name("2001:db8:1:2::"), name("2001:db8:1:3::"));
        assert_eq!(name("::ffff:192.0.2.1"), name("192.0.2.1"));
        assert_ne!(name("192.0.2.1"), name("192.0.2.2"));
    }
}
