//! How often somebody may ask: a bucket of tokens for each, refilled at a steady rate.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Everybody beyond these shares one bucket, so that memory is bounded whoever calls.
const MOST_BUCKETS: usize = 50_000;
/// Full buckets are forgotten whenever so many have been added.
const SWEEP_AFTER: usize = 1_000;
/// How often they are when there is no room for more.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// Who is counted when there are too many to tell apart.
const CROWD: &str = "";

/// How often each may ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Requests each second, in the long run.
    pub per_second: f64,
    /// Requests at once after a pause.
    pub burst: u32,
}

/// What somebody may still ask, after a request was counted or refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quota {
    /// Requests at once after a pause.
    pub limit: u32,
    /// Requests that would be let through now.
    pub remaining: u32,
    /// Time until all of them would be.
    pub reset: Duration,
    /// Time until the next one will be; zero if that is now.
    pub retry_after: Duration,
}

/// Counts the requests of each.
#[derive(Debug)]
pub struct Limiter {
    rate: Rate,
    buckets: Mutex<Buckets>,
}

#[derive(Debug, Default)]
struct Buckets {
    by_name: HashMap<String, Bucket>,
    /// Buckets there may be before full ones are forgotten.
    sweep_at: usize,
    /// When they were last forgotten.
    swept: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    /// When the tokens were counted.
    counted: Duration,
}

impl Limiter {
    /// A limiter that has seen nobody.
    pub fn new(rate: Rate) -> Self {
        let rate = Rate { per_second: rate.per_second.max(1e-6), burst: rate.burst.max(1) };
        Self { rate, buckets: Mutex::default() }
    }

    /// Counts a request of `who`. `now` is the time since any fixed point.
    ///
    /// # Errors
    /// The quota, without counting the request, if it came too early.
    pub fn take(&self, who: &str, now: Duration) -> Result<Quota, Quota> {
        self.with_bucket(who, now, |bucket| {
            if bucket.tokens < 1.0 {
                return Err(bucket.quota(self.rate));
            }
            bucket.tokens -= 1.0;
            Ok(bucket.quota(self.rate))
        })
    }

    /// What `who` may ask, without counting anything.
    pub fn peek(&self, who: &str, now: Duration) -> Quota {
        self.with_bucket(who, now, |bucket| bucket.quota(self.rate))
    }

    fn with_bucket<T>(&self, who: &str, now: Duration, use_it: impl Fn(&mut Bucket) -> T) -> T {
        // A panic cannot have left a bucket half changed.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = Bucket { tokens: f64::from(self.rate.burst), counted: now };
        let who = buckets.place(who, now, self.rate);
        let bucket = buckets.by_name.entry(who).or_insert(full);
        bucket.refill(now, self.rate);
        use_it(bucket)
    }
}

impl Buckets {
    /// The name under which `who` is counted. Makes room if there is none.
    fn place(&mut self, who: &str, now: Duration, rate: Rate) -> String {
        let is_known = self.by_name.contains_key(who);
        let is_full = self.by_name.len() >= MOST_BUCKETS;
        let is_due = is_full && now.saturating_sub(self.swept) >= SWEEP_EVERY;
        if !is_known && (self.by_name.len() > self.sweep_at || is_due) {
            // A full bucket says no more than none.
            self.by_name.retain(|_, bucket| {
                bucket.refill(now, rate);
                bucket.tokens < f64::from(rate.burst)
            });
            (self.sweep_at, self.swept) = (self.by_name.len() + SWEEP_AFTER, now);
        }
        let has_room = is_known || self.by_name.len() < MOST_BUCKETS;
        if has_room { who.to_owned() } else { CROWD.to_owned() }
    }
}

impl Bucket {
    fn refill(&mut self, now: Duration, rate: Rate) {
        let passed = now.saturating_sub(self.counted).as_secs_f64();
        self.tokens = (self.tokens + passed * rate.per_second).min(f64::from(rate.burst));
        self.counted = self.counted.max(now);
    }

    fn quota(&self, rate: Rate) -> Quota {
        let until = |tokens: f64| {
            Duration::try_from_secs_f64((tokens - self.tokens).max(0.0) / rate.per_second)
                .unwrap_or(Duration::MAX)
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "tokens lie between zero and the burst, which is a u32"
        )]
        let remaining = self.tokens as u32;
        Quota {
            limit: rate.burst,
            remaining,
            reset: until(f64::from(rate.burst)),
            retry_after: until(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: Rate = Rate { per_second: 2.0, burst: 3 };

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_burst_is_let_through_and_then_the_steady_rate() {
        let limiter = Limiter::new(RATE);
        for remaining in [2, 1, 0] {
            assert_eq!(limiter.take("a", at(10.0)).unwrap().remaining, remaining);
        }
        let refused = limiter.take("a", at(10.0)).unwrap_err();
        assert_eq!((refused.limit, refused.remaining), (3, 0));
        assert_eq!((refused.retry_after, refused.reset), (at(0.5), at(1.5)));
        assert!(limiter.take("a", at(10.4)).is_err());
        assert!(limiter.take("a", at(10.5)).is_ok());
        assert!(limiter.take("a", at(10.5)).is_err());
    }

    #[test]
    fn one_does_not_use_up_the_quota_of_another() {
        let limiter = Limiter::new(RATE);
        while limiter.take("a", at(0.0)).is_ok() {}
        assert_eq!(limiter.take("b", at(0.0)).unwrap().remaining, 2);
        assert_eq!(limiter.peek("b", at(0.0)).remaining, 2);
        assert_eq!(limiter.peek("a", at(0.0)).retry_after, at(0.5));
    }

    #[test]
    fn a_clock_that_runs_backwards_gives_nothing_away() {
        let limiter = Limiter::new(RATE);
        while limiter.take("a", at(10.0)).is_ok() {}
        assert!(limiter.take("a", at(1.0)).is_err());
        assert!(limiter.take("a", at(10.4)).is_err());
    }

    #[test]
    fn those_who_pause_are_forgotten_and_a_crowd_shares_one_bucket() {
        let limiter = Limiter::new(Rate { per_second: 1.0, burst: 1 });
        for caller in 0..2 * MOST_BUCKETS {
            // All at one time, so nobody can be forgotten.
            let _ = limiter.take(&caller.to_string(), at(0.0));
        }
        let count = |limiter: &Limiter| limiter.buckets.lock().unwrap().by_name.len();
        assert!(count(&limiter) <= MOST_BUCKETS + 1);
        assert!(limiter.take("another", at(0.0)).is_err(), "the crowd has asked enough");
        for caller in 0..2 * SWEEP_AFTER {
            let _ = limiter.take(&format!("later {caller}"), at(60.0));
        }
        assert!(count(&limiter) <= 3 * SWEEP_AFTER, "{}", count(&limiter));
    }

    proptest! {
        #[test]
        fn never_more_than_the_burst_and_the_rate_are_let_through(
            gaps in prop::collection::vec(0.0..2.0_f64, 1..200),
        ) {
            let limiter = Limiter::new(RATE);
            let (mut now, mut passed) = (0.0, 0_u32);
            for gap in gaps {
                now += gap;
                passed += u32::from(limiter.take("a", at(now)).is_ok());
            }
            prop_assert!(f64::from(passed) <= f64::from(RATE.burst) + now * RATE.per_second + 1e-6);
        }
    }
}
