//! Which gates to close.

use super::without;
use crate::network::{Cost, Graph, NetworkError, NodeId, Op};

/// What a gate multiplies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// Filters of convolutions and rows of products: the node and the output channel.
    pub filters: Vec<(NodeId, usize)>,
    /// Normalised channels: the norm and the channel.
    pub norms: Vec<(NodeId, usize)>,
}

/// What every gate of a graph multiplies.
pub fn gates(graph: &Graph) -> Vec<Gate> {
    let mut all = vec![Gate::default(); graph.gates()];
    for (_, node) in graph.nodes() {
        let Op::Mask { gates } = &node.op else { continue };
        let mut source = node.inputs[0];
        if graph.node(source).op == Op::Norm {
            for (channel, &gate) in gates.iter().enumerate() {
                all[gate].norms.push((source, channel));
            }
            source = graph.node(source).inputs[0];
        }
        if matches!(graph.node(source).op, Op::Conv(_) | Op::Linear(_)) {
            for (channel, &gate) in gates.iter().enumerate() {
                all[gate].filters.push((source, channel));
            }
        }
    }
    all
}

/// Which gates to close so that a network costs at most so many multiplications for an image of
/// this size: those of the lowest scores, as few as possible. Where even all are not enough, all.
///
/// # Errors
/// [`NetworkError`] if there are not as many scores as gates, or the network cannot be applied to
/// this size.
pub fn lowest(
    graph: &Graph,
    scores: &[f32],
    size: [usize; 2],
    multiplications: u64,
) -> Result<Vec<bool>, NetworkError> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let close = |count: usize| {
        let mut closed = vec![false; scores.len()];
        for &gate in &order[..count] {
            closed[gate] = true;
        }
        closed
    };
    // What is left never grows with the gates that are closed.
    let (mut least, mut most) = (0, scores.len());
    while least < most {
        let count = usize::midpoint(least, most);
        let cost = Cost::of(&without(graph, &close(count))?, size)?;
        if cost.multiplications <= multiplications {
            most = count;
        } else {
            least = count + 1;
        }
    }
    without(graph, &close(least)).map(|_| close(least))
}
