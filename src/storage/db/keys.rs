//! The table of API keys.

use std::collections::BTreeSet;

use super::{Database, each};
use crate::auth::{ApiKey, KeyHash, Principal, Scope};
use crate::jobs::Timestamp;
use crate::storage::StorageError;

/// A use of a key is noted if the last note is older than this many milliseconds.
const NOTED_EVERY: i64 = 60_000;

/// What is kept of a key.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyRecord {
    /// The public part of the key.
    pub id: String,
    /// What its maker calls it; one of its kind among the keys that are not revoked.
    pub name: String,
    /// What it is known by.
    pub hash: KeyHash,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was used last, to within a minute.
    pub used: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
}

impl KeyRecord {
    /// What is kept of a new key.
    pub fn new(key: &ApiKey, name: &str, scopes: BTreeSet<Scope>, created: Timestamp) -> Self {
        let (id, hash) = (key.id().to_owned(), key.hash());
        Self { id, name: name.to_owned(), hash, scopes, created, used: None, revoked: None }
    }

    /// Who calls with the key, if it is this one and has not been revoked.
    pub fn principal(&self, key: &ApiKey) -> Option<Principal> {
        (self.revoked.is_none() && self.hash.matches(key)).then(|| Principal {
            id: self.id.clone(),
            name: self.name.clone(),
            scopes: self.scopes.clone(),
        })
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    hash: String,
    scopes: String,
    created: i64,
    used: Option<i64>,
    revoked: Option<i64>,
}

macro_rules! columns {
    () => {
        "id, name, hash, scopes, created, used, revoked"
    };
}

const ADD: &str = "INSERT INTO api_keys (id, name, hash, scopes, created) \
     VALUES ($1, $2, $3, $4, $5)";
const LIST: &str = concat!("SELECT ", columns!(), " FROM api_keys ORDER BY created, id");
const FIND: &str = concat!("SELECT ", columns!(), " FROM api_keys WHERE id = $1");
const REVOKE: &str = concat!(
    "UPDATE api_keys SET revoked = $2 WHERE (id = $1 OR name = $1) AND revoked IS NULL RETURNING ",
    columns!()
);
const NOTE_USE: &str =
    "UPDATE api_keys SET used = $2 WHERE id = $1 AND (used IS NULL OR used < $3)";
const ANY_LIVE: &str =
    "SELECT COUNT(*) FROM (SELECT 1 FROM api_keys WHERE revoked IS NULL LIMIT 1) AS live";

impl Database {
    /// Adds a key.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] if a key that is not revoked has its name.
    pub async fn add_key(&self, key: &KeyRecord) -> Result<(), StorageError> {
        let hash = key.hash.to_string();
        let scopes = key.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(",");
        each!(self, write, pool => {
            let query = sqlx::query(ADD).bind(&key.id).bind(&key.name).bind(hash).bind(scopes);
            query.bind(key.created.0).execute(pool).await?;
        });
        Ok(())
    }

    /// All keys, revoked ones included, the oldest first.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not tell.
    pub async fn list_keys(&self) -> Result<Vec<KeyRecord>, StorageError> {
        let rows: Vec<Row> = each!(self, read, pool => {
            sqlx::query_as(LIST).fetch_all(pool).await?
        });
        rows.into_iter().map(KeyRecord::try_from).collect()
    }

    /// The key with that id.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not tell.
    pub async fn find_key(&self, id: &str) -> Result<Option<KeyRecord>, StorageError> {
        let row: Option<Row> = each!(self, read, pool => {
            sqlx::query_as(FIND).bind(id).fetch_optional(pool).await?
        });
        row.map(KeyRecord::try_from).transpose()
    }

    /// Revokes the key with that name or id, and gives what it was; `None` if there is none.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not do it.
    pub async fn revoke_key(
        &self,
        name_or_id: &str,
        now: Timestamp,
    ) -> Result<Option<KeyRecord>, StorageError> {
        let row: Option<Row> = each!(self, write, pool => {
            sqlx::query_as(REVOKE).bind(name_or_id).bind(now.0).fetch_optional(pool).await?
        });
        row.map(KeyRecord::try_from).transpose()
    }

    /// Notes that a key was used, unless that was noted within the last minute.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not do it.
    pub async fn note_key_use(&self, id: &str, now: Timestamp) -> Result<(), StorageError> {
        each!(self, relaxed, pool => {
            let query = sqlx::query(NOTE_USE).bind(id).bind(now.0).bind(now.0 - NOTED_EVERY);
            query.execute(pool).await?;
        });
        Ok(())
    }

    /// Whether there is a key that has not been revoked.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not tell.
    pub async fn has_keys(&self) -> Result<bool, StorageError> {
        let count: i64 = each!(self, read, pool => {
            sqlx::query_scalar(ANY_LIVE).fetch_one(pool).await?
        });
        Ok(count > 0)
    }
}

impl TryFrom<Row> for KeyRecord {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        let corrupt =
            |source| StorageError::Corrupt { what: format!("the key {}", row.id), source };
        let scopes = row.scopes.split(',').filter(|name| !name.is_empty()).map(str::parse);
        Ok(Self {
            hash: row
                .hash
                .parse()
                .map_err(|error: crate::auth::MalformedHash| corrupt(error.into()))?,
            scopes: scopes
                .collect::<Result<_, crate::auth::UnknownScope>>()
                .map_err(|error| corrupt(error.into()))?,
            created: Timestamp(row.created),
            used: row.used.map(Timestamp),
            revoked: row.revoked.map(Timestamp),
            id: row.id,
            name: row.name,
        })
    }
}
