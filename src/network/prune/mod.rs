//! Pruning: which channels go together, soft masks for them, and what is left when masks are
//! closed.
//!
//! Channels that are added to each other, joined, pooled or filtered each by itself can only stay
//! or go together. [`masked`] gives every such set one entry of the parameter [`MASK`], its *gate*.
//! A gate of zero makes the whole set zero wherever it is read, so [`prune`] can take it out, and
//! the smaller network computes the same.

mod choose;
mod classes;
mod plan;

pub use choose::{Gate, gates, lowest};

use std::collections::BTreeMap;

use super::{Graph, MASK, NetworkError, NodeId, Op, Parameters, Role, absorb};
use classes::{Classes, is_dense};
use plan::Plan;

/// A network with a soft mask after every convolution and product, or after the norm that alone
/// reads it. Channels that go together have one gate; those of input and output, and those that go
/// together with them, have none.
///
/// # Errors
/// [`NetworkError::Node`] if the network has masks already.
pub fn masked(graph: &Graph) -> Result<Graph, NetworkError> {
    if let Some((_, node)) = graph.nodes().find(|(_, node)| matches!(node.op, Op::Mask { .. })) {
        return Err(NetworkError::node(&node.name, "the network has masks already"));
    }
    let ends = ends(graph);
    let mut classes = Classes::of(graph);
    classes.fix_beside_fixed(graph, &ends);
    let mut gates = BTreeMap::new();
    let mut masked = graph.same_input();
    let mut places = vec![masked.input()];
    for (id, node) in graph.nodes().skip(1) {
        let inputs: Vec<NodeId> = node.inputs.iter().map(|id| places[id.index()]).collect();
        let mut place = masked.add(&node.name, node.op.clone(), &inputs)?;
        if ends[id.index()] && !classes.is_fixed(id, 0) {
            let mut gate = |channel| {
                let next = gates.len();
                *gates.entry(classes.of_channel(id, channel)).or_insert(next)
            };
            let gates = (0..node.channels).map(&mut gate).collect();
            place = masked.add(&format!("{}.mask", node.name), Op::Mask { gates }, &[place])?;
        }
        places.push(place);
    }
    masked.set_output(places[graph.output().index()])?;
    Ok(masked)
}

/// The nodes after which masks stand: what makes channels, and norms, but not what only a norm
/// reads.
fn ends(graph: &Graph) -> Vec<bool> {
    let readers = graph.readers();
    let mut ends = vec![false; graph.nodes().len()];
    for (id, node) in graph.nodes() {
        ends[id.index()] = matches!(node.op, Op::Conv(_) | Op::Linear(_) | Op::Norm);
        if node.op == Op::Norm && readers[node.inputs[0].index()] == 1 {
            ends[node.inputs[0].index()] = false;
        }
    }
    ends
}

/// The smaller network that computes what a network with masks computes: without the channels whose
/// gates are zero, and with the other gates worked into filters and norms. A node that is left
/// without a channel keeps one, unless all that it gives is added to something else.
///
/// # Errors
/// [`NetworkError`] if the parameters do not fit to the graph.
pub fn prune(graph: &Graph, parameters: &Parameters) -> Result<(Graph, Parameters), NetworkError> {
    parameters.check(graph)?;
    let mask = if graph.gates() > 0 { parameters.get(MASK)? } else { &[] };
    let closed: Vec<bool> = mask.iter().map(|&gate| gate == 0.0).collect();
    let plan = Plan::of(graph, &closed);
    let smaller = plan.graph()?;
    let mut kept = Parameters::default();
    for (_, node, rows) in plan.nodes() {
        let columns = node.inputs.first().and_then(|input| plan.kept(*input)).unwrap_or_default();
        for (name, mut shape) in graph.parameters_of(node) {
            let values = parameters.get(&name)?;
            let each: usize = shape[1..].iter().product();
            let rows_of = rows.iter().map(|&row| &values[row * each..][..each]);
            shape[0] = rows.len();
            let values = if is_dense(&node.op) && name == node.parameter(Role::Weight) {
                let taps: usize = shape[2..].iter().product();
                shape[1] = columns.len();
                let column = |row: &[f32]| -> Vec<f32> {
                    columns.iter().flat_map(|&at| row[at * taps..][..taps].to_vec()).collect()
                };
                rows_of.flat_map(column).collect()
            } else {
                rows_of.flatten().copied().collect()
            };
            kept.put(name, shape, values);
        }
    }
    let gates: Vec<f32> = plan.gates().iter().map(|&gate| mask[gate]).collect();
    if !gates.is_empty() {
        kept.put(MASK.to_owned(), vec![gates.len()], gates);
    }
    absorb(&smaller, &kept)
}

/// What [`prune`] leaves of a graph when these gates are zero, without its numbers; its masks stay.
///
/// # Errors
/// [`NetworkError::Node`] if there are not as many gates as the graph has.
pub fn without(graph: &Graph, closed: &[bool]) -> Result<Graph, NetworkError> {
    if closed.len() != graph.gates() {
        let reason = format!("{} gates where there are {}", closed.len(), graph.gates());
        return Err(NetworkError::node(MASK, reason));
    }
    Plan::of(graph, closed).graph()
}
