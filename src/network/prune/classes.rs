//! Channels that can only stay or go together.

use crate::network::{Conv, Graph, NodeId, Op};

/// Sets of channels that can only stay or go together.
pub(super) struct Classes {
    /// The first channel of every node among all channels of all nodes.
    offsets: Vec<usize>,
    /// For every channel the least channel of its set.
    sets: Vec<usize>,
    /// Whether a set has to stay, at its least channel.
    fixed: Vec<bool>,
}

impl Classes {
    /// The sets of a graph. Those of its input and of its output have to stay.
    pub(super) fn of(graph: &Graph) -> Self {
        let mut total = 0;
        let mut offsets = Vec::new();
        for (_, node) in graph.nodes() {
            offsets.push(total);
            total += node.channels;
        }
        let mut parents: Vec<usize> = (0..total).collect();
        for (id, node) in graph.nodes() {
            let mut at = offsets[id.index()];
            for input in &node.inputs {
                if is_dense(&node.op) {
                    continue;
                }
                let from = offsets[input.index()];
                for channel in 0..graph.channels(*input) {
                    join(&mut parents, at + channel, from + channel);
                }
                if node.op == Op::Concat {
                    at += graph.channels(*input);
                }
            }
        }
        let sets: Vec<usize> = (0..total).map(|channel| root(&parents, channel)).collect();
        let mut classes = Self { offsets, sets, fixed: vec![false; total] };
        for id in [graph.input(), graph.output()] {
            classes.fix(graph, id);
        }
        classes
    }

    /// Lets stay whatever is made together with what has to stay: a node of these has a gate for
    /// all its channels or for none.
    pub(super) fn fix_beside_fixed(&mut self, graph: &Graph, nodes: &[bool]) {
        loop {
            let mixed = graph.nodes().find(|(id, node)| {
                let fixed = (0..node.channels).filter(|channel| self.is_fixed(*id, *channel));
                nodes[id.index()] && !matches!(fixed.count(), n if n == 0 || n == node.channels)
            });
            let Some((id, _)) = mixed else { return };
            self.fix(graph, id);
        }
    }

    /// The set of a channel of a node.
    pub(super) fn of_channel(&self, id: NodeId, channel: usize) -> usize {
        self.sets[self.offsets[id.index()] + channel]
    }

    /// Whether the set of a channel has to stay.
    pub(super) fn is_fixed(&self, id: NodeId, channel: usize) -> bool {
        self.fixed[self.of_channel(id, channel)]
    }

    /// How many channels there are, as a bound on the numbers of sets.
    pub(super) fn bound(&self) -> usize {
        self.sets.len()
    }

    fn fix(&mut self, graph: &Graph, id: NodeId) {
        for channel in 0..graph.channels(id) {
            let set = self.of_channel(id, channel);
            self.fixed[set] = true;
        }
    }
}

/// Whether every channel is made of all channels of the input.
pub(super) fn is_dense(op: &Op) -> bool {
    matches!(op, Op::Conv(Conv { depthwise: false, .. }) | Op::Linear(_))
}

fn root(parents: &[usize], mut channel: usize) -> usize {
    while parents[channel] != channel {
        channel = parents[channel];
    }
    channel
}

/// The lesser root becomes the parent, so that a root is the least of its set.
fn join(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parents, a), root(parents, b));
    parents[a.max(b)] = a.min(b);
}
