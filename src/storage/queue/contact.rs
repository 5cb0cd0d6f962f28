//! Whether this process was in touch with the database, and so may judge who else was not.
//!
//! When the database is away or full for longer than a lease, every lease runs out, and no worker
//! is to blame. Whoever finds it back first gives the others as long as a lease to say that they live.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::jobs::Timestamp;

/// When this process heard from the database.
#[derive(Debug, Default)]
pub(super) struct Contact(Mutex<Touch>);

#[derive(Debug, Default)]
struct Touch {
    /// The last answer.
    heard: Option<Timestamp>,
    /// There was none since.
    is_lost: bool,
    /// Until then, leases that have run out mean nothing.
    patient_until: Option<Timestamp>,
}

impl Contact {
    /// The database answered.
    pub(super) fn found(&self, now: Timestamp, lease: Duration) {
        let mut touch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Of a shorter absence, those who are alive need not be told.
        let was_long = touch.heard.is_none_or(|heard| now.since(heard) >= lease / 2);
        if std::mem::take(&mut touch.is_lost) && was_long {
            touch.patient_until = Some(now.after(lease));
        }
        touch.heard = Some(now);
    }

    /// The database did not answer.
    pub(super) fn lost(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_lost = true;
    }

    /// The database has no room, so nobody can extend a lease.
    pub(super) fn is_full(&self, now: Timestamp, lease: Duration) {
        let mut touch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        touch.patient_until = Some(now.after(lease));
    }

    /// Whether a worker whose lease has run out can be taken for lost.
    pub(super) fn may_judge(&self, now: Timestamp, lease: Duration) -> bool {
        let touch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back must not stop this for long.
        let is_patient =
            touch.patient_until.is_some_and(|until| now < until && until <= now.after(lease));
        !touch.is_lost && !is_patient
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(30);

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    #[test]
    fn after_a_long_absence_of_the_database_nobody_is_lost_for_a_lease() {
        let contact = Contact::default();
        contact.found(at(0), LEASE);
        assert!(contact.may_judge(at(1), LEASE));
        contact.lost();
        assert!(!contact.may_judge(at(100), LEASE));
        contact.found(at(100), LEASE);
        assert!(!contact.may_judge(at(129), LEASE));
        assert!(contact.may_judge(at(130), LEASE));
        assert!(contact.may_judge(at(50), LEASE), "the clock was set back");
    }

    #[test]
    fn while_there_is_no_room_nobody_is_lost() {
        let contact = Contact::default();
        contact.found(at(0), LEASE);
        contact.is_full(at(10), LEASE);
        // What only reads is answered all the same.
        contact.found(at(11), LEASE);
        assert!(!contact.may_judge(at(39), LEASE));
        assert!(contact.may_judge(at(40), LEASE));
    }

    #[test]
    fn an_answer_that_is_missing_now_and_then_keeps_no_lost_worker_from_being_found() {
        let contact = Contact::default();
        for second in 0..100 {
            contact.found(at(second), LEASE);
            assert!(contact.may_judge(at(second), LEASE));
            contact.lost();
        }
    }
}
