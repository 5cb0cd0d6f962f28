//! `cogd serve`.

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::config::{Config, ConfigFlags, give_back_large_blocks};
use crate::telemetry;

/// Serve the HTTP API until SIGTERM or SIGINT.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    #[command(flatten)]
    settings: ConfigFlags,
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let config = self.settings.load()?.config;
        give_back_large_blocks();
        let _telemetry = telemetry::init(&config.log)?;
        Runtime::new()?.block_on(serve(config))
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    // Before the address is announced, so that no signal is missed after it.
    let stop = stop_signal()?;
    let app = App::build(config).await?;
    let listener = app.bind().await?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "listening");
    super::print(&format!("cogd is listening on http://{address}\n"))?;
    app.serve(listener, stop).await;
    Ok(())
}

/// Resolves at the first SIGTERM or SIGINT from now on.
pub(super) fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
