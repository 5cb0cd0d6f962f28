//! `cogd keys`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::auth::{ApiKey, Scope};
use crate::config::ConfigFlags;
use crate::storage::{Clock, Database, KeyRecord, StorageError};

/// Make, list and revoke the API keys of a service.
///
/// Works on the database of the settings; the service need not be running. A running one knows a
/// new key at once, and forgets a revoked one within five seconds.
#[derive(Debug, clap::Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key and print it: it is not kept, and cannot be printed again
    Create {
        /// What to call it: who or what will use it
        name: String,
        /// What it may be used for: restore, learn, infer, or admin for everything
        #[arg(long = "scope", value_name = "SCOPE", required = true, value_delimiter = ',')]
        scopes: Vec<Scope>,
        #[command(flatten)]
        common: Common,
    },
    /// List all keys, revoked ones included
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Have a key refused from now on
    Revoke {
        /// Its name or its id
        name: String,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, clap::Args)]
struct Common {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: ConfigFlags,
}

/// Longest name of a key.
const LONGEST_NAME: usize = 100;

impl Keys {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let text = Runtime::new()?.block_on(self.command.run())?;
        super::print(&text)
    }
}

impl KeyCommand {
    async fn run(self) -> anyhow::Result<String> {
        let (Self::Create { common, .. } | Self::List { common } | Self::Revoke { common, .. }) =
            &self;
        let (json, database) = (common.json, open(common.settings.clone()).await?);
        let clock = Clock::system();
        let text = match self {
            Self::Create { name, scopes, .. } => {
                let is_plain = name.chars().all(|character| !character.is_control());
                let length = name.chars().count();
                ensure!(
                    is_plain && (1..=LONGEST_NAME).contains(&length),
                    "the name of a key has 1 to {LONGEST_NAME} characters that can be seen"
                );
                let key = ApiKey::generate().context("the system gives no randomness")?;
                let scopes = BTreeSet::from_iter(scopes);
                let record = KeyRecord::new(&key, &name, scopes, clock.now());
                match database.add_key(&record).await {
                    Err(StorageError::Conflict { .. }) => {
                        bail!("there is a key {name:?} already; revoke it, or use another name")
                    }
                    added => added.context("the key was not made")?,
                }
                created(&key, &record, json)
            }
            Self::List { .. } => {
                let keys = database.list_keys().await.context("the keys cannot be read")?;
                listed(&keys, json)
            }
            Self::Revoke { name, .. } => {
                let revoked = database.revoke_key(&name, clock.now()).await;
                let revoked = revoked.context("the key was not revoked")?;
                let Some(key) = revoked else { bail!("there is no key {name:?} to revoke") };
                if json {
                    line(&describe(&key))
                } else {
                    format!("revoked {} ({})\n", key.name, key.id)
                }
            }
        };
        database.close().await;
        Ok(text)
    }
}

/// The database of the settings, with its tables.
async fn open(settings: ConfigFlags) -> anyhow::Result<Database> {
    let config = settings.load()?.config;
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("cannot make the folder {}", config.data_dir.display()))?;
    let database = Database::connect(&config.storage, &config.data_dir)
        .await
        .context("cannot open the database")?;
    database.migrate().await.context("cannot prepare the database")?;
    Ok(database)
}

fn created(key: &ApiKey, record: &KeyRecord, json: bool) -> String {
    if json {
        let mut told = describe(record);
        told["key"] = key.reveal().into();
        line(&told)
    } else {
        // Alone on its line, so that a script can take it.
        format!("{}\n", key.reveal())
    }
}

fn listed(keys: &[KeyRecord], json: bool) -> String {
    if json {
        return line(&keys.iter().map(describe).collect());
    }
    let mut text = String::new();
    for key in keys {
        let scopes = key.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(",");
        let used = key.used.map_or_else(|| "never used".to_owned(), |at| format!("used {at}"));
        let state = key.revoked.map_or(used, |at| format!("revoked {at}"));
        writeln!(text, "{}  {:<24} {:<24} made {}  {state}", key.id, key.name, scopes, key.created)
            .expect("a string takes all that is written to it");
    }
    text
}

fn describe(key: &KeyRecord) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "created": key.created,
        "last_used": key.used,
        "revoked": key.revoked,
    })
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}
