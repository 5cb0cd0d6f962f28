//! The slow forward pass, which defines what every operator computes.

#![expect(
    clippy::cast_possible_truncation,
    reason = "sums are rounded to the precision of samples"
)]

use super::cost::sizes;
use super::{Conv, EPSILON, Graph, MASK, NetworkError, Node, Op, Parameters, Role};

/// Feature maps of one image: `(channels, rows, columns)`, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Channels.
    pub channels: usize,
    /// Rows and columns.
    pub size: [usize; 2],
    /// All samples.
    pub values: Vec<f32>,
}

impl Features {
    fn plane(&self, channel: usize) -> &[f32] {
        let area = self.size[0] * self.size[1];
        &self.values[channel * area..][..area]
    }
}

/// Computes a network on one image, with running statistics in its norms, sample by sample with
/// sums of double precision. For tests and small work; networks at work run in ONNX Runtime.
///
/// # Errors
/// [`NetworkError`] if image or parameters do not fit to the graph.
pub fn forward(
    graph: &Graph,
    parameters: &Parameters,
    image: &Features,
) -> Result<Features, NetworkError> {
    parameters.check(graph)?;
    let input = graph.node(graph.input());
    if image.channels != input.channels {
        let reason = format!("{} channels where {} belong", image.channels, input.channels);
        return Err(NetworkError::node(&input.name, reason));
    }
    let sizes = sizes(graph, image.size)?;
    let mut all: Vec<Features> = Vec::new();
    for (id, node) in graph.nodes() {
        let inputs: Vec<&Features> = node.inputs.iter().map(|id| &all[id.index()]).collect();
        let size = sizes[id.index()];
        let values = match inputs.first() {
            None => image.values.clone(),
            Some(_) => compute(node, parameters, &inputs, size)?,
        };
        all.push(Features { channels: node.channels, size, values });
    }
    Ok(all.swap_remove(graph.output().index()))
}

fn compute(
    node: &Node,
    parameters: &Parameters,
    inputs: &[&Features],
    size: [usize; 2],
) -> Result<Vec<f32>, NetworkError> {
    let get = |role| parameters.of(node, role);
    let x = inputs[0];
    let each = |f: &dyn Fn(usize, f32) -> f32| -> Vec<f32> {
        (0..x.channels).flat_map(|c| x.plane(c).iter().map(move |&v| f(c, v))).collect()
    };
    Ok(match &node.op {
        Op::Input(_) => x.values.clone(),
        Op::Conv(conv) => {
            let bias = if conv.bias { Some(get(Role::Bias)?) } else { None };
            convolve(x, *conv, get(Role::Weight)?, bias, size)
        }
        Op::Norm => {
            let (scale, shift) = (get(Role::Scale)?, get(Role::Shift)?);
            let (mean, variance) = (get(Role::Mean)?, get(Role::Variance)?);
            each(&|c, v| (v - mean[c]) / (variance[c] + EPSILON).sqrt() * scale[c] + shift[c])
        }
        Op::Relu => each(&|_, v| v.max(0.0)),
        Op::Shrink => {
            let threshold = get(Role::Threshold)?;
            each(&|c, v| v - v.clamp(-threshold[c].max(0.0), threshold[c].max(0.0)))
        }
        Op::Mask { gates } => {
            let mask = parameters.get(MASK)?;
            each(&|c, v| v * mask[gates[c]])
        }
        Op::Add => x.values.iter().zip(&inputs[1].values).map(|(a, b)| a + b).collect(),
        Op::Concat => inputs.iter().flat_map(|x| x.values.iter().copied()).collect(),
        Op::AveragePool(factor) => resampled(x, size, |plane, y, column| {
            let window = (0..factor * factor).map(|i| {
                let (y, column) = (y * factor + i / factor, column * factor + i % factor);
                f64::from(plane[y * x.size[1] + column])
            });
            window.sum::<f64>() / (factor * factor) as f64
        }),
        Op::Upsample(factor) => resampled(x, size, |plane, y, column| {
            f64::from(plane[(y / factor) * x.size[1] + column / factor])
        }),
        Op::GlobalPool => resampled(x, size, |plane, _, _| {
            plane.iter().map(|&v| f64::from(v)).sum::<f64>() / plane.len() as f64
        }),
        Op::Linear(channels) => {
            let point = Conv { bias: true, ..Conv::new(*channels, 1) };
            convolve(x, point, get(Role::Weight)?, Some(get(Role::Bias)?), size)
        }
    })
}

fn resampled(
    x: &Features,
    [rows, columns]: [usize; 2],
    sample: impl Fn(&[f32], usize, usize) -> f64,
) -> Vec<f32> {
    let mut values = Vec::with_capacity(x.channels * rows * columns);
    for channel in 0..x.channels {
        for at in 0..rows * columns {
            values.push(sample(x.plane(channel), at / columns, at % columns) as f32);
        }
    }
    values
}

fn convolve(
    x: &Features,
    Conv { channels, side, stride, depthwise, .. }: Conv,
    weight: &[f32],
    bias: Option<&[f32]>,
    [rows, columns]: [usize; 2],
) -> Vec<f32> {
    let inputs = if depthwise { 1 } else { x.channels };
    let mut values = Vec::with_capacity(channels * rows * columns);
    for channel in 0..channels {
        let filter = &weight[channel * inputs * side * side..][..inputs * side * side];
        for at in 0..rows * columns {
            let (y, column) = (at / columns * stride, at % columns * stride);
            let mut sum = bias.map_or(0.0, |bias| f64::from(bias[channel]));
            for (tap, &weight) in filter.iter().enumerate() {
                let input = if depthwise { channel } else { tap / (side * side) };
                // Relative to the row and column half a filter before the sample.
                let (down, right) = (tap / side % side, tap % side);
                let y = (y + down).checked_sub(side / 2).filter(|y| *y < x.size[0]);
                let column = (column + right).checked_sub(side / 2).filter(|c| *c < x.size[1]);
                if let (Some(y), Some(column)) = (y, column) {
                    let sample = x.plane(input)[y * x.size[1] + column];
                    sum += f64::from(weight) * f64::from(sample);
                }
            }
            values.push(sum as f32);
        }
    }
    values
}
