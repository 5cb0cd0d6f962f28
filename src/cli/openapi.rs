//! `cogd openapi`.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};

use crate::http;

/// Print the OpenAPI description of the HTTP API.
#[derive(Debug, clap::Args)]
pub(super) struct PrintOpenApi {
    /// Print nothing; fail if this file is not the description
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

impl PrintOpenApi {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let document = http::document();
        let Some(path) = self.check else {
            return super::print(&document);
        };
        let kept = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(kept == document, "{0} is stale; run: cogd openapi > {0}", path.display());
        Ok(())
    }
}
