//! Threads for computing, apart from the ones that answer sockets.
//!
//! - Admission is decided at once, by jobs queued and by pixels in flight; nobody waits to wait.
//! - A job carries a deadline, counted from its acceptance, and ends within one iteration when
//!   that passes or when its [`Ticket`] is dropped.
//! - A panic ends one job, never a thread.
//! - [`Pool::drain`] finishes what was accepted, for as long as it is given.

mod admission;
mod config;
mod easel;
mod job;
mod pool;
mod preview;
mod runner;
mod watch;
mod webhooks;

#[cfg(test)]
mod tests;

pub use admission::{Overload, Refused};
pub use config::{ThreadCount, WorkerConfig};
pub use easel::Easel;
pub use job::{Finished, JobFailure, Ticket};
pub use pool::Pool;
pub use runner::{
    DICTIONARY_MEDIA_TYPE, InvalidSlots, JobFault, Library, Runner, RunnerConfig, Slots, Wording,
    Workshop,
};
pub use watch::{Timings, Watch};
pub use webhooks::{
    Allowed, Deliverer, InvalidAllowed, InvalidSecret, LONGEST_TARGET, NoClient, TargetRejected,
    WebhookConfig, WebhookSecret, check_target,
};
