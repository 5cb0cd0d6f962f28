//! What a network costs.

use super::{Conv, Graph, NetworkError, NodeId, Op, Role};

/// What a network costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Numbers that are learned, without running statistics and masks.
    pub parameters: u64,
    /// Multiplications, each with an addition, of convolutions and products for one image. All
    /// else is an order of magnitude less, or is folded into them.
    pub multiplications: u64,
}

impl Cost {
    /// What a network costs for one image of so many rows and columns.
    ///
    /// # Errors
    /// [`NetworkError::Node`] if the network cannot be applied to this size.
    pub fn of(graph: &Graph, size: [usize; 2]) -> Result<Self, NetworkError> {
        let sizes = sizes(graph, size)?;
        let counts = |role: Role| role.is_trained() && role != Role::Mask;
        let learned = graph.parameters().into_iter().filter(|(_, _, role)| counts(*role));
        let parameters = learned.map(|(_, shape, _)| shape.iter().product::<usize>() as u64).sum();
        let multiplications = graph.nodes().map(|(id, node)| {
            let [rows, columns] = sizes[id.index()];
            let width = graph.width(node);
            let each = match node.op {
                Op::Conv(Conv { channels, side, depthwise: true, .. }) => channels * side * side,
                Op::Conv(Conv { channels, side, .. }) => channels * width * side * side,
                Op::Linear(channels) => channels * width,
                _ => 0,
            };
            each as u64 * rows as u64 * columns as u64
        });
        Ok(Self { parameters, multiplications: multiplications.sum() })
    }
}

/// Rows and columns of every node's output for an input of some size.
pub(super) fn sizes(graph: &Graph, size: [usize; 2]) -> Result<Vec<[usize; 2]>, NetworkError> {
    let mut sizes: Vec<[usize; 2]> = Vec::new();
    for (_, node) in graph.nodes() {
        let of = |id: &NodeId| sizes[id.index()];
        let first = node.inputs.first().map_or(size, of);
        if let Some(other) = node.inputs.iter().map(of).find(|other| *other != first) {
            let [[a, b], [c, d]] = [first, other];
            return Err(NetworkError::node(&node.name, format!("{a}x{b} does not fit to {c}x{d}")));
        }
        let output = match node.op {
            // Zeros around the image take in half a filter, so that strides count from its edge.
            Op::Conv(Conv { stride, .. }) => first.map(|length| length.div_ceil(stride)),
            Op::AveragePool(factor) => {
                if first.iter().any(|length| !length.is_multiple_of(factor)) {
                    let [a, b] = first;
                    let reason = format!("{a}x{b} is no multiple of {factor}");
                    return Err(NetworkError::node(&node.name, reason));
                }
                first.map(|length| length / factor)
            }
            Op::Upsample(factor) => first.map(|length| length * factor),
            Op::GlobalPool => [1, 1],
            _ => first,
        };
        sizes.push(output);
    }
    Ok(sizes)
}
