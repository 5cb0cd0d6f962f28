//! A finished graph as bytes.

use std::collections::BTreeMap;

use prost::Message as _;

use super::OnnxError;
use super::builder::OPSET;
use super::proto::{GraphProto, ModelProto, OperatorSetIdProto, StringStringEntryProto};

/// The version of the file format that goes with [`OPSET`].
const IR_VERSION: i64 = 8;

/// A finished graph with what is said about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    graph: GraphProto,
    metadata: BTreeMap<String, String>,
}

impl Model {
    pub(super) fn new(graph: GraphProto) -> Self {
        Self { graph, metadata: BTreeMap::new() }
    }

    /// The model of a graph that is made from this one's, with the same notes.
    pub(super) fn map(
        &self,
        change: impl FnOnce(&GraphProto) -> Result<GraphProto, OnnxError>,
    ) -> Result<Self, OnnxError> {
        Ok(Self { graph: change(&self.graph)?, metadata: self.metadata.clone() })
    }

    /// Adds a note that travels with the file.
    #[must_use]
    pub fn with_note(mut self, key: &str, value: &str) -> Self {
        self.metadata.insert(key.to_owned(), value.to_owned());
        self
    }

    /// The bytes of the file: the same for the same graph and notes, on every machine.
    pub fn encode(&self) -> Vec<u8> {
        let note = |(key, value): (&String, &String)| StringStringEntryProto {
            key: key.clone(),
            value: value.clone(),
        };
        let model = ModelProto {
            ir_version: IR_VERSION,
            producer_name: "cogd".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            graph: Some(self.graph.clone()),
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
            metadata_props: self.metadata.iter().map(note).collect(),
        };
        model.encode_to_vec()
    }
}
