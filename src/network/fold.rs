//! Norms and masks as part of the operators before them.

use super::{Conv, EPSILON, Graph, MASK, NetworkError, Node, NodeId, Op, Parameters, Role};
use crate::onnx::fold_batch_normalization;

/// The same function without masks: a mask that alone reads a convolution, a product or a norm is
/// worked into its numbers. What stays is a mask that follows something else.
///
/// # Errors
/// [`NetworkError`] if the parameters do not fit to the graph.
pub fn absorb(graph: &Graph, parameters: &Parameters) -> Result<(Graph, Parameters), NetworkError> {
    let takes = |before: &Node, node: &Node| {
        let is_mask = matches!(node.op, Op::Mask { .. });
        is_mask && matches!(before.op, Op::Conv(_) | Op::Linear(_) | Op::Norm)
    };
    merge(graph, parameters, takes, |kept, before, node| {
        let Op::Mask { gates } = &node.op else { return Ok(()) };
        let mask = parameters.get(MASK)?;
        for role in [Role::Weight, Role::Bias, Role::Scale, Role::Shift] {
            let Some(values) = kept.values_mut(&before.parameter(role)) else { continue };
            let each = values.len() / gates.len();
            for (values, &gate) in values.chunks_mut(each).zip(gates) {
                for value in values {
                    *value *= mask[gate];
                }
            }
        }
        Ok(())
    })
}

/// The same function with fewer nodes: what [`absorb`] gives, and every norm that alone reads a
/// convolution worked into its filters and bias.
///
/// # Errors
/// [`NetworkError`] if the parameters do not fit to the graph.
pub fn fold(graph: &Graph, parameters: &Parameters) -> Result<(Graph, Parameters), NetworkError> {
    let (graph, parameters) = absorb(graph, parameters)?;
    let (graph, parameters) = with_biases(&graph, &parameters)?;
    let takes = |before: &Node, node: &Node| {
        node.op == Op::Norm && matches!(before.op, Op::Conv(Conv { bias: true, .. }))
    };
    merge(&graph, &parameters, takes, |kept, before, node| {
        let of = |role| parameters.of(node, role);
        let (scale, shift) = (of(Role::Scale)?, of(Role::Shift)?);
        let (mean, variance) = (of(Role::Mean)?, of(Role::Variance)?);
        let mut bias = kept.of(before, Role::Bias)?.to_vec();
        if let Some(weight) = kept.values_mut(&before.parameter(Role::Weight)) {
            fold_batch_normalization(weight, &mut bias, scale, shift, mean, variance, EPSILON);
        }
        kept.put(before.parameter(Role::Bias), vec![bias.len()], bias);
        Ok(())
    })
}

/// Gives a bias of zero to every convolution without one that a norm alone reads.
fn with_biases(
    graph: &Graph,
    parameters: &Parameters,
) -> Result<(Graph, Parameters), NetworkError> {
    let readers = graph.readers();
    let mut normed = vec![false; graph.nodes().len()];
    for (_, node) in graph.nodes().filter(|(_, node)| node.op == Op::Norm) {
        normed[node.inputs[0].index()] = readers[node.inputs[0].index()] == 1;
    }
    let (mut wider, mut kept) = (graph.same_input(), parameters.clone());
    for (id, node) in graph.nodes().skip(1) {
        let op = match &node.op {
            Op::Conv(conv) if normed[id.index()] && !conv.bias => {
                let bias = vec![0.0; conv.channels];
                kept.put(node.parameter(Role::Bias), vec![conv.channels], bias);
                Op::Conv(Conv { bias: true, ..*conv })
            }
            other => other.clone(),
        };
        wider.add(&node.name, op, &node.inputs)?;
    }
    wider.set_output(graph.output())?;
    Ok((wider, kept))
}

/// Leaves out every node that alone reads another one which takes it in; `take` works it into the
/// numbers of that one.
fn merge(
    graph: &Graph,
    parameters: &Parameters,
    takes: impl Fn(&Node, &Node) -> bool,
    take: impl Fn(&mut Parameters, &Node, &Node) -> Result<(), NetworkError>,
) -> Result<(Graph, Parameters), NetworkError> {
    parameters.check(graph)?;
    let readers = graph.readers();
    let (mut merged, mut kept) = (graph.same_input(), Parameters::default());
    let mut places = vec![merged.input()];
    for (_, node) in graph.nodes().skip(1) {
        let inputs: Vec<NodeId> = node.inputs.iter().map(|id| places[id.index()]).collect();
        let before = merged.node(inputs[0]);
        // What was merged already stands for its own reader, of which there is one as well.
        if readers[node.inputs[0].index()] == 1 && takes(before, node) {
            take(&mut kept, before, node)?;
            places.push(inputs[0]);
            continue;
        }
        for (name, array) in graph.parameters_of(node) {
            let values = parameters.get(&name)?.to_vec();
            kept.put(name, array, values);
        }
        places.push(merged.add(&node.name, node.op.clone(), &inputs)?);
    }
    merged.set_output(places[graph.output().index()])?;
    if merged.gates() > 0 {
        kept.put(
            MASK.to_owned(),
            vec![merged.gates()],
            parameters.get(MASK)?[..merged.gates()].to_vec(),
        );
    }
    Ok((merged, kept))
}
