//! Networks in files, of whatever command.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use sha2::{Digest as _, Sha256};

use super::course::hexadecimal;
use crate::cli::files;
use crate::network::{Graph, Imported, NetworkError, Parameters, import};
use crate::onnx::OnnxError;
use crate::train::NetworkFile;

/// What `cogd train`, `cogd prune` or `cogd export` wrote.
pub(in crate::cli) struct SavedNetwork {
    /// Not told by every file of ONNX.
    pub(in crate::cli) graph: Option<Graph>,
    pub(in crate::cli) parameters: Parameters,
    /// SHA-256 of the file.
    pub(in crate::cli) digest: String,
}

impl SavedNetwork {
    /// Reads a network, the checkpoint of a run, or a file of ONNX.
    pub(in crate::cli) fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = files::read(path)?;
        let digest = hexadecimal(Sha256::new_with_prefix(&bytes));
        let (graph, parameters) = parse(&bytes).with_context(|| path.display().to_string())?;
        Ok(Self { graph, parameters, digest })
    }

    /// Reads a network of which is known what it computes.
    pub(in crate::cli) fn read_whole(path: &Path) -> anyhow::Result<(Graph, Parameters)> {
        let Self { graph, parameters, .. } = Self::read(path)?;
        let graph =
            graph.ok_or_else(|| anyhow!("only `cogd export` writes ONNX that is read here"));
        Ok((graph.with_context(|| path.display().to_string())?, parameters))
    }
}

fn parse(bytes: &[u8]) -> anyhow::Result<(Option<Graph>, Parameters)> {
    let fault = match NetworkFile::from_bytes(bytes) {
        Ok(file) => return Ok((Some(file.graph), file.parameters)),
        Err(fault) => fault,
    };
    match import(bytes) {
        Ok(Imported { graph, parameters }) => Ok((graph, parameters)),
        // Neither the one nor the other.
        Err(NetworkError::Onnx(OnnxError::Malformed { .. })) => Err(fault.into()),
        Err(fault) => Err(fault.into()),
    }
}
