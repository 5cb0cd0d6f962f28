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
pub(in crate::cli) struct Stored {
    /// Not told by every file of ONNX.
    pub(in crate::cli) graph: Option<Graph>,
    pub(in crate::cli) parameters: Parameters,
    /// SHA-256 of the file.
    pub(in crate::cli) digest: String,
}

impl Stored {
    /// Reads a network, the checkpoint of a run, or a file of ONNX.
    pub(in crate::cli) fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = files::read(path)?;
        let digest = hexadecimal(Sha256::new_with_prefix(&bytes));
        let network = match (NetworkFile::from_bytes(&bytes), import(&bytes)) {
            (Ok(NetworkFile { graph, parameters, .. }), _) => Ok((Some(graph), parameters)),
            (Err(_), Ok(Imported { graph, parameters })) => Ok((graph, parameters)),
            (Err(fault), Err(NetworkError::Onnx(OnnxError::Malformed { .. }))) => Err(fault.into()),
            (Err(_), Err(fault)) => Err(anyhow::Error::from(fault)),
        };
        let (graph, parameters) = network.with_context(|| path.display().to_string())?;
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
