//! Settings of webhooks.

use std::time::Duration;

use super::{Allowed, WebhookSecret};
use crate::jobs::RetryPolicy;

/// Who may be told of the ends of jobs, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookConfig {
    /// What events are signed with; without it there are no webhooks.
    pub secret: Option<WebhookSecret>,
    /// Targets that may be called although they are not on the public internet.
    pub allow: Vec<Allowed>,
    /// Longest time for a receiver to answer.
    pub timeout: Duration,
    /// When an event that did not arrive is sent again.
    pub retry: RetryPolicy,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        let retry = RetryPolicy {
            max_attempts: 12,
            base: Duration::from_millis(100),
            longest: Duration::from_mins(10),
        };
        Self { secret: None, allow: Vec::new(), timeout: Duration::from_secs(10), retry }
    }
}
