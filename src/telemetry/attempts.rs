//! What is counted of accepted jobs, each time one is worked on, and of webhooks.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    kind: &'static str,
    ending: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndingLabels {
    ending: &'static str,
}

/// How an attempt of a job may end.
const ENDINGS: [&str; 5] = ["succeeded", "failed", "cancelled", "handed-back", "lost"];

/// The metrics of what this process did for the jobs of the queue.
#[derive(Debug, Default)]
pub struct AttemptMetrics {
    attempts: Family<AttemptLabels, Counter>,
    failures: Family<FailureLabels, Counter>,
    webhooks: Family<EndingLabels, Counter>,
}

impl AttemptMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "job_attempts",
            "Attempts of accepted jobs that this process made, by kind and ending",
            self.attempts.clone(),
        );
        registry.register(
            "job_failures",
            "Accepted jobs that failed in this process, by the code of the problem",
            self.failures.clone(),
        );
        registry.register(
            "webhook_attempts",
            "Attempts of this process to tell a webhook, by ending",
            self.webhooks.clone(),
        );
    }

    /// Has these kinds of jobs and codes of problems be shown before they happen, so that the first
    /// time is seen as one more.
    pub fn expect(
        &self,
        kinds: impl IntoIterator<Item = &'static str>,
        codes: impl IntoIterator<Item = &'static str>,
    ) {
        for kind in kinds {
            for ending in ENDINGS {
                self.attempts.get_or_create(&AttemptLabels { kind, ending }).inc_by(0);
            }
        }
        for code in codes {
            self.failures.get_or_create(&FailureLabels { code: code.to_owned() }).inc_by(0);
        }
        for ending in ["delivered", "again", "failed"] {
            self.webhooks.get_or_create(&EndingLabels { ending }).inc_by(0);
        }
    }

    /// Counts one attempt of a job.
    pub fn attempt(&self, kind: &'static str, ending: &'static str) {
        self.attempts.get_or_create(&AttemptLabels { kind, ending }).inc();
    }

    /// Counts one job that failed, by the code of its problem.
    pub fn failure(&self, code: &str) {
        self.failures.get_or_create(&FailureLabels { code: code.to_owned() }).inc();
    }

    /// Counts one attempt to tell a webhook.
    pub fn webhook(&self, ending: &'static str) {
        self.webhooks.get_or_create(&EndingLabels { ending }).inc();
    }
}
