//! Networks as ONNX.

use super::{Conv, EPSILON, Graph, MASK, NetworkError, Op, Parameters, Role, fold};
use crate::onnx::{
    Convolution, Dimension, ElementType, GraphBuilder, Interpolation, Model, Pool, Value,
};

/// Key of the note that holds the graph, as JSON, for [`import`](super::import).
pub(super) const NOTE: &str = "cogd.graph";

/// Writes a network, its norms and masks folded into its convolutions where they can be, and a note
/// from which [`import`](super::import) reads it again.
///
/// # Shapes
/// - `image`: `(batch, channels, height, width)`, in single precision
/// - `output`: `(batch, channels, height, width)`; `(batch, channels)` after a global pool
///
/// # Errors
/// [`NetworkError`] if the parameters do not fit to the graph.
pub fn export(name: &str, graph: &Graph, parameters: &Parameters) -> Result<Model, NetworkError> {
    let (graph, parameters) = fold(graph, parameters)?;
    let mut g = GraphBuilder::new(name);
    let mut values: Vec<Value> = Vec::new();
    for (_, node) in graph.nodes() {
        let inputs: Vec<&Value> = node.inputs.iter().map(|id| &values[id.index()]).collect();
        let width = graph.width(node) as u64;
        let one_each = [1, width, 1, 1];
        let named = |role| node.parameter(role);
        let get = |role| parameters.of(node, role);
        let value = match &node.op {
            Op::Input(channels) => {
                let channels = Dimension::Fixed(*channels as u64);
                let axes = ["batch".into(), channels, "height".into(), "width".into()];
                g.input("image", ElementType::F32, &axes)?
            }
            Op::Conv(conv) => {
                let (shape, lay) = laid(*conv, width);
                let weight = g.weights(&named(Role::Weight), &shape, get(Role::Weight)?)?;
                let bias = if conv.bias {
                    Some(g.weights(&named(Role::Bias), &shape[..1], get(Role::Bias)?)?)
                } else {
                    None
                };
                g.conv(inputs[0], &weight, bias.as_ref(), lay)?
            }
            Op::Norm => {
                let mut each = |role| -> Result<_, NetworkError> {
                    Ok(g.weights(&named(role), &[width], get(role)?)?)
                };
                let (scale, shift) = (each(Role::Scale)?, each(Role::Shift)?);
                let (mean, variance) = (each(Role::Mean)?, each(Role::Variance)?);
                g.batch_normalization(inputs[0], [&scale, &shift, &mean, &variance], EPSILON)?
            }
            Op::Relu => g.relu(inputs[0])?,
            Op::Shrink => {
                let thresholds: Vec<f32> =
                    get(Role::Threshold)?.iter().map(|t| t.max(0.0)).collect();
                let thresholds = g.weights(&named(Role::Threshold), &one_each, &thresholds)?;
                g.soft_threshold(inputs[0], &thresholds)?
            }
            Op::Mask { gates } => {
                let mask = parameters.get(MASK)?;
                let mask: Vec<f32> = gates.iter().map(|&gate| mask[gate]).collect();
                let mask = g.weights(&named(Role::Mask), &one_each, &mask)?;
                g.mul(inputs[0], &mask)?
            }
            Op::Add => g.add(inputs[0], inputs[1])?,
            Op::Concat => g.concat(&inputs, 1)?,
            Op::AveragePool(factor) => {
                let square = [*factor as u64; 2];
                g.average_pool(inputs[0], Pool { window: square, stride: square, pads: [0; 4] })?
            }
            Op::Upsample(factor) => g.resize(inputs[0], *factor as f32, Interpolation::Nearest)?,
            Op::GlobalPool => g.global_average_pool(inputs[0])?,
            Op::Linear(channels) => {
                let shape = [*channels as u64, width, 1, 1];
                let weight = g.weights(&named(Role::Weight), &shape, get(Role::Weight)?)?;
                let bias = g.weights(&named(Role::Bias), &shape[..1], get(Role::Bias)?)?;
                g.conv(inputs[0], &weight, Some(&bias), Convolution::PLAIN)?
            }
        };
        values.push(value);
    }
    let mut output = values.swap_remove(graph.output().index());
    if graph.nodes().any(|(_, node)| node.op == Op::GlobalPool) {
        output = g.flatten(&output)?;
    }
    g.output("output", &output)?;
    let note = serde_json::to_string(&graph)
        .map_err(|fault| NetworkError::node("output", fault.to_string()))?;
    Ok(g.finish()?.with_note(NOTE, &note))
}

/// Shape of the filters, and how they are laid over the image.
fn laid(conv: Conv, width: u64) -> ([u64; 4], Convolution) {
    let (side, stride) = (conv.side as u64, conv.stride as u64);
    let groups = if conv.depthwise { width } else { 1 };
    let shape = [conv.channels as u64, width / groups, side, side];
    (shape, Convolution { stride: [stride; 2], groups, ..Convolution::same(side) })
}
