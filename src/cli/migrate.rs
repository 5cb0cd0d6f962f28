//! `cogd migrate`.

use std::fmt::Write as _;

use anyhow::Context as _;
use tokio::runtime::Runtime;

use crate::config::{Config, ConfigFlags};
use crate::storage::Database;

/// Bring the tables of the database up to date
#[derive(Debug, clap::Args)]
pub(super) struct Migrate {
    /// Only list what has been applied and what is pending
    #[arg(long)]
    list: bool,

    #[command(flatten)]
    settings: ConfigFlags,
}

impl Migrate {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let config = self.settings.load()?.config;
        Runtime::new()?.block_on(migrate(&config, self.list))
    }
}

async fn migrate(config: &Config, list: bool) -> anyhow::Result<()> {
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
    database.close().await;
    super::print(&report)
}
