//! Counts and times of one model, as the Open Inference Protocol reports them.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::command::Timings;

/// How often something was done and how long it took altogether.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often.
    pub count: u64,
    /// Nanoseconds altogether.
    pub ns: u64,
}

impl Tally {
    fn add(&mut self, duration: Duration) {
        self.count += 1;
        self.ns = self.ns.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }
}

/// Times of the batches of one size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchTally {
    /// Joining the inputs.
    pub compute_input: Tally,
    /// The network itself.
    pub compute_infer: Tally,
    /// Taking the outputs apart.
    pub compute_output: Tally,
}

/// What a model has done since it was loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Rows computed: a request with a first axis of three counts three times.
    pub inference_count: u64,
    /// Runs of the network; fewer than requests where some ran together.
    pub execution_count: u64,
    /// When it last computed, in milliseconds since 1970; zero if never.
    pub last_inference_ms: u64,
    /// Requests answered, from acceptance to answer.
    pub success: Tally,
    /// Requests accepted but not answered, for whatever reason.
    pub fail: Tally,
    /// Waiting in the queue, for every request answered.
    pub queue: Tally,
    /// Joining the inputs, for every request answered.
    pub compute_input: Tally,
    /// The network itself, for every request answered.
    pub compute_infer: Tally,
    /// Taking the outputs apart, for every request answered.
    pub compute_output: Tally,
    /// Runs of the network by the length of the first axis.
    pub batches: BTreeMap<usize, BatchTally>,
    /// Requests refused because the queue was full.
    pub overloaded: u64,
    /// Requests whose caller left before they were computed.
    pub cancelled: u64,
    /// Requests whose time was up before they were computed.
    pub expired: u64,
    /// Sessions built anew after a fault.
    pub rebuilt: u64,
}

impl Statistics {
    /// Counts one run of the network over a batch.
    pub fn ran(&mut self, rows: usize, timings: &Timings) {
        self.execution_count += 1;
        self.inference_count += rows as u64;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.last_inference_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let batch = self.batches.entry(rows).or_default();
        batch.compute_input.add(timings.input);
        batch.compute_infer.add(timings.infer);
        batch.compute_output.add(timings.output);
    }

    /// Counts one request that was answered.
    pub fn answered(&mut self, timings: &Timings, total: Duration) {
        self.success.add(total);
        self.queue.add(timings.queue);
        self.compute_input.add(timings.input);
        self.compute_infer.add(timings.infer);
        self.compute_output.add(timings.output);
    }

    /// Counts one request that was accepted but not answered.
    pub fn failed(&mut self, total: Duration) {
        self.fail.add(total);
    }
}
