//! What waits in the queue of jobs, which all processes of a service share.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PriorityLabels {
    priority: &'static str,
}

/// What is in the queue of jobs. Every process of a service tells the same.
#[derive(Debug, Default)]
pub struct BacklogMetrics {
    waiting: Family<PriorityLabels, Gauge>,
    running: Gauge,
    oldest: Gauge<f64, AtomicU64>,
}

impl BacklogMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "backlog_waiting",
            "Accepted jobs that wait, in all processes, by priority",
            self.waiting.clone(),
        );
        registry.register(
            "backlog_running",
            "Accepted jobs that are worked on, in all processes",
            self.running.clone(),
        );
        registry.register_with_unit(
            "backlog_oldest",
            "How long ago the oldest job that waits was accepted; 0 if none waits",
            Unit::Seconds,
            self.oldest.clone(),
        );
    }

    /// Takes note of what is there now: jobs that wait, by priority, jobs that are worked on, and
    /// the age of the oldest that waits.
    pub fn set(
        &self,
        waiting: impl IntoIterator<Item = (&'static str, u64)>,
        running: u64,
        oldest: Duration,
    ) {
        for (priority, count) in waiting {
            self.waiting
                .get_or_create(&PriorityLabels { priority })
                .set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        self.running.set(i64::try_from(running).unwrap_or(i64::MAX));
        self.oldest.set(oldest.as_secs_f64());
    }
}
