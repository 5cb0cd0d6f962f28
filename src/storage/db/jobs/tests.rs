//! The plans of the statements that every job passes through: none may grow with the table.

use sqlx::{AssertSqlSafe, Row as _, SqlitePool};

use super::{claim, enqueue, owner, record, upkeep};

/// The hot statements with values for their parameters.
fn statements() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
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
        "NULL",
    ];
    vec![
        ("enqueue", enqueue::INSERT, insert),
        ("key", enqueue::WITH_KEY, vec!["'a'", "'key'"]),
        ("unfinished of owner", enqueue::UNFINISHED_OF_OWNER, vec!["'a'", "100"]),
        ("claim", claim::CLAIM_SQLITE, vec!["'w'", "9", "5"]),
        ("reap", claim::REAP_SQLITE, vec!["5", "9", "'{}'"]),
        ("next due", claim::NEXT_DUE, vec![]),
        ("next run", claim::NEXT_RUN, vec![]),
        ("heartbeat", record::HEARTBEAT, vec![id, "'w'", "1", "9", "NULL"]),
        ("succeed", record::SUCCEED, vec![id, "'w'", "1", "'{}'", "9", "9"]),
        ("find", owner::FIND, vec!["'a'", id]),
        ("cancel", owner::CANCEL, vec!["'a'", id, "9", "9"]),
        ("list", owner::LIST, vec!["'a'", "'~'", "NULL", "NULL", "NULL", "20"]),
        ("list of batch", owner::LIST_BATCH, vec!["'a'", "'~'", "'b'", "NULL", "NULL", "20"]),
        ("expire", upkeep::EXPIRE, vec!["5", "10"]),
    ]
}

fn filled(statement: &str, values: &[&str]) -> String {
    let numbered = values.iter().enumerate().rev();
    numbered.fold(statement.to_owned(), |statement, (index, value)| {
        statement.replace(&format!("${}", index + 1), value)
    })
}

#[tokio::test]
async fn no_statement_on_the_way_of_a_job_reads_the_whole_table() {
    let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
    sqlx::migrate!("migrations/sqlite").run(&pool).await.unwrap();
    for (name, statement, values) in statements() {
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
