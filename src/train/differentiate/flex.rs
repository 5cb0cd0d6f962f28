//! Networks computed by burn's own code for the processor.

use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::module::{avg_pool2d, batch_norm, batch_norm_train, conv2d, interpolate};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{Found, Machine, NEGLIGIBLE, Statistics, Tensors};
use crate::network::{Conv, EPSILON, Graph, MASK, NetworkError, Op};
use crate::train::objective::Batch;
use crate::train::tensors::{download, host_device};
use crate::train::{Block, TrainError};

/// Computes by burn.
pub(super) struct Flex(Device);

impl Flex {
    pub(super) fn new() -> Self {
        Self(host_device())
    }
}

impl Machine for Flex {
    fn differentiate(
        &self,
        graph: &Graph,
        parameters: &Tensors,
        batch: &Batch,
    ) -> Result<Found, TrainError> {
        let device = self.0.clone().autodiff();
        let mut leaves: Tensors = parameters
            .iter()
            .map(|(name, values)| (name.clone(), Tensor::from_inner(values.clone())))
            .collect();
        for (name, _, role) in graph.parameters() {
            if role.is_trained()
                && let Some(leaf) = leaves.remove(&name)
            {
                leaves.insert(name, leaf.require_grad());
            }
        }
        let mut statistics = Vec::new();
        let input = batch.input().tensor(&device);
        let output = forward(graph, &leaves, &input, Norms::Batch(&mut statistics))?;
        let loss = loss(batch, output, &device);
        let value = loss.clone().into_scalar::<f32>();
        let mut gradients = loss.backward();
        let found = leaves.iter().filter_map(|(name, leaf)| {
            leaf.grad_remove(&mut gradients).map(|gradient| (name.clone(), gradient))
        });
        Ok(Found { loss: value, gradients: found.collect(), statistics })
    }

    fn compute(
        &self,
        graph: &Graph,
        parameters: &Tensors,
        input: &Block,
    ) -> Result<Vec<f32>, TrainError> {
        let input = input.tensor(&self.0);
        Ok(download(&forward(graph, parameters, &input, Norms::Running)?))
    }
}

/// What is made small: the mean over the pictures of the logarithm of the mean squared error in the
/// holes, which is their PSNR up to a factor; or the cross entropy of the classes.
fn loss(batch: &Batch, output: Tensor<4>, device: &Device) -> Tensor<1> {
    match batch {
        Batch::Pictures { input, target } => {
            let (input, target) = (input.tensor(device), target.tensor(device));
            let [batch, _, rows, columns] = input.dims();
            let holes = input.clone().narrow(1, 1, 1);
            let error = (input.narrow(1, 0, 1) + output - target) * holes.clone();
            let sum = |x: Tensor<4>| x.reshape([batch, rows * columns]).sum_dim(1);
            let squared: Tensor<2> = sum(error.square()) / sum(holes).clamp_min(1.0);
            (squared + NEGLIGIBLE).log().mean()
        }
        Batch::Classes { labels, .. } => {
            let [batch, classes, ..] = output.dims();
            let mut wanted = vec![0.0; batch * classes];
            for (index, label) in labels.iter().enumerate() {
                wanted[index * classes + label] = 1.0;
            }
            let wanted = Block { shape: [batch, classes, 1, 1], values: wanted };
            let likely = log_softmax(output, 1) * wanted.tensor(device);
            -likely.sum() / batch as f32
        }
    }
}

/// Which statistics norms use.
enum Norms<'a> {
    /// Those of the batch, which are told.
    Batch(&'a mut Vec<Statistics>),
    /// The running ones.
    Running,
}

/// Computes a network on a batch `(batch, channels, rows, columns)`; what every operator means is
/// said by [`crate::network::forward`].
fn forward(
    graph: &Graph,
    tensors: &Tensors,
    input: &Tensor<4>,
    mut norms: Norms<'_>,
) -> Result<Tensor<4>, NetworkError> {
    let mut values: Vec<Tensor<4>> = Vec::new();
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
                match &mut norms {
                    Norms::Running => batch_norm(
                        x,
                        scale,
                        shift,
                        get("mean")?,
                        get("variance")?,
                        f64::from(EPSILON),
                    ),
                    Norms::Batch(statistics) => {
                        let [batch, _, rows, columns] = x.dims();
                        let normed = batch_norm_train(x, scale, shift, f64::from(EPSILON));
                        statistics.push(Statistics {
                            norm: node.name.clone(),
                            mean: normed.mean.inner(),
                            variance: normed.variance.inner(),
                            samples: batch * rows * columns,
                        });
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
    Ok(values.swap_remove(graph.output().index()))
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
