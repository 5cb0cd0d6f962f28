//! Residual networks for restoration.

use crate::network::{Conv, Graph, NetworkError, Op};

/// A residual network at full size, without norms: a convolution, `blocks` times two convolutions
/// around which the picture passes, and a convolution (after Lim et al. 2017, "Enhanced deep
/// residual networks for single image super-resolution").
///
/// # Shapes
/// `(batch, inputs, height, width)` to `(batch, outputs, height, width)`.
///
/// # Errors
/// [`NetworkError::Node`] for a width or a number of channels of zero.
pub fn residual(
    inputs: usize,
    outputs: usize,
    width: usize,
    blocks: usize,
) -> Result<Graph, NetworkError> {
    let mut g = Graph::new(inputs);
    let conv = |channels| Op::Conv(Conv { bias: true, ..Conv::new(channels, 3) });
    let mut x = g.add("first", conv(width), &[g.input()])?;
    for block in 1..=blocks {
        let mut y = g.add(&format!("block{block}.a"), conv(width), &[x])?;
        y = g.add(&format!("block{block}.relu"), Op::Relu, &[y])?;
        y = g.add(&format!("block{block}.b"), conv(width), &[y])?;
        x = g.add(&format!("block{block}.sum"), Op::Add, &[y, x])?;
    }
    g.add("last", conv(outputs), &[x])?;
    Ok(g)
}
