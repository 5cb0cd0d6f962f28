//! Recognises keys without asking the database every time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::timeout;

use super::db::KeyRecord;
use super::{Clock, Database, StorageError};
use crate::auth::{ApiKey, Principal};
use crate::jobs::Timestamp;

/// So long a key is believed without asking: a revoked one is refused after this time.
const FRESH: Duration = Duration::from_secs(5);
/// So long a key is believed while the database does not answer.
const STALE: Duration = Duration::from_mins(2);
/// So long the database is not asked again for a known key after it did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// Longest wait for the database about a key that is known.
const SHORT: Duration = Duration::from_secs(1);
/// Longest wait for the database about one that is not.
const LONG: Duration = Duration::from_secs(10);

/// Recognises keys. Copies share what they know.
#[derive(Clone, Debug)]
pub struct KeyRing {
    database: Database,
    clock: Clock,
    // Only keys that were in the database: there are no more of them than were made.
    known: Arc<Mutex<HashMap<String, Known>>>,
}

#[derive(Clone, Debug)]
struct Known {
    record: KeyRecord,
    /// When the database said so.
    read: Timestamp,
    /// When it was last asked in vain.
    failed: Option<Timestamp>,
}

impl KeyRing {
    /// Knows no key yet.
    pub fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock, known: Arc::default() }
    }

    /// Who calls with this key as far as is known without asking the database: a key that was
    /// recognised within the last seconds.
    pub fn recall(&self, key: &ApiKey) -> Option<Principal> {
        let now = self.clock.now();
        let known = self.known(key.id())?;
        (now.since(known.read) < FRESH).then(|| known.record.principal(key)).flatten()
    }

    /// Who calls with this key; `None` if there is no such key, or it has been revoked.
    ///
    /// A revoked key is refused after five seconds at the latest. While the database does not
    /// answer, a key that was recognised within the last two minutes still is.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not answer and the key is not known.
    pub async fn recognise(&self, key: &ApiKey) -> Result<Option<Principal>, StorageError> {
        let now = self.clock.now();
        let known = self.known(key.id());
        if let Some(known) = &known {
            let is_fresh = now.since(known.read) < FRESH;
            let may_be_stale = now.since(known.read) < STALE;
            let paused = known.failed.is_some_and(|failed| now.since(failed) < PAUSE);
            if is_fresh || (may_be_stale && paused) {
                return Ok(known.record.principal(key));
            }
        }
        let asked = self.database.find_key(key.id());
        // Who is known does not wait for a database that may never answer.
        let patience = if known.is_some() { SHORT } else { LONG };
        let asked = timeout(patience, asked).await.unwrap_or_else(|elapsed| {
            Err(StorageError::Unavailable { what: "the database", source: elapsed.into() })
        });
        match asked {
            Ok(Some(record)) => {
                let principal = record.principal(key);
                if principal.is_some() {
                    self.note_use(&record, now);
                }
                let known = Known { record, read: now, failed: None };
                self.change(|all| drop(all.insert(key.id().to_owned(), known)));
                Ok(principal)
            }
            Ok(None) => {
                self.change(|all| drop(all.remove(key.id())));
                Ok(None)
            }
            Err(error) => {
                let known = known.filter(|known| now.since(known.read) < STALE).ok_or(error)?;
                tracing::warn!(
                    key = key.id(),
                    "the database does not answer; a known key is believed"
                );
                self.change(|all| {
                    all.entry(key.id().to_owned()).and_modify(|known| known.failed = Some(now));
                });
                Ok(known.record.principal(key))
            }
        }
    }

    /// Nobody waits for this, and it may fail.
    fn note_use(&self, record: &KeyRecord, now: Timestamp) {
        if record.used.is_some_and(|used| now.since(used) < Duration::from_mins(1)) {
            return;
        }
        let (database, id) = (self.database.clone(), record.id.clone());
        tokio::spawn(async move {
            if let Err(error) = database.note_key_use(&id, now).await {
                tracing::debug!(%error, key = id, "the use of a key could not be noted");
            }
        });
    }

    fn known(&self, id: &str) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(id).cloned()
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<String, Known>)) {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
