//! Networks computed by burn, so that gradients follow.

use std::collections::BTreeMap;

use burn::tensor::activation::relu;
use burn::tensor::module::{avg_pool2d, batch_norm, batch_norm_train, conv2d, interpolate};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, InterpolateMode, InterpolateOptions};
use burn::tensor::{Int, Tensor, TensorData};

use crate::network::{Conv, EPSILON, Graph, MASK, NetworkError, Op};

/// The numbers of a network by name, flat: optimisers, projections and files look at numbers, and
/// only here do they have a shape.
pub(super) type Tensors = BTreeMap<String, Tensor<1>>;

/// Which statistics norms use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Norms {
    /// Those of the batch.
    Batch,
    /// The running ones.
    Running,
}

/// What a network has computed.
pub(super) struct Computed {
    /// `(batch, channels, rows, columns)`.
    pub(super) output: Tensor<4>,
    /// Name of every norm with mean and variance of its channels in this batch, and the samples a
    /// channel had; empty with running statistics.
    pub(super) statistics: Vec<(String, Tensor<1>, Tensor<1>, usize)>,
}

/// Computes a network on a batch `(batch, channels, rows, columns)`; what every operator means is
/// said by [`crate::network::forward`].
pub(super) fn forward(
    graph: &Graph,
    tensors: &Tensors,
    input: &Tensor<4>,
    norms: Norms,
) -> Result<Computed, NetworkError> {
    let mut values: Vec<Tensor<4>> = Vec::new();
    let mut statistics = Vec::new();
    for (_, node) in graph.nodes() {
        let get = |role: &str| numbers(tensors, &format!("{}.{role}", node.name));
        let argument = |index: usize| values[node.inputs[index].index()].clone();
        let value = match &node.op {
            Op::Input(_) => input.clone(),
            Op::Conv(conv) => {
                let bias = if conv.bias { Some(get("bias")?) } else { None };
                convolve(argument(0), *conv, get("weight")?, bias)
            }
            Op::Norm => {
                let x = argument(0);
                let (scale, shift) = (get("scale")?, get("shift")?);
                match norms {
                    Norms::Running => batch_norm(
                        x,
                        scale,
                        shift,
                        get("mean")?,
                        get("variance")?,
                        f64::from(EPSILON),
                    ),
                    Norms::Batch => {
                        let [batch, _, rows, columns] = x.dims();
                        let normed = batch_norm_train(x, scale, shift, f64::from(EPSILON));
                        let samples = batch * rows * columns;
                        let name = node.name.clone();
                        statistics.push((name, normed.mean, normed.variance, samples));
                        normed.output
                    }
                }
            }
            Op::Relu => relu(argument(0)),
            Op::Shrink => {
                let x = argument(0);
                let t = by_channel(relu(get("threshold")?));
                relu(x.clone() - t.clone()) - relu(-x - t)
            }
            Op::Mask { gates } => {
                let x = argument(0);
                let indices: Vec<i64> =
                    gates.iter().filter_map(|&gate| i64::try_from(gate).ok()).collect();
                let indices = TensorData::new(indices, [gates.len()]);
                let indices = Tensor::<1, Int>::from_data(indices, &x.device());
                let mask = numbers(tensors, MASK)?.select(0, indices);
                x * by_channel(mask)
            }
            Op::Add => argument(0) + argument(1),
            Op::Concat => {
                let all = (0..node.inputs.len()).map(argument).collect();
                Tensor::cat(all, 1)
            }
            Op::AveragePool(factor) => avg_pool2d(argument(0), AvgPoolOptions::new([*factor; 2])),
            Op::Upsample(factor) => {
                let x = argument(0);
                let [_, _, rows, columns] = x.dims();
                let options = InterpolateOptions::new(InterpolateMode::Nearest)
                    .with_output_size([rows * factor, columns * factor]);
                interpolate(x, options)
            }
            Op::GlobalPool => argument(0).mean_dim(2).mean_dim(3),
            Op::Linear(channels) => {
                let point = Conv { bias: true, ..Conv::new(*channels, 1) };
                convolve(argument(0), point, get("weight")?, Some(get("bias")?))
            }
        };
        values.push(value);
    }
    Ok(Computed { output: values.swap_remove(graph.output().index()), statistics })
}

fn numbers(tensors: &Tensors, name: &str) -> Result<Tensor<1>, NetworkError> {
    let missing = || NetworkError::MissingParameter { name: name.to_owned() };
    tensors.get(name).cloned().ok_or_else(missing)
}

fn by_channel(values: Tensor<1>) -> Tensor<4> {
    let [channels] = values.dims();
    values.reshape([1, channels, 1, 1])
}

fn convolve(x: Tensor<4>, conv: Conv, weight: Tensor<1>, bias: Option<Tensor<1>>) -> Tensor<4> {
    let Conv { channels, side, stride, depthwise, .. } = conv;
    let [_, width, ..] = x.dims();
    let groups = if depthwise { width } else { 1 };
    let weight = weight.reshape([channels, width / groups, side, side]);
    conv2d(x, weight, bias, ConvOptions::new([stride; 2], [side / 2; 2], [1; 2], groups))
}
