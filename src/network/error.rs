//! What can be wrong with a network.

use crate::onnx::OnnxError;

/// Why a network cannot be built, computed or written.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A node that does not fit to its inputs.
    #[error("node `{node}`: {reason}")]
    Node {
        /// Its name.
        node: String,
        /// What does not fit.
        reason: String,
    },
    /// A parameter that is not there.
    #[error("the parameter `{name}` is missing")]
    MissingParameter {
        /// Its name.
        name: String,
    },
    /// A parameter of another shape.
    #[error("the parameter `{name}` has the shape {actual:?}, not {expected:?}")]
    ParameterShape {
        /// Its name.
        name: String,
        /// What the graph needs.
        expected: Vec<usize>,
        /// What was given.
        actual: Vec<usize>,
    },
    /// A graph that cannot be written, or bytes that are none.
    #[error("the network cannot be written or read as ONNX")]
    Onnx(#[from] OnnxError),
}

impl NetworkError {
    pub(super) fn node(node: &str, reason: impl Into<String>) -> Self {
        Self::Node { node: node.to_owned(), reason: reason.into() }
    }
}
