//! A network to measure with: the shape of small restoration networks, with random weights.

use crate::numerics::Random;
use crate::onnx::{Convolution, ElementType, GraphBuilder, Model, OnnxError};

/// Layers of 3×3 convolutions with rectifiers, from three channels over `channels` to three: the
/// input `x` and the output `y` are of shape (batch, 3, height, width).
///
/// # Errors
/// [`OnnxError`] if there are no layers or no channels.
pub fn convolutions(channels: u64, layers: usize) -> Result<Model, OnnxError> {
    let mut random = Random::seeded(1);
    let mut g = GraphBuilder::new("convolutions");
    let axes = ["batch".into(), 3.into(), "height".into(), "width".into()];
    let mut x = g.input("x", ElementType::F32, &axes)?;
    for layer in 0..layers {
        let inputs = if layer == 0 { 3 } else { channels };
        let outputs = if layer + 1 == layers { 3 } else { channels };
        let weights: Vec<f32> =
            (0..inputs * outputs * 9).map(|_| 0.1 * (random.unit() - 0.5)).collect();
        let w = g.weights(&format!("w{layer}"), &[outputs, inputs, 3, 3], &weights)?;
        x = g.conv(&x, &w, None, Convolution::same(3))?;
        x = g.relu(&x)?;
    }
    g.output("y", &x)?;
    g.finish()
}
