//! The tables of both engines, and how they come about.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use cogd::auth::{ApiKey, Scope};
use cogd::storage::{KeyRecord, LearnedDictionary, StorageError};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool, Row as _, SqlitePool};

use crate::support::world::{Engine, World, add, claim, completion, job, run};

/// Columns by name, with type and whether they may be null; indexes with what they are.
#[derive(Debug, Default, PartialEq)]
struct Schema {
    tables: BTreeMap<String, BTreeMap<String, (String, bool)>>,
    indexes: BTreeMap<String, String>,
}

#[test]
fn both_folders_hold_the_same_migrations() {
    let names = |engine: &str| -> BTreeSet<_> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
        let files = std::fs::read_dir(folder).unwrap();
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    };
    let names = (names("sqlite"), names("postgres"));
    assert_eq!(names.0, names.1);
    let mut numbers = names.0.iter().map(|name| name.split('_').next().unwrap());
    assert!(numbers.all(|number| number.len() == 4 && number.parse::<u32>().is_ok()));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_have_the_same_tables_columns_and_indexes() {
    let mut sqlite = Schema::default();
    run(Engine::Sqlite, async |world| sqlite = sqlite_schema(&world).await).await;
    assert!(sqlite.tables.contains_key("jobs") && sqlite.indexes.contains_key("jobs_claim"));
    run(Engine::Postgres, async |world| {
        assert_eq!(postgres_schema(&world).await, sqlite);
    })
    .await;
}

async fn sqlite_schema(world: &World) -> Schema {
    let pool = SqlitePool::connect(&world.sqlite_url()).await.unwrap();
    let query = "SELECT m.name, c.name, c.type, c.\"notnull\" FROM sqlite_master m \
                 JOIN pragma_table_info(m.name) c WHERE m.type = 'table'";
    let mut schema = Schema::default();
    for row in sqlx::query(query).fetch_all(&pool).await.unwrap() {
        let (table, column): (String, String) = (row.get(0), row.get(1));
        let (kind, not_null): (String, i64) = (row.get(2), row.get(3));
        schema.add_column(table, column, &kind, not_null == 0);
    }
    let query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL";
    for row in sqlx::query(query).fetch_all(&pool).await.unwrap() {
        schema.add_index(row.get(0), row.get(1));
    }
    schema
}

async fn postgres_schema(world: &World) -> Schema {
    let pool = world.server_pool().await;
    let query = "SELECT table_name::text, column_name::text, data_type::text, is_nullable::text \
                 FROM information_schema.columns WHERE table_schema = current_schema()";
    let mut schema = Schema::default();
    for row in sqlx::query(query).fetch_all(&pool).await.unwrap() {
        let null: String = row.get(3);
        let kind: String = row.get(2);
        schema.add_column(row.get(0), row.get(1), &kind, null == "YES");
    }
    let query = "SELECT c.relname::text, pg_get_indexdef(i.indexrelid) FROM pg_index i \
                 JOIN pg_class c ON c.oid = i.indexrelid \
                 WHERE NOT i.indisprimary AND c.relnamespace = current_schema()::regnamespace";
    for row in sqlx::query(query).fetch_all(&pool).await.unwrap() {
        schema.add_index(row.get(0), row.get(1));
    }
    schema
}

impl Schema {
    fn add_column(&mut self, table: String, column: String, kind: &str, nullable: bool) {
        // The table of migrations belongs to a library.
        if table == "_sqlx_migrations" {
            return;
        }
        let kind = match &*kind.to_lowercase() {
            "text" => "text",
            "integer" | "bigint" => "integer",
            "real" | "double precision" => "real",
            "blob" | "bytea" => "bytes",
            other => panic!("{table}.{column}: {other} is not a type that both engines have"),
        };
        self.tables.entry(table).or_default().insert(column, (kind.to_owned(), nullable));
    }

