//! Whether one more job fits.

use std::time::Duration;

use super::WorkerConfig;
use crate::telemetry::Load;

/// Why a job was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The pool holds as much as it may.
    #[error(transparent)]
    Full(#[from] Overload),
    /// The pool is finishing what it has and takes nothing new.
    #[error("the service is shutting down")]
    Draining,
}

/// Which limit a job ran into, and when to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Overload {
    /// Too many jobs wait already.
    #[error("{queued} requests are waiting, and {limit} may")]
    Queue {
        /// Jobs that may wait.
        limit: usize,
        /// Jobs that do wait.
        queued: usize,
        /// When a place is likely to be free.
        retry_after: Duration,
    },
    /// Too many pixels are queued and running already.
    #[error("{actual} pixels would be in flight, and {limit} may")]
    Pixels {
        /// Pixels that may be in flight.
        limit: u64,
        /// Pixels that would be in flight with this job.
        actual: u64,
        /// When enough of them are likely to be done.
        retry_after: Duration,
    },
}

/// The limits of a pool and what it has learnt about the length of its jobs.
#[derive(Debug)]
pub(super) struct Admission {
    queue_length: usize,
    pixels_in_flight: u64,
    workers: usize,
    /// Moving average of the run time of finished jobs, in seconds.
    typical_seconds: f64,
}

/// Weight of the newest job in the moving average.
const NEWEST: f64 = 0.2;
/// Bounds of the advice when to come back, in seconds.
const PATIENCE: (f64, f64) = (1.0, 60.0);

impl Admission {
    pub(super) fn new(config: &WorkerConfig, workers: usize) -> Self {
        Self {
            queue_length: config.queue_length,
            pixels_in_flight: config.pixels_in_flight,
            workers,
            typical_seconds: 1.0,
        }
    }

    /// Decides on one more job of so many pixels.
    ///
    /// A job larger than the whole budget passes when it would be alone, for else it never could.
    pub(super) fn admit(&self, load: Load, pixels: u64) -> Result<(), Overload> {
        let actual = load.pixels.saturating_add(pixels);
        let alone = load.queued + load.running == 0;
        if actual > self.pixels_in_flight && !alone {
            let limit = self.pixels_in_flight;
            return Err(Overload::Pixels { limit, actual, retry_after: self.retry_after(load) });
        }
        // A job for which a worker is free does not count as waiting.
        let idle = self.workers.saturating_sub(load.running);
        if load.queued >= self.queue_length + idle {
            let (limit, queued) = (self.queue_length, load.queued);
            return Err(Overload::Queue { limit, queued, retry_after: self.retry_after(load) });
        }
        Ok(())
    }

    /// Learns from a job that ran to its end.
    pub(super) fn learn(&mut self, run: Duration) {
        self.typical_seconds += NEWEST * (run.as_secs_f64() - self.typical_seconds);
    }

    /// The time until all that is here now is likely to be done with.
    fn retry_after(&self, load: Load) -> Duration {
        let rounds = (load.queued + load.running) as f64 / self.workers as f64;
        Duration::from_secs_f64((self.typical_seconds * rounds).clamp(PATIENCE.0, PATIENCE.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission() -> Admission {
        let config =
            WorkerConfig { queue_length: 2, pixels_in_flight: 100, ..WorkerConfig::default() };
        Admission::new(&config, 1)
    }

    #[test]
    fn a_job_above_the_pixel_budget_is_admitted_only_when_alone() {
        assert_eq!(admission().admit(Load::default(), 1000), Ok(()));
        let busy = Load { queued: 0, running: 1, pixels: 1 };
        assert!(matches!(
            admission().admit(busy, 100),
            Err(Overload::Pixels { limit: 100, actual: 101, .. })
        ));
        assert_eq!(admission().admit(busy, 99), Ok(()));
    }

    #[test]
    fn a_free_worker_makes_room_for_one_more() {
        let starting = Load { queued: 2, running: 0, pixels: 2 };
        assert_eq!(admission().admit(starting, 1), Ok(()));
        let full = Load { queued: 2, running: 1, pixels: 3 };
        assert!(matches!(
            admission().admit(full, 1),
            Err(Overload::Queue { limit: 2, queued: 2, .. })
        ));
    }

    #[test]
    fn the_advice_follows_the_length_of_recent_jobs() {
        let mut admission = admission();
        let full = Load { queued: 2, running: 1, pixels: 3 };
        for _ in 0..100 {
            admission.learn(Duration::from_secs(5));
        }
        let advised = admission.retry_after(full).as_secs_f64();
        assert!((advised - 15.0).abs() < 0.1, "three jobs of five seconds, not {advised}");
        for _ in 0..100 {
            admission.learn(Duration::from_millis(1));
        }
        assert_eq!(admission.retry_after(full), Duration::from_secs(1));
    }
}
