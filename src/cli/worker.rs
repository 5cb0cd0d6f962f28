//! `cogd worker`.

use tokio::runtime::Runtime;

use super::serve::stop_signal;
use crate::app::App;
use crate::config::{Config, ConfigFlags, give_back_large_blocks};
use crate::telemetry;

/// Run jobs until SIGTERM or SIGINT, without serving the API.
#[derive(Debug, clap::Args)]
pub(super) struct Worker {
    #[command(flatten)]
    settings: ConfigFlags,
}

impl Worker {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let config = self.settings.load()?.config;
        give_back_large_blocks();
        let _telemetry = telemetry::init(&config.log)?;
        Runtime::new()?.block_on(work(config))
    }
}

async fn work(config: Config) -> anyhow::Result<()> {
    let stop = stop_signal()?;
    let app = App::build_worker(config).await?;
    let Some(listener) = app.bind_worker().await? else {
        super::print("cogd is working\n")?;
        app.work(stop).await;
        return Ok(());
    };
    let address = listener.local_addr()?;
    tracing::info!(%address, "listening");
    super::print(&format!("cogd is working, and tells how it is on http://{address}\n"))?;
    app.work_watched(listener, stop).await;
    Ok(())
}
