//! What the errors of `sqlx` mean.

use sqlx::error::ErrorKind;
use sqlx::migrate::MigrateError;

use super::StorageError;

/// `SQLITE_FULL`; the upper bits of a code say more.
const SQLITE_FULL: i64 = 13;
/// `SQLITE_CORRUPT` and `SQLITE_NOTADB`.
const SQLITE_CORRUPT: [i64; 2] = [11, 26];
/// `disk_full` of PostgreSQL.
const POSTGRES_FULL: &str = "53100";
/// `data_corrupted` and `index_corrupted` of PostgreSQL.
const POSTGRES_CORRUPT: [&str; 2] = ["XX001", "XX002"];

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Migrate(_) = error {
            return Self::Migration { source: error.into() };
        }
        let corrupt =
            |error: sqlx::Error| Self::Corrupt { what: "a row".into(), source: error.into() };
        match &error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => corrupt(error),
            sqlx::Error::Database(told) => {
                let code = told.code().unwrap_or_default();
                // Codes of SQLite are numbers below 10,000; those of PostgreSQL have five characters.
                let sqlite = (code.len() < 5).then(|| code.parse::<i64>().ok()).flatten();
                let sqlite = sqlite.map(|code| code & 0xff);
                if sqlite == Some(SQLITE_FULL) || code == POSTGRES_FULL {
                    Self::Full { source: error.into() }
                } else if told.kind() == ErrorKind::UniqueViolation {
                    Self::Conflict { source: error.into() }
                } else if sqlite.is_some_and(|code| SQLITE_CORRUPT.contains(&code))
                    || POSTGRES_CORRUPT.contains(&&*code)
                {
                    corrupt(error)
                } else {
                    unavailable(error)
                }
            }
            _ => unavailable(error),
        }
    }
}

fn unavailable(error: sqlx::Error) -> StorageError {
    StorageError::Unavailable { what: "the database", source: error.into() }
}

impl From<MigrateError> for StorageError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) => error.into(),
            other => Self::Migration { source: other.into() },
        }
    }
}
