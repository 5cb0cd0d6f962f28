//! The versions of the tables.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use sqlx::migrate::{Migrate, Migrator};

use super::{Database, StorageError};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Processes that start together may both try to migrate an SQLite file.
const TRIES: u32 = 5;

/// One step from an empty database to the tables of this version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationName {
    /// Its number; later steps have greater ones.
    pub version: i64,
    /// What it makes.
    pub name: String,
}

impl fmt::Display for MigrationName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04} {}", self.version, self.name)
    }
}

impl Database {
    /// Every migration of this version, in order.
    pub fn migrations(&self) -> Vec<MigrationName> {
        let names = self.migrator().iter().map(|migration| MigrationName {
            version: migration.version,
            name: migration.description.clone().into_owned(),
        });
        names.collect()
    }

    /// The migrations that have not been applied, in order. Changes nothing.
    ///
    /// # Errors
    /// [`StorageError`] if the database does not answer.
    pub async fn pending(&self) -> Result<Vec<MigrationName>, StorageError> {
        let applied = self.applied().await?;
        Ok(self.migrations().into_iter().filter(|one| !applied.contains(&one.version)).collect())
    }

    /// Applies what is pending, and says what that was. Processes that do so together wait for
    /// one another.
    ///
    /// # Errors
    /// [`StorageError::Migration`] if the tables were made by a later version, or differ.
    pub async fn migrate(&self) -> Result<Vec<MigrationName>, StorageError> {
        let pending = self.pending().await?;
        match self {
            Self::Postgres(postgres) => self.migrator().run(&postgres.pool).await?,
            Self::Sqlite(sqlite) => {
                let mut tries = 1;
                while let Err(error) = self.migrator().run(&sqlite.writer).await {
                    if tries == TRIES {
                        return Err(error.into());
                    }
                    // Another process was quicker, perhaps; then there is less left to do.
                    tokio::time::sleep(Duration::from_millis(50) * tries).await;
                    tries += 1;
                }
            }
        }
        Ok(pending)
    }

    fn migrator(&self) -> &'static Migrator {
        match self {
            Self::Sqlite(_) => &SQLITE,
            Self::Postgres(_) => &POSTGRES,
        }
    }

    async fn applied(&self) -> Result<HashSet<i64>, StorageError> {
        let table = &self.migrator().table_name;
        let is_there = match self {
            Self::Sqlite(sqlite) => {
                let query = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1";
                sqlx::query_scalar::<_, i64>(query).bind(&**table).fetch_one(&sqlite.writer).await?
            }
            Self::Postgres(postgres) => {
                let query = "SELECT COUNT(to_regclass($1))";
                sqlx::query_scalar::<_, i64>(query).bind(&**table).fetch_one(&postgres.pool).await?
            }
        };
        if is_there == 0 {
            return Ok(HashSet::new());
        }
        let applied = super::each!(self, write, pool => {
            pool.acquire().await?.list_applied_migrations(table).await?
        });
        Ok(applied.into_iter().map(|migration| migration.version).collect())
    }
}