    /// Keeps of a definition what both engines write alike.
    fn add_index(&mut self, name: String, definition: String) {
        let schema = "ON cogd_test_";
        let definition = match definition.split_once(schema) {
            Some((before, after)) => {
                format!("{before}ON {}", after.split_once('.').unwrap().1)
            }
            None => definition,
        };
        let definition = definition.to_lowercase().replace("using btree", "");
        let definition = definition.replace("::text", "").replace(['(', ')', '\n'], " ");
        let words: Vec<_> = definition.split_whitespace().collect();
        self.indexes.insert(name, words.join(" ").replace(" ,", ","));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_is_applied_once() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        run(engine, async |world: Arc<World>| {
            let database = world.database().await;
            let all = database.migrations();
            assert!(!all.is_empty());
            assert_eq!(database.pending().await.unwrap(), []);
            assert_eq!(database.migrate().await.unwrap(), []);
            world.forget_last_migration().await;
            let last = std::slice::from_ref(all.last().unwrap());
            assert_eq!(database.pending().await.unwrap(), last);
            assert_eq!(database.pending().await.unwrap(), last);
            assert_eq!(database.migrate().await.unwrap(), last);
            assert_eq!(database.pending().await.unwrap(), []);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_together_do_not_disturb_one_another() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        run(engine, async |world: Arc<World>| {
            world.forget_last_migration().await;
            let migrating = (0..4).map(|_| {
                let world = Arc::clone(&world);
                tokio::spawn(async move { world.database().await.migrate().await })
            });
            for migration in migrating.collect::<Vec<_>>() {
                migration.await.unwrap().unwrap();
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_a_later_version_are_refused() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        run(engine, async |world: Arc<World>| {
            let database = world.database().await;
            world
                .execute(
                    "INSERT INTO _sqlx_migrations \
                     (version, description, success, checksum, execution_time) \
                     SELECT 9999, 'later', success, checksum, 0 FROM _sqlx_migrations \
                     WHERE version = 1",
                )
                .await;
            let refused = database.migrate().await.unwrap_err();
            assert!(matches!(refused, StorageError::Migration { .. }), "{refused:?}");
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dictionary_has_one_name_with_one_owner() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        run(engine, async |world: Arc<World>| {
            let database = world.database().await;
            let dictionary = |owner: &str, name: &str| LearnedDictionary {
                owner: owner.to_owned(),
                name: name.to_owned(),
                file: vec![0, 1, 255],
                record: json!({"passes": 4}),
                created: world.now(),
            };
            for (owner, name) in [("a", "trees"), ("a", "fields"), ("b", "trees")] {
                assert!(database.add_dictionary(&dictionary(owner, name)).await.unwrap());
            }
            assert!(!database.add_dictionary(&dictionary("a", "trees")).await.unwrap());
            let found = database.find_dictionary("a", "trees").await.unwrap();
            assert_eq!(found, Some(dictionary("a", "trees")));
            let all = database.list_dictionaries("a").await.unwrap();
            assert_eq!(all, [dictionary("a", "fields"), dictionary("a", "trees")]);
            assert_eq!(database.remove_dictionary("c", "trees").await.unwrap(), None);
            let removed = database.remove_dictionary("a", "trees").await.unwrap();
            assert_eq!(removed, Some(dictionary("a", "trees")));
            assert_eq!(database.find_dictionary("a", "trees").await.unwrap(), None);
            assert!(database.find_dictionary("b", "trees").await.unwrap().is_some());
        })
        .await;
    }
}

/// Runs a statement on either engine.
impl World {
    pub(crate) async fn execute(&self, statement: &'static str) {
        if self.engine == Engine::Sqlite {
            let pool = SqlitePool::connect(&self.sqlite_url()).await.unwrap();
            sqlx::query(AssertSqlSafe(statement)).execute(&pool).await.unwrap();
            pool.close().await;
        } else {
            let pool: PgPool = self.server_pool().await;
            sqlx::query(AssertSqlSafe(statement)).execute(&pool).await.unwrap();
            pool.close().await;
        }
    }

    /// Takes back the last migration.
    async fn forget_last_migration(&self) {
        self.execute("ALTER TABLE jobs DROP COLUMN trace").await;
        self.execute("ALTER TABLE webhooks DROP COLUMN trace").await;
        self.execute("DELETE FROM _sqlx_migrations WHERE version = 5").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_moves_from_sqlite_to_postgres_with_all_it_has() {
    run(Engine::Sqlite, async |from| {
        let source = from.database().await;
        let queue = from.queue().await;
        let (ended, waiting) = (job("a"), job("b"));
        add(&queue, &ended).await;
        let held = claim(&queue).await;
        queue.succeed(&held, &completion(ended.id)).await.unwrap();
        add(&queue, &waiting).await;
        let key = ApiKey::generate().unwrap();
        let record = KeyRecord::new(&key, "camera", [Scope::Restore].into(), from.now());
        source.add_key(&record).await.unwrap();
        let dictionary = LearnedDictionary {
            owner: "a".to_owned(),
            name: "trees".to_owned(),
            file: vec![0, 1, 255],
            record: json!({"passes": 4}),
            created: from.now(),
        };
        source.add_dictionary(&dictionary).await.unwrap();

        run(Engine::Postgres, async |to: Arc<World>| {
            let target = to.database().await;
            let copied = target.copy_from(&source).await.unwrap();
            let expected = [("jobs", 2), ("api_keys", 1), ("webhooks", 0), ("dictionaries", 1)];
            assert_eq!(copied, expected);
            let moved = to.queue().await;
            for (owner, id) in [("a", ended.id), ("b", waiting.id)] {
                let (before, after) = (queue.find(owner, id).await, moved.find(owner, id).await);
                assert_eq!(after.unwrap().unwrap(), before.unwrap().unwrap());
            }
            assert_eq!(claim(&moved).await.job.id, waiting.id);
            assert_eq!(target.list_keys().await.unwrap(), source.list_keys().await.unwrap());
            let found = target.find_dictionary("a", "trees").await.unwrap();
            assert_eq!(found.as_ref(), Some(&dictionary));

            let again = target.copy_from(&source).await.unwrap_err().to_string();
            assert!(again.contains("the table jobs has 2 rows"), "{again}");
            let back = source.copy_from(&target).await.unwrap_err();
            assert!(matches!(back, StorageError::Copy { .. }), "{back:?}");
        })
        .await;
    })
    .await;
}
