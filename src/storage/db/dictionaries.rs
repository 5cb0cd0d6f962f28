//! The table of dictionaries that jobs have learned.

use serde_json::Value;

use super::{Database, each, json};
use crate::jobs::{BlobRef, Timestamp};
use crate::storage::StorageError;

/// A dictionary that a job has learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Dictionary {
    /// Whose it is.
    pub owner: String,
    /// Its name, one of its kind among the owner's.
    pub name: String,
    /// Its file.
    pub blob: BlobRef,
    /// How it was learned.
    pub record: Value,
    /// When it was added.
    pub created: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    owner: String,
    name: String,
    blob: String,
    record: String,
    created: i64,
}

const ADD: &str = "INSERT INTO dictionaries (owner, name, blob, record, created) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (owner, name) DO NOTHING";
const FIND: &str = "SELECT owner, name, blob, record, created FROM dictionaries \
     WHERE owner = $1 AND name = $2";
const LIST: &str = "SELECT owner, name, blob, record, created FROM dictionaries \
     WHERE owner = $1 ORDER BY name";
const REMOVE: &str = "DELETE FROM dictionaries WHERE owner = $1 AND name = $2 \
     RETURNING owner, name, blob, record, created";

impl Database {
    /// Adds a dictionary; says no if the owner has one of that name.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not do it.
    pub async fn add_dictionary(&self, dictionary: &Dictionary) -> Result<bool, StorageError> {
        let blob = json(&dictionary.blob);
        let added = each!(self, write, pool => {
            let query = sqlx::query(ADD)
                .bind(&dictionary.owner)
                .bind(&dictionary.name)
                .bind(blob)
                .bind(dictionary.record.to_string())
                .bind(dictionary.created.0);
            query.execute(pool).await?.rows_affected()
        });
        Ok(added > 0)
    }

    /// The owner's dictionary of that name.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not tell.
    pub async fn find_dictionary(
        &self,
        owner: &str,
        name: &str,
    ) -> Result<Option<Dictionary>, StorageError> {
        let row: Option<Row> = each!(self, read, pool => {
            sqlx::query_as(FIND).bind(owner).bind(name).fetch_optional(pool).await?
        });
        row.map(Dictionary::try_from).transpose()
    }

    /// All dictionaries of the owner, by name.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not tell.
    pub async fn list_dictionaries(&self, owner: &str) -> Result<Vec<Dictionary>, StorageError> {
        let rows: Vec<Row> = each!(self, read, pool => {
            sqlx::query_as(LIST).bind(owner).fetch_all(pool).await?
        });
        rows.into_iter().map(Dictionary::try_from).collect()
    }

    /// Removes the owner's dictionary of that name, and gives what it was.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not do it.
    pub async fn remove_dictionary(
        &self,
        owner: &str,
        name: &str,
    ) -> Result<Option<Dictionary>, StorageError> {
        let row: Option<Row> = each!(self, write, pool => {
            sqlx::query_as(REMOVE).bind(owner).bind(name).fetch_optional(pool).await?
        });
        row.map(Dictionary::try_from).transpose()
    }
}

impl TryFrom<Row> for Dictionary {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        let corrupt = |source: serde_json::Error| StorageError::Corrupt {
            what: format!("dictionary {}", row.name),
            source: source.into(),
        };
        Ok(Self {
            blob: serde_json::from_str(&row.blob).map_err(corrupt)?,
            record: serde_json::from_str(&row.record).map_err(corrupt)?,
            created: Timestamp(row.created),
            owner: row.owner,
            name: row.name,
        })
    }
}
