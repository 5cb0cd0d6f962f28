//! When a failed attempt is made again.

use core::time::Duration;

/// When a failed attempt is made again: twice as long after every failure, up to a limit, and
/// spread by up to a quarter so that jobs that failed together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all, the first one included.
    pub max_attempts: u32,
    /// Wait after the first failure.
    pub base: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { max_attempts: 3, base: Duration::from_secs(1), longest: Duration::from_mins(1) }
    }
}

impl RetryPolicy {
    /// How long to wait after `attempts` attempts have failed; `None` if that was the last one.
    ///
    /// `spread`, from 0 to 1, says where in its range the wait lies.
    pub fn delay(&self, attempts: u32, spread: f64) -> Option<Duration> {
        (attempts < self.max_attempts).then(|| self.backoff(attempts, spread))
    }

    /// The wait after so many failures, whether or not another attempt is allowed.
    pub fn backoff(&self, failures: u32, spread: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let wait = self.base.saturating_mul(1 << doublings).min(self.longest);
        wait.mul_f64(1.0 + spread.clamp(0.0, 1.0) / 4.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_end_with_the_attempts() {
        let policy = RetryPolicy {
            max_attempts: 4,
            base: Duration::from_secs(2),
            longest: Duration::from_secs(6),
        };
        let waits = [1, 2, 3, 4].map(|attempts| policy.delay(attempts, 0.0));
        assert_eq!(waits, [Some(2), Some(4), Some(6), None].map(|s| s.map(Duration::from_secs)));
        assert_eq!(policy.backoff(u32::MAX, 1.0), Duration::from_millis(7500));
    }
}
