//! What goes wrong with storage.

/// What a library said that only a log may repeat.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What goes wrong with storage.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The service behind it does not answer, or not in time. It may come back.
    #[error("{what} cannot be reached")]
    Unavailable {
        /// The service: the database, the message broker, the blob store.
        what: &'static str,
        /// What it or the system said.
        source: Cause,
    },
    /// There is no space left.
    #[error("no space is left")]
    Full {
        /// What it or the system said.
        source: Cause,
    },
    /// What should be there is not.
    #[error("{what} is gone")]
    NotFound {
        /// What is missing.
        what: String,
        /// What was said of it.
        source: Cause,
    },
    /// What is to be added is there already.
    #[error("there is such an entry already")]
    Conflict {
        /// What the database said.
        source: Cause,
    },
    /// What was read is not what was once written.
    #[error("{what} cannot be read")]
    Corrupt {
        /// Which entry, and what of it.
        what: String,
        /// Why not.
        source: Cause,
    },
    /// The tables are not those of this version, and cannot be made so.
    #[error("the tables of the database cannot be brought up to date")]
    Migration {
        /// What the database said.
        source: Cause,
    },
    /// One database cannot be copied into the other.
    #[error("the tables cannot be copied: {why}")]
    Copy {
        /// What is in the way.
        why: String,
    },
    /// The address names no database or broker.
    #[error("the address {url} cannot be used: expected {expected}")]
    Address {
        /// The address, without its secrets.
        url: String,
        /// What an address looks like.
        expected: &'static str,
    },
    /// There are as many unfinished jobs as there may be.
    #[error("{actual} unfinished jobs would be more than the {limit} that {of} may have")]
    QueueFull {
        /// Who may have no more.
        of: Share,
        /// The limit.
        limit: u64,
        /// How many there would have been.
        actual: u64,
    },
}

/// Who may have so many unfinished jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// All owners together.
    All,
    /// One owner.
    Owner,
}

impl std::fmt::Display for Share {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::All => "the queue",
            Self::Owner => "one owner",
        })
    }
}
