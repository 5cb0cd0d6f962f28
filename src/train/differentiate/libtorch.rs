//! Networks computed by libtorch, on the processor or on a graphics card.

use std::collections::BTreeMap;

use tch::{Device, Kind, Reduction, Tensor};

use super::{Found, Machine, NEGLIGIBLE, Statistics, Tensors};
use crate::network::{Conv, EPSILON, Graph, MASK, NetworkError, Node, Op};
use crate::train::objective::Batch;
use crate::train::tensors::{download, vector};
use crate::train::{Block, Precision, TrainError};

/// Computes by libtorch.
pub(super) struct Libtorch {
    device: Device,
    /// Of what convolutions take and give.
    kind: Kind,
}

impl Libtorch {
    /// # Errors
    /// [`TrainError::Device`] if there is no such graphics card.
    pub(super) fn new(device: Device, precision: Precision) -> Result<Self, TrainError> {
        if let Device::Cuda(index) = device {
            let cards = tch::Cuda::device_count();
            if i64::try_from(index).is_ok_and(|index| index >= cards) {
                let reason = format!("libtorch finds {cards} graphics cards");
                return Err(TrainError::Device { device: format!("cuda:{index}"), reason });
            }
        }
        let kind = match precision {
            Precision::Single => Kind::Float,
            Precision::Mixed => Kind::BFloat16,
        };
        Ok(Self { device, kind })
    }

    fn upload(&self, parameters: &Tensors) -> BTreeMap<String, Tensor> {
        let moved = |values: &burn::tensor::Tensor<1>| {
            Tensor::from_slice(&download(values)).to_device(self.device)
        };
        parameters.iter().map(|(name, values)| (name.clone(), moved(values))).collect()
    }

    fn block(&self, block: &Block) -> Tensor {
        Tensor::from_slice(&block.values).reshape(block.shape.map(long)).to_device(self.device)
    }

    /// Computes a network; what every operator means is said by [`crate::network::forward`].
    fn forward(
        &self,
        graph: &Graph,
        tensors: &BTreeMap<String, Tensor>,
        input: &Tensor,
        mut statistics: Option<&mut Vec<Statistics>>,
    ) -> Result<Tensor, TrainError> {
        let mut values: Vec<Tensor> = Vec::new();
        for (_, node) in graph.nodes() {
            let value = match &node.op {
                // Channels last in memory is what convolutions are fastest with, and every other
                // operator keeps it.
                Op::Input(_) => {
                    let x = input.to_kind(self.kind);
                    x.f_permute([0, 2, 3, 1])?.contiguous().f_permute([0, 3, 1, 2])?
                }
                op => {
                    let inputs: Vec<&Tensor> =
                        node.inputs.iter().map(|input| &values[input.index()]).collect();
                    apply(op, node, &inputs, tensors, statistics.as_deref_mut())?
                }
            };
            values.push(value);
        }
        Ok(values.swap_remove(graph.output().index()).to_kind(Kind::Float))
    }

    /// The loss that [`super::flex`] has, too.
    fn loss(&self, batch: &Batch, output: &Tensor) -> Result<Tensor, TrainError> {
        match batch {
            Batch::Pictures { input, target } => {
                let (input, target) = (self.block(input), self.block(target));
                let holes = input.f_narrow(1, 1, 1)?;
                let error = (input.f_narrow(1, 0, 1)? + output - target) * &holes;
                let over = [1_i64, 2, 3].as_slice();
                let squared = error.square().f_sum_dim_intlist(over, false, Kind::Float)?
                    / holes.f_sum_dim_intlist(over, false, Kind::Float)?.clamp_min(1.0);
                Ok((squared + f64::from(NEGLIGIBLE)).log().mean(Kind::Float))
            }
            Batch::Classes { labels, .. } => {
                let labels: Vec<i64> = labels.iter().map(|label| long(*label)).collect();
                let wanted = Tensor::from_slice(&labels).to_device(self.device);
                let scores = output.f_flatten(1, 3)?.f_log_softmax(1, Kind::Float)?;
                Ok(scores.f_nll_loss::<Tensor>(&wanted, None, Reduction::Mean, -100)?)
            }
        }
    }
}

impl Machine for Libtorch {
    fn differentiate(
        &self,
        graph: &Graph,
        parameters: &Tensors,
        batch: &Batch,
    ) -> Result<Found, TrainError> {
        let mut leaves = self.upload(parameters);
        for (name, _, role) in graph.parameters() {
            if role.is_trained()
                && let Some(leaf) = leaves.remove(&name)
            {
                leaves.insert(name, leaf.set_requires_grad(true));
            }
        }
        let mut statistics = Vec::new();
        let output =
            self.forward(graph, &leaves, &self.block(batch.input()), Some(&mut statistics))?;
        let loss = self.loss(batch, &output)?;
        loss.f_backward()?;
        let found = leaves.iter().filter(|(_, leaf)| leaf.requires_grad());
        let found = found.map(|(name, leaf)| (name, leaf.grad())).filter(|(_, g)| g.defined());
        let gradients = found
            .map(|(name, gradient)| Ok((name.clone(), taken(&gradient)?)))
            .collect::<Result<_, TrainError>>()?;
        let loss = f32::try_from(&loss)?;
        Ok(Found { loss, gradients, statistics })
    }

