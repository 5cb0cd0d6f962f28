//! Networks from ONNX, as [`export`](super::export) writes them.

use super::export::NOTE;
use super::{Array, Graph, MASK, NetworkError, Op, Parameters, Role};
use crate::onnx::{self, Weight};

/// More soft masks than any network has; a file may claim more.
const MOST_GATES: usize = 1 << 20;

/// What a file of ONNX tells of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// What is computed, norms and masks folded; none if the file does not say it in a form that
    /// is read here.
    pub graph: Option<Graph>,
    /// The numbers: those of the graph, or, without one, all of single precision by name.
    pub parameters: Parameters,
}

/// Reads a network that was written by [`export`](super::export).
///
/// # Errors
/// [`NetworkError::Onnx`] for bytes that are no model, [`NetworkError::Node`] for a graph that does
/// not hold together, [`NetworkError::MissingParameter`] or [`NetworkError::ParameterShape`] for
/// weights that are not those of the graph.
pub fn import(bytes: &[u8]) -> Result<Imported, NetworkError> {
    let onnx::Stored { notes, weights } = onnx::read_stored(bytes)?;
    let Some(note) = notes.get(NOTE) else {
        let array = |(name, Weight { shape, values })| (name, Array { shape, values });
        let parameters = Parameters(weights.into_iter().map(array).collect());
        return Ok(Imported { graph: None, parameters });
    };
    let graph: Graph = serde_json::from_str(note)
        .map_err(|fault| NetworkError::node("input", format!("the note `{NOTE}`: {fault}")))?;
    let stored = |name: String, shape: Vec<usize>| {
        let Some(weight) = weights.get(&name) else {
            return Err(NetworkError::MissingParameter { name });
        };
        // What is a vector here may have further axes of length one there.
        let count = shape.iter().try_fold(1_usize, |count, &length| count.checked_mul(length));
        if count != Some(weight.values.len()) {
            let actual = weight.shape.clone();
            return Err(NetworkError::ParameterShape { name, expected: shape, actual });
        }
        Ok(weight.values.clone())
    };
    let mut parameters = Parameters::default();
    for (name, shape, role) in graph.parameters() {
        if role != Role::Mask {
            parameters.put(name.clone(), shape.clone(), stored(name, shape)?);
        }
    }
    let gates = graph.gates();
    if gates > MOST_GATES {
        return Err(NetworkError::node("input", format!("{gates} soft masks are too many")));
    }
    // Those that were folded into filters have no node left.
    let mut mask = vec![1.0; gates];
    for (_, node) in graph.nodes() {
        let Op::Mask { gates } = &node.op else { continue };
        let values = stored(node.parameter(Role::Mask), vec![gates.len()])?;
        for (&gate, value) in gates.iter().zip(values) {
            mask[gate] = value;
        }
    }
    if gates > 0 {
        parameters.put(MASK.to_owned(), vec![gates], mask);
    }
    Ok(Imported { graph: Some(graph), parameters })
}
