//! The queue of jobs. The table is the source of truth; this adds the clock, leases, and telling
//! those who wait.
//!
//! A worker claims a job for the length of a lease, and extends the lease while it works. A job
//! whose lease has run out is handed out again, until its attempts are used up. So every job is
//! worked on at least once, and a worker that was thought lost cannot write any more: each of its
//! statements names its claim. Whatever is said about changes only saves waiting: whoever was told
//! nothing looks at the table before long.

mod ask;
mod contact;
mod listen;
mod nats;
mod wake;
mod work;

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::{Clock, Database, Limits, QueueConfig, StorageError};
use crate::jobs::{Job, Timestamp};
use ask::Estimate;
use contact::Contact;
use nats::Broker;
use wake::Wake;

pub use wake::Changes;
pub use work::{Beat, Claim, Recorded};

/// Other processes that use the same SQLite file can tell nothing, so the table is looked at.
const SQLITE_POLL: Duration = Duration::from_millis(500);

/// The queue of jobs. Copies are the same queue.
#[derive(Clone, Debug)]
pub struct JobQueue {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    database: Database,
    clock: Clock,
    config: QueueConfig,
    wake: Arc<Wake>,
    contact: Contact,
    /// When leases are looked at next.
    next_reap: AtomicI64,
    unfinished: Mutex<Estimate>,
    broker: Option<Arc<Broker>>,
    _tasks: DropGuard,
}

impl JobQueue {
    /// Opens the queue in a database whose tables are up to date.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] if the database or the broker does not answer.
    pub async fn open(
        database: Database,
        clock: Clock,
        config: &QueueConfig,
    ) -> Result<Self, StorageError> {
        let wake = Arc::new(Wake::new());
        let end = CancellationToken::new();
        let broker = match &config.url {
            Some(url) => Some(Broker::connect(url, config.lease, &wake, end.clone()).await?),
            None => None,
        };
        listen::start(&database, &wake, broker.is_none(), end.clone()).await?;
        let shared = Shared {
            database,
            clock,
            config: config.clone(),
            wake,
            contact: Contact::default(),
            next_reap: AtomicI64::new(i64::MIN),
            unfinished: Mutex::default(),
            broker,
            _tasks: end.drop_guard(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// How long a worker may be silent before its job is given to another one.
    pub fn lease(&self) -> Duration {
        self.shared.config.lease
    }

    /// How many unfinished jobs there may be.
    pub fn limits(&self) -> Limits {
        self.shared.config.limits
    }

    /// A name for a worker that nobody had before. A name must not come back after a restart:
    /// then a lost worker would seem to be alive.
    pub fn worker_name() -> String {
        format!("{}-{}", std::process::id(), Uuid::new_v4().simple())
    }

    /// The clock by which leases, waits and expiry are judged.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The database that holds the table.
    pub fn database(&self) -> &Database {
        &self.shared.database
    }

    /// News of jobs from now on. Made before the first look at a job, it misses nothing.
    pub fn changes(&self) -> Changes {
        self.shared.wake.watch(self.poll())
    }

    /// Longest time until the table is looked at without being told.
    fn poll(&self) -> Duration {
        match self.shared.database {
            Database::Sqlite(_) => self.shared.config.poll.min(SQLITE_POLL),
            Database::Postgres(_) => self.shared.config.poll,
        }
    }

    /// A job waits: whoever is idle is told.
    fn announce(&self, job: &Job) {
        let is_on_its_way = match &self.shared.broker {
            Some(broker) => broker.announce(job),
            None => false,
        };
        // Where the broker wakes one worker of all, another one would wake in vain.
        if !is_on_its_way {
            self.shared.wake.work();
        }
    }

    fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Passes on what the database answered, and takes note whether it did and could write.
    fn heard<T>(&self, answer: Result<T, StorageError>) -> Result<T, StorageError> {
        match &answer {
            Err(StorageError::Unavailable { .. }) => self.shared.contact.lost(),
            Err(StorageError::Full { .. }) => self.shared.contact.is_full(self.now(), self.lease()),
            _ => self.shared.contact.found(self.now(), self.lease()),
        }
        answer
    }

    /// When a job that ends now may be deleted.
    fn expiry(&self, now: Timestamp) -> Timestamp {
        now.after(self.shared.config.retention)
    }
}