    fn compute(
        &self,
        graph: &Graph,
        parameters: &Tensors,
        input: &Block,
    ) -> Result<Vec<f32>, TrainError> {
        tch::no_grad(|| {
            let output = self.forward(graph, &self.upload(parameters), &self.block(input), None)?;
            values(&output)
        })
    }
}

fn apply(
    op: &Op,
    node: &Node,
    inputs: &[&Tensor],
    tensors: &BTreeMap<String, Tensor>,
    statistics: Option<&mut Vec<Statistics>>,
) -> Result<Tensor, TrainError> {
    let x = inputs[0];
    let get = |role: &str| numbers(tensors, &format!("{}.{role}", node.name));
    Ok(match op {
        Op::Input(_) => x.shallow_clone(),
        Op::Conv(conv) => {
            let bias = if conv.bias { Some(get("bias")?) } else { None };
            convolve(x, *conv, get("weight")?, bias)?
        }
        Op::Norm => norm(x, node, tensors, statistics)?,
        Op::Relu => x.relu(),
        Op::Shrink => {
            let t = by_channel(&get("threshold")?.relu(), x)?;
            (x - &t).relu() - (-x - t).relu()
        }
        Op::Mask { gates } => {
            let gates: Vec<i64> = gates.iter().map(|gate| long(*gate)).collect();
            let gates = Tensor::from_slice(&gates).to_device(x.device());
            x * by_channel(&numbers(tensors, MASK)?.f_index_select(0, &gates)?, x)?
        }
        Op::Add => x + inputs[1],
        Op::Concat => Tensor::f_cat(inputs, 1)?,
        Op::AveragePool(factor) => {
            let factor = long(*factor);
            x.f_avg_pool2d([factor; 2], [factor; 2], [0; 2], false, true, None)?
        }
        Op::Upsample(factor) => {
            let [.., rows, columns] = x.size()[..] else { return Err(not_four_axes()) };
            let factor = long(*factor);
            x.f_upsample_nearest2d([rows * factor, columns * factor], None, None)?
        }
        Op::GlobalPool => x.f_mean_dim([2_i64, 3].as_slice(), true, x.kind())?,
        Op::Linear(channels) => {
            let point = Conv { bias: true, ..Conv::new(*channels, 1) };
            convolve(x, point, get("weight")?, Some(get("bias")?))?
        }
    })
}

fn convolve(
    x: &Tensor,
    conv: Conv,
    weight: &Tensor,
    bias: Option<&Tensor>,
) -> Result<Tensor, TrainError> {
    let Conv { channels, side, stride, depthwise, .. } = conv;
    let [_, width, ..] = x.size()[..] else { return Err(not_four_axes()) };
    let groups = if depthwise { width } else { 1 };
    let (channels, side, stride) = (long(channels), long(side), long(stride));
    let weight = weight.f_reshape([channels, width / groups, side, side])?.to_kind(x.kind());
    let bias = bias.map(|bias| bias.to_kind(x.kind()));
    Ok(x.f_conv2d(&weight, bias, [stride; 2], [side / 2; 2], [1; 2], groups)?)
}

fn norm(
    x: &Tensor,
    node: &Node,
    tensors: &BTreeMap<String, Tensor>,
    statistics: Option<&mut Vec<Statistics>>,
) -> Result<Tensor, TrainError> {
    let get = |role: &str| numbers(tensors, &format!("{}.{role}", node.name));
    let (scale, shift) = (get("scale")?, get("shift")?);
    let epsilon = f64::from(EPSILON);
    // The momentum is that of running statistics, which are none of libtorch's.
    let Some(statistics) = statistics else {
        let (mean, variance) = (get("mean")?, get("variance")?);
        let (scale, shift) = (Some(scale), Some(shift));
        return Ok(x
            .f_native_batch_norm(scale, shift, Some(mean), Some(variance), false, 0.0, epsilon)?
            .0);
    };
    let (normed, mean, inverse) =
        x.f_native_batch_norm(Some(scale), Some(shift), None::<&Tensor>, None, true, 0.0, epsilon)?;
    let deviation = inverse.detach().reciprocal();
    let [batch, _, rows, columns] = x.size()[..] else { return Err(not_four_axes()) };
    statistics.push(Statistics {
        norm: node.name.clone(),
        mean: taken(&mean.detach())?,
        variance: taken(&(deviation.square() - epsilon).clamp_min(0.0))?,
        samples: usize::try_from(batch * rows * columns).unwrap_or(usize::MAX),
    });
    Ok(normed)
}

fn numbers<'a>(
    tensors: &'a BTreeMap<String, Tensor>,
    name: &str,
) -> Result<&'a Tensor, TrainError> {
    let missing = || NetworkError::MissingParameter { name: name.to_owned() };
    Ok(tensors.get(name).ok_or_else(missing)?)
}

fn by_channel(values: &Tensor, x: &Tensor) -> Result<Tensor, TrainError> {
    Ok(values.f_reshape([1, -1, 1, 1])?.to_kind(x.kind()))
}

/// To the host.
fn taken(values: &Tensor) -> Result<burn::tensor::Tensor<1>, TrainError> {
    Ok(vector(self::values(values)?))
}

fn values(tensor: &Tensor) -> Result<Vec<f32>, TrainError> {
    let flat = tensor.to_device(Device::Cpu).to_kind(Kind::Float).contiguous().f_view(-1)?;
    Ok(Vec::try_from(flat)?)
}

fn long(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn not_four_axes() -> TrainError {
    TrainError::Libtorch("a tensor has not four axes".to_owned())
}
