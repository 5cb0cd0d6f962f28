//! What is left of a graph when gates are zero.

use std::collections::BTreeSet;

use super::classes::{Classes, is_dense};
use crate::network::{Conv, Graph, NetworkError, Node, NodeId, Op};

/// What is left of a graph when gates are zero.
pub(super) struct Plan<'a> {
    graph: &'a Graph,
    /// What stands for every node: itself, or what a sum is equal to when all else in it is zero.
    same: Vec<NodeId>,
    /// The channels that every node keeps; none if the output does not depend on it.
    kept: Vec<Option<Vec<usize>>>,
}

impl<'a> Plan<'a> {
    /// # Panics
    /// If there are fewer gates than the graph has.
    pub(super) fn of(graph: &'a Graph, closed: &[bool]) -> Self {
        let zero = zeros(graph, closed);
        let mut same: Vec<NodeId> = Vec::new();
        for (id, node) in graph.nodes() {
            let is_zero = |input: &NodeId| zero[input.index()].iter().all(|&zero| zero);
            same.push(match (&node.op, &node.inputs[..]) {
                (Op::Add, [a, b]) if is_zero(b) => same[a.index()],
                (Op::Add, [a, b]) if is_zero(a) => same[b.index()],
                _ => id,
            });
        }
        let mut needed = vec![false; graph.nodes().len()];
        needed[same[graph.output().index()].index()] = true;
        for (id, node) in graph.nodes().collect::<Vec<_>>().into_iter().rev() {
            if needed[id.index()] {
                for input in &node.inputs {
                    needed[same[input.index()].index()] = true;
                }
            }
        }

        let classes = Classes::of(graph);
        // A set goes if it is zero wherever channels are mixed. In between it may be anything.
        let mut stays = vec![false; classes.bound()];
        let mut stay = |id: NodeId, channel| stays[classes.of_channel(id, channel)] = true;
        let needed_nodes = || graph.nodes().filter(|(id, _)| needed[id.index()]);
        for (id, node) in needed_nodes() {
            for channel in (0..node.channels).filter(|channel| classes.is_fixed(id, *channel)) {
                stay(id, channel);
            }
            if is_dense(&node.op) {
                let read = same[node.inputs[0].index()];
                for (channel, _) in zero[read.index()].iter().enumerate().filter(|zero| !zero.1) {
                    stay(read, channel);
                }
            }
        }
        for (id, node) in needed_nodes() {
            if (0..node.channels).all(|channel| !stays[classes.of_channel(id, channel)]) {
                stays[classes.of_channel(id, 0)] = true;
            }
        }
        let stays = |id: NodeId, channel| stays[classes.of_channel(id, channel)];
        let kept = graph.nodes().map(|(id, node)| {
            let channels = || (0..node.channels).filter(|channel| stays(id, *channel)).collect();
            needed[id.index()].then(channels)
        });
        let kept = kept.collect();
        Self { graph, same, kept }
    }

    /// The channels that stay of what a node gives; `None` if the output does not depend on it.
    pub(super) fn kept(&self, id: NodeId) -> Option<&[usize]> {
        self.kept[self.same[id.index()].index()].as_deref()
    }

    /// The nodes that are left.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (NodeId, &'a Node, &[usize])> {
        let kept = self.graph.nodes().zip(&self.kept);
        kept.filter_map(|((id, node), kept)| kept.as_deref().map(|kept| (id, node, kept)))
    }

    /// The gates that are left, in their new order.
    pub(super) fn gates(&self) -> BTreeSet<usize> {
        let mut left = BTreeSet::new();
        for (_, node, kept) in self.nodes() {
            if let Op::Mask { gates } = &node.op {
                left.extend(kept.iter().map(|&channel| gates[channel]));
            }
        }
        left
    }

    /// The smaller graph.
    ///
    /// # Errors
    /// [`NetworkError::Node`] for none that was made of a whole graph.
    pub(super) fn graph(&self) -> Result<Graph, NetworkError> {
        let left = self.gates();
        let mut smaller = self.graph.same_input();
        let mut places = vec![smaller.input(); self.kept.len()];
        for (id, node, kept) in self.nodes().filter(|(_, node, _)| !node.inputs.is_empty()) {
            let op = match &node.op {
                Op::Conv(conv) => Op::Conv(Conv { channels: kept.len(), ..*conv }),
                Op::Linear(_) => Op::Linear(kept.len()),
                Op::Mask { gates } => {
                    let place = |&channel: &usize| left.range(..gates[channel]).count();
                    Op::Mask { gates: kept.iter().map(place).collect() }
                }
                other => other.clone(),
            };
            let place = |input: &NodeId| places[self.same[input.index()].index()];
            let inputs: Vec<NodeId> = node.inputs.iter().map(place).collect();
            places[id.index()] = smaller.add(&node.name, op, &inputs)?;
        }
        smaller.set_output(places[self.same[self.graph.output().index()].index()])?;
        Ok(smaller)
    }
}

/// For every channel of every node whether it is zero everywhere, whatever the image.
fn zeros(graph: &Graph, closed: &[bool]) -> Vec<Vec<bool>> {
    let mut zeros: Vec<Vec<bool>> = Vec::new();
    for (_, node) in graph.nodes() {
        let of = |index: usize| &zeros[node.inputs[index].index()];
        zeros.push(match &node.op {
            Op::Input(_) | Op::Norm | Op::Linear(_) => vec![false; node.channels],
            Op::Conv(conv) if !conv.depthwise || conv.bias => vec![false; node.channels],
            Op::Mask { gates } => {
                of(0).iter().zip(gates).map(|(&zero, &gate)| zero || closed[gate]).collect()
            }
            Op::Add => of(0).iter().zip(of(1)).map(|(&a, &b)| a && b).collect(),
            Op::Concat => {
                node.inputs.iter().flat_map(|input| zeros[input.index()].clone()).collect()
            }
            Op::Conv(_)
            | Op::Relu
            | Op::Shrink
            | Op::AveragePool(_)
            | Op::Upsample(_)
            | Op::GlobalPool => of(0).clone(),
        });
    }
    zeros
}
