//! `cogd openapi`.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};

use crate::http;

/// Print the OpenAPI description of the HTTP API.
#[derive(Debug, clap::Args)]
pub(super) struct PrintOpenApi {
    /// The native API, the Open Inference Protocol, or a dialect
    #[arg(value_enum, default_value_t = Api::V1)]
    api: Api,
    /// Print nothing; fail if this file is not the description
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

/// A part of the HTTP API with a description of its own.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Api {
    V1,
    V2,
    Openai,
    Iopaint,
}

impl PrintOpenApi {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let (name, document) = match self.api {
            Api::V1 => ("v1", http::document()),
            Api::V2 => ("v2", http::document_v2()),
            Api::Openai => ("openai", http::document_openai()),
            Api::Iopaint => ("iopaint", http::document_iopaint()),
        };
        let Some(path) = self.check else {
            return super::print(&document);
        };
        let kept = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(kept == document, "{0} is stale; run: cogd openapi {name} > {0}", path.display());
        Ok(())
    }
}
