//! Moves a service from an SQLite file to PostgreSQL.

use futures_util::TryStreamExt as _;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Column, PgConnection, Row as _, SqlitePool, TypeInfo as _};

use super::{Database, StorageError};

/// Every table of the service.
const TABLES: [&str; 4] = ["jobs", "api_keys", "webhooks", "dictionaries"];

impl Database {
    /// Copies every row of an SQLite file into the empty tables of this PostgreSQL database, all
    /// or none, and says how many there were of each table. Both must have the tables of this
    /// version, and no service may write to either meanwhile.
    ///
    /// # Errors
    /// [`StorageError::Copy`] if these are not such databases, or something is in the way;
    /// others if one of them does not do it.
    pub async fn copy_from(&self, source: &Self) -> Result<Vec<(&'static str, u64)>, StorageError> {
        let (Self::Sqlite(source), Self::Postgres(target)) = (source, self) else {
            let why = "it goes from SQLite to PostgreSQL, and no other way".to_owned();
            return Err(StorageError::Copy { why });
        };
        let mut transaction = target.pool.begin().await?;
        let mut copied = Vec::new();
        for table in TABLES {
            copied.push((table, copy_table(table, &source.readers, &mut transaction).await?));
        }
        transaction.commit().await?;
        Ok(copied)
    }
}

async fn copy_table(
    table: &'static str,
    source: &SqlitePool,
    target: &mut PgConnection,
) -> Result<u64, StorageError> {
    // The lock keeps a service that was forgotten from adding what would then be mixed in.
    let lock = format!("LOCK TABLE {table} IN EXCLUSIVE MODE");
    sqlx::query(AssertSqlSafe(lock)).execute(&mut *target).await?;
    let count = format!("SELECT COUNT(*) FROM {table}");
    let present: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut *target).await?;
    if present > 0 {
        let why = format!("the table {table} has {present} rows already and must be empty");
        return Err(StorageError::Copy { why });
    }
    let all = format!("SELECT * FROM {table} ORDER BY rowid");
    let mut rows = sqlx::query(AssertSqlSafe(all)).fetch(source);
    let mut copied = 0;
    while let Some(row) = rows.try_next().await? {
        insert(table, &row, target).await?;
        copied += 1;
    }
    Ok(copied)
}

async fn insert(
    table: &str,
    row: &SqliteRow,
    target: &mut PgConnection,
) -> Result<(), StorageError> {
    let names: Vec<_> = row.columns().iter().map(Column::name).collect();
    let places: Vec<_> = (1..=names.len()).map(|place| format!("${place}")).collect();
    let statement =
        format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
    let mut query = sqlx::query(AssertSqlSafe(statement));
    for index in 0..names.len() {
        query = bind(query, row, index)?;
    }
    query.execute(target).await?;
    Ok(())
}

/// Hands one value over as the type of its column, which counts for null as well.
fn bind<'q>(
    query: Query<'q, sqlx::Postgres, PgArguments>,
    row: &SqliteRow,
    index: usize,
) -> Result<Query<'q, sqlx::Postgres, PgArguments>, StorageError> {
    Ok(match row.column(index).type_info().name() {
        "INTEGER" => query.bind(row.try_get::<Option<i64>, _>(index)?),
        "BLOB" => query.bind(row.try_get::<Option<Vec<u8>>, _>(index)?),
        _ => query.bind(row.try_get::<Option<String>, _>(index)?),
    })
}
