//! `cogd migrate`.

use std::fmt::Write as _;

use anyhow::Context as _;
use tokio::runtime::Runtime;

use crate::config::{Config, ConfigFlags};
use crate::storage::{Database, SecretUrl, StorageConfig};

/// Bring the tables of the database up to date
#[derive(Debug, clap::Args)]
pub(super) struct Migrate {
    /// Only list what has been applied and what is pending
    #[arg(long)]
    list: bool,

    /// Then copy everything from the SQLite database of a service that has been stopped
    #[arg(long, value_name = "URL", conflicts_with = "list")]
    from: Option<SecretUrl>,

    #[command(flatten)]
    settings: ConfigFlags,
}

impl Migrate {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let config = self.settings.load()?.config;
        Runtime::new()?.block_on(migrate(&config, self.list, self.from))
    }
}

async fn migrate(config: &Config, list: bool, from: Option<SecretUrl>) -> anyhow::Result<()> {
    let folder = &config.data_dir;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot use {}", folder.display()))?;
    let database = Database::connect(&config.storage, folder).await?;
    let mut report = String::new();
    if list {
        let pending = database.pending().await?;
        for migration in database.migrations() {
            let state = if pending.contains(&migration) { "pending" } else { "applied" };
            writeln!(report, "{state} {migration}")?;
        }
    } else {
        for migration in database.migrate().await? {
            writeln!(report, "applied {migration}")?;
        }
        if report.is_empty() {
            report.push_str("the tables are up to date\n");
        }
    }
    if let Some(url) = from {
        for (table, rows) in copy(&database, url, config).await? {
            writeln!(report, "copied {rows} rows of {table}")?;
        }
    }
    database.close().await;
    super::print(&report)
}

async fn copy(
    target: &Database,
    url: SecretUrl,
    config: &Config,
) -> anyhow::Result<Vec<(&'static str, u64)>> {
    let storage = StorageConfig { database_url: Some(url), ..config.storage.clone() };
    let source = Database::connect(&storage, &config.data_dir).await?;
    source.migrate().await.context("the database to copy from")?;
    let copied = target.copy_from(&source).await?;
    source.close().await;
    Ok(copied)
}
