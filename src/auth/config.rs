//! Settings of access.

use std::fmt;
use std::str::FromStr;

use super::Rate;

/// Who may call, and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct AuthConfig {
    /// Whether keys are asked for.
    pub mode: AuthMode,
    /// Requests that a key may make each second in the long run; 0 sets no limit.
    pub requests_per_second: f64,
    /// Requests that a key may make at once after a pause.
    pub burst: u32,
    /// Whether metrics are shown without a key.
    pub open_metrics: bool,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self { mode: AuthMode::Auto, requests_per_second: 50.0, burst: 100, open_metrics: false }
    }
}

impl AuthConfig {
    /// Whether a service that listens on loopback, or on another address, asks for keys.
    pub fn asks_for_keys(&self, on_loopback: bool) -> bool {
        match self.mode {
            AuthMode::Auto => !on_loopback,
            AuthMode::Keys => true,
            AuthMode::Open => false,
        }
    }

    /// How often a key may ask; `None` if there is no limit.
    pub fn rate(&self) -> Option<Rate> {
        (self.requests_per_second > 0.0)
            .then_some(Rate { per_second: self.requests_per_second, burst: self.burst })
    }
}

/// Whether keys are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthMode {
    /// Unless only this computer can reach the service.
    #[default]
    Auto,
    /// Always.
    Keys,
    /// Never: something in front of the service decides who may call.
    Open,
}

/// The text is not the name of a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `auto`, `keys` or `open`")]
pub struct UnknownMode;

impl FromStr for AuthMode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        match text {
            "auto" => Ok(Self::Auto),
            "keys" => Ok(Self::Keys),
            "open" => Ok(Self::Open),
            _ => Err(UnknownMode),
        }
    }
}

impl fmt::Display for AuthMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Auto => "auto",
            Self::Keys => "keys",
            Self::Open => "open",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_asked_for_wherever_others_can_reach_the_service() {
        let asks = |mode, on_loopback| {
            AuthConfig { mode, ..AuthConfig::default() }.asks_for_keys(on_loopback)
        };
        assert!(asks(AuthMode::Auto, false) && !asks(AuthMode::Auto, true));
        assert!(asks(AuthMode::Keys, false) && asks(AuthMode::Keys, true));
        assert!(!asks(AuthMode::Open, false) && !asks(AuthMode::Open, true));
        for mode in [AuthMode::Auto, AuthMode::Keys, AuthMode::Open] {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
    }
}
