//! Bytes of a model file to what a server must know of it, whatever the bytes are.
//!
//! One walk over borrowed bytes. What it sets aside follows the limits, not the file: names that
//! are checked are borrowed, weights are counted and not copied.

use std::collections::BTreeMap;

use super::graph::Walk;
use super::wire::{Fields, malformed};
use super::{OnnxError, ValueInfo};

/// How much of everything a model may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectLimits {
    /// Bytes of the file.
    pub bytes: u64,
    /// Nodes, those of nested graphs and functions included.
    pub nodes: u64,
    /// Weights, inputs and outputs of nodes together.
    pub names: u64,
    /// Inputs and outputs of the whole graph.
    pub values: u64,
    /// Notes in the metadata.
    pub notes: u64,
    /// The oldest version of the operators.
    pub oldest_opset: i64,
    /// The newest version of the operators.
    pub newest_opset: i64,
}

impl Default for InspectLimits {
    fn default() -> Self {
        Self {
            bytes: 2 << 30,
            nodes: 100_000,
            names: 1_000_000,
            values: 256,
            notes: 256,
            oldest_opset: 7,
            newest_opset: 26,
        }
    }
}

impl InspectLimits {
    pub(super) fn check(what: &'static str, limit: u64, actual: u64) -> Result<(), OnnxError> {
        if actual > limit { Err(OnnxError::TooMany { what, limit, actual }) } else { Ok(()) }
    }
}

/// What a model file says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// Version of the file format.
    pub ir_version: i64,
    /// Version of the operators of the default domain.
    pub opset: i64,
    /// The program that wrote the file.
    pub producer: String,
    /// The version its author gave the model.
    pub model_version: i64,
    /// What has to be given; weights that may be overridden are not among them.
    pub inputs: Vec<ValueInfo>,
    /// What comes out.
    pub outputs: Vec<ValueInfo>,
    /// Notes by key.
    pub metadata: BTreeMap<String, String>,
    /// Domains of operators that are not the default one.
    pub domains: Vec<String>,
    /// How often every operator is used.
    pub operators: BTreeMap<String, u64>,
    /// Nodes, those of nested graphs included.
    pub nodes: u64,
    /// Weights.
    pub weights: u64,
    /// Elements of all weights together.
    pub weight_elements: u64,
    /// Bytes of all weights together, as they are stored.
    pub weight_bytes: u64,
}

/// Longest text that is taken over; longer ones are cut.
const LONGEST_TEXT: usize = 4096;

/// Reads what a model file says of itself and checks that it is whole: every name is given before
/// it is used, every weight has the size of its shape, and nothing lies outside the file.
///
/// # Errors
/// [`OnnxError`] for anything else. Memory stays below a small multiple of the limits.
pub fn inspect(bytes: &[u8], limits: &InspectLimits) -> Result<Inspection, OnnxError> {
    InspectLimits::check("bytes", limits.bytes, bytes.len() as u64)?;
    let mut graph = None;
    let (mut ir_version, mut model_version, mut opset) = (0, 0, 0);
    let (mut producer, mut metadata) = (String::new(), BTreeMap::new());
    let mut domains = Vec::new();
    let mut functions = Vec::new();
    for field in Fields::new(bytes) {
        let (number, field) = field?;
        match number {
            1 => ir_version = field.number()?,
            2 => producer = cut(field.text()?),
            5 => model_version = field.number()?,
            7 if graph.is_some() => return Err(malformed("two graphs")),
            7 => graph = Some(field.bytes()?),
            8 => {
                let (domain, version) = operator_set(field.bytes()?)?;
                if matches!(domain, "" | "ai.onnx") {
                    opset = version;
                } else if !domains.iter().any(|known| known == domain) {
                    InspectLimits::check("domains", limits.notes, domains.len() as u64 + 1)?;
                    domains.push(cut(domain));
                }
            }
            14 => {
                let (key, value) = entry(field.bytes()?)?;
                metadata.insert(cut(key), cut(value));
                InspectLimits::check("notes", limits.notes, metadata.len() as u64)?;
            }
            20 => return Err(malformed("training information, which is not read")),
            25 => {
                InspectLimits::check("functions", limits.nodes, functions.len() as u64 + 1)?;
                functions.push(field.bytes()?);
            }
            _ => {}
        }
    }
    let graph = graph.ok_or_else(|| malformed("no graph"))?;
    let (oldest, newest) = (limits.oldest_opset, limits.newest_opset);
    if !(oldest..=newest).contains(&opset) {
        return Err(OnnxError::Opset { actual: opset, oldest, newest });
    }
    let mut walk = Walk::new(limits);
    for function in functions {
        walk.function(function)?;
    }
    let (inputs, outputs) = walk.graph(graph)?;
    let totals = walk.totals;
    Ok(Inspection {
        ir_version,
        opset,
        producer,
        model_version,
        inputs,
        outputs,
        metadata,
        domains,
        operators: totals.operators,
        nodes: totals.nodes,
        weights: totals.weights,
        weight_elements: totals.weight_elements,
        weight_bytes: totals.weight_bytes,
    })
}

/// Domain and version.
fn operator_set(message: &[u8]) -> Result<(&str, i64), OnnxError> {
    let (mut domain, mut version) = ("", 0);
    for field in Fields::new(message) {
        match field? {
            (1, field) => domain = field.text()?,
            (2, field) => version = field.number()?,
            _ => {}
        }
    }
    Ok((domain, version))
}

/// Key and value.
pub(super) fn entry(message: &[u8]) -> Result<(&str, &str), OnnxError> {
    let (mut key, mut value) = ("", "");
    for field in Fields::new(message) {
        match field? {
            (1, field) => key = field.text()?,
            (2, field) => value = field.text()?,
            _ => {}
        }
    }
    Ok((key, value))
}

/// A copy, cut where it is longer than anyone would read.
pub(super) fn cut(text: &str) -> String {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

#[cfg(test)]
mod tests;
