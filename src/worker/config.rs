//! Settings of the worker pool.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

/// How much is computed at once, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerConfig {
    /// Jobs that run at the same time.
    pub threads: ThreadCount,
    /// Threads of the pool that all running jobs share for their inner loops.
    pub compute_threads: ThreadCount,
    /// Jobs that may wait for a worker.
    pub queue_length: usize,
    /// Pixels that may be queued and running together.
    pub pixels_in_flight: u64,
    /// Longest time from the acceptance of a job to its end.
    pub deadline: Duration,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            threads: ThreadCount::Auto,
            compute_threads: ThreadCount::Auto,
            queue_length: 32,
            pixels_in_flight: 100_000_000,
            deadline: Duration::from_mins(2),
        }
    }
}

/// A number of threads, or as many as this process may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThreadCount {
    /// As many as the processors it may run on and the CPU quota of its container allow.
    #[default]
    Auto,
    /// Exactly so many.
    Exactly(NonZeroUsize),
}

impl ThreadCount {
    /// The number of threads meant, at least one.
    ///
    /// The standard library looks at the affinity mask and at the quotas of both versions of
    /// control groups, rounded down.
    pub fn resolve(self) -> NonZeroUsize {
        match self {
            Self::Exactly(count) => count,
            Self::Auto => std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }
}

impl FromStr for ThreadCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        match text.parse::<NonZeroUsize>() {
            Ok(count) if count.get() <= 1024 => Ok(Self::Exactly(count)),
            _ => Err("expected `auto` or a number from 1 to 1024".to_owned()),
        }
    }
}

impl fmt::Display for ThreadCount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Exactly(count) => count.fmt(formatter),
        }
    }
}
