//! The plans of the statements that every job passes through: none may grow with the table.

use sqlx::{AssertSqlSafe, PgPool, Row as _, SqlitePool};

use super::{claim, enqueue, owner, record, upkeep};

/// The hot statements with values for their parameters.
fn statements() -> Vec<(&'static str, &'static str, &'static str, Vec<&'static str>)> {
    let id = "'01980000-0000-7000-8000-000000000000'";
    let insert = vec![
        id,
        "'a'",
        "'inpaint'",
        "'{}'",
        "'[]'",
        "1",
        "NULL",
        "NULL",
        "'key'",
        "'print'",
        "3",
        "5",
    ];
    let both =
        |name, statement, values: &[&'static str]| (name, statement, statement, values.to_vec());
    vec![
        ("enqueue", enqueue::INSERT, enqueue::INSERT, insert),
        both("key", enqueue::WITH_KEY, &["'a'", "'key'"]),
        both("unfinished of owner", enqueue::UNFINISHED_OF_OWNER, &["'a'", "100"]),
        ("claim", claim::CLAIM_SQLITE, claim::CLAIM_POSTGRES, vec!["'w'", "9", "5"]),
        ("reap", claim::REAP_SQLITE, claim::REAP_POSTGRES, vec!["5", "9", "'{}'"]),
        both("next due", claim::NEXT_DUE, &[]),
        both("next run", claim::NEXT_RUN, &[]),
        both("heartbeat", record::HEARTBEAT, &[id, "'w'", "1", "9", "NULL"]),
        both("succeed", record::SUCCEED, &[id, "'w'", "1", "'{}'", "9", "9"]),
        both("find", owner::FIND, &["'a'", id]),
        both("cancel", owner::CANCEL, &["'a'", id, "9", "9"]),
        both("list", owner::LIST, &["'a'", "'~'", "NULL", "NULL", "NULL", "20"]),
        both("list of batch", owner::LIST_BATCH, &["'a'", "'~'", "'b'", "NULL", "NULL", "20"]),
        both("expire", upkeep::EXPIRE, &["5", "10"]),
    ]
}

fn filled(statement: &str, values: &[&str]) -> String {
    let numbered = values.iter().enumerate().rev();
    numbered.fold(statement.to_owned(), |statement, (index, value)| {
        statement.replace(&format!("${}", index + 1), value)
    })
}

#[tokio::test]
async fn no_statement_on_the_way_of_a_job_reads_the_whole_table_in_sqlite() {
    let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
    sqlx::migrate!("migrations/sqlite").run(&pool).await.unwrap();
    for (name, statement, _, values) in statements() {
        let query = format!("EXPLAIN QUERY PLAN {}", filled(statement, &values));
        let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(&pool).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        assert!(!plan.is_empty(), "{name}");
        for step in &plan {
            // A scan of an index in its order, of which one entry is taken, is none of the table.
            let reads_all = step.starts_with("SCAN jobs") && !step.contains("USING");
            let sorts = step.contains("TEMP B-TREE");
            assert!(!reads_all && !sorts, "{name}: {plan:#?}");
        }
    }
}

#[tokio::test]
async fn no_statement_on_the_way_of_a_job_reads_the_whole_table_in_postgresql() {
    let Some(url) = std::env::var_os("TEST_DATABASE_URL") else {
        eprintln!("SKIPPED on PostgreSQL: TEST_DATABASE_URL is not set");
        return;
    };
    let server = PgPool::connect(url.to_str().unwrap()).await.unwrap();
    // All of it is undone in the end.
    let mut transaction = server.begin().await.unwrap();
    let schema = format!("plans_{}", uuid::Uuid::new_v4().simple());
    let prepare = format!("CREATE SCHEMA {schema}; SET LOCAL search_path = {schema};");
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *transaction).await.unwrap();
    for migration in sqlx::migrate!("migrations/postgres").iter() {
        sqlx::raw_sql(migration.sql.clone()).execute(&mut *transaction).await.unwrap();
    }
    let fill = "ALTER TABLE jobs DISABLE TRIGGER USER;
        INSERT INTO jobs (id, owner, kind, spec, inputs, priority, turn, batch, state,
            cancel_requested, attempts, max_attempts, claims, revision, run_at, created,
            lease_until, expires)
        SELECT gen_random_uuid()::text, 'owner-' || n % 200, 'inpaint', '{}', '[]', n % 3, n,
            'batch-' || n % 2000,
            (ARRAY['queued', 'queued', 'queued', 'succeeded', 'failed'])[n % 5 + 1],
            0, 0, 3, 0, 1, n, n, NULL, CASE WHEN n % 5 > 2 THEN n END
        FROM generate_series(1, 20000) AS n;
        ANALYZE jobs;";
    sqlx::raw_sql(fill).execute(&mut *transaction).await.unwrap();
    for (name, _, statement, values) in statements() {
        let query = format!("EXPLAIN {}", filled(statement, &values));
        let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(&mut *transaction).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert!(!plan.iter().any(|step| step.contains("Seq Scan on jobs")), "{name}: {plan:#?}");
    }
}
