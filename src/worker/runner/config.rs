//! Settings of the runner of jobs.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::jobs::RetryPolicy;
use crate::worker::ThreadCount;

/// How jobs are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunnerConfig {
    /// Jobs that this process runs at the same time.
    pub slots: Slots,
    /// Time between two signs of life of a running job.
    pub heartbeat: Duration,
    /// Longest time one attempt may take.
    pub deadline: Duration,
    /// How often, and when, an attempt that failed by no fault of the job is made again.
    pub retry: RetryPolicy,
    /// Time between two sweeps for what has expired.
    pub sweep: Duration,
    /// Age from which a file without a job counts as left behind.
    pub orphan_age: Duration,
}

impl Default for RunnerConfig {
    fn default() -> Self {
        Self {
            slots: Slots::Auto,
            heartbeat: Duration::from_secs(1),
            deadline: Duration::from_hours(1),
            retry: RetryPolicy::default(),
            sweep: Duration::from_mins(1),
            orphan_age: Duration::from_hours(1),
        }
    }
}

/// How many jobs are run at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slots {
    /// One worker fewer than there are, at least one: requests that wait find a free one.
    Auto,
    /// So many; none leaves all jobs to other processes.
    Fixed(u16),
}

impl Slots {
    /// The number of slots beside that many worker threads.
    pub fn resolve(self, threads: ThreadCount) -> usize {
        match self {
            Self::Auto => threads.resolve().get().saturating_sub(1).max(1),
            Self::Fixed(slots) => slots.into(),
        }
    }
}

/// The text is not a number of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `auto` or a number from 0 to 1024")]
pub struct InvalidSlots;

impl FromStr for Slots {
    type Err = InvalidSlots;

    fn from_str(text: &str) -> Result<Self, InvalidSlots> {
        match (text, text.parse()) {
            ("auto", _) => Ok(Self::Auto),
            (_, Ok(slots @ 0..=1024)) => Ok(Self::Fixed(slots)),
            _ => Err(InvalidSlots),
        }
    }
}

impl fmt::Display for Slots {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Fixed(slots) => slots.fmt(formatter),
        }
    }
}
