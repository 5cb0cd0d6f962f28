//! U-shaped networks for restoration.

use crate::network::{Conv, Graph, NetworkError, NodeId, Op};

/// A U-shaped network without norms (after Ronneberger et al. 2015, "U-Net: Convolutional networks
/// for biomedical image segmentation"): `depth` times two convolutions and a pool on the way down,
/// as many on the way up, where what the way down has seen is joined. Channels double with every
/// halving of the picture.
///
/// # Shapes
/// `(batch, inputs, height, width)` to `(batch, outputs, height, width)`, height and width
/// multiples of `2^depth`.
///
/// # Errors
/// [`NetworkError::Node`] for a width or a number of channels of zero.
pub fn unet(
    inputs: usize,
    outputs: usize,
    width: usize,
    depth: usize,
) -> Result<Graph, NetworkError> {
    let mut g = Graph::new(inputs);
    let mut x = g.input();
    let mut seen = Vec::new();
    for level in 0..depth {
        x = pair(&mut g, &format!("down{}", level + 1), x, width << level)?;
        seen.push(x);
        x = g.add(&format!("down{}.pool", level + 1), Op::AveragePool(2), &[x])?;
    }
    x = pair(&mut g, "deep", x, width << depth)?;
    for (level, seen) in seen.into_iter().enumerate().rev() {
        let name = format!("up{}", level + 1);
        x = g.add(&format!("{name}.resize"), Op::Upsample(2), &[x])?;
        x = g.add(&format!("{name}.join"), Op::Concat, &[x, seen])?;
        x = pair(&mut g, &name, x, width << level)?;
    }
    g.add("last", Op::Conv(Conv { bias: true, ..Conv::new(outputs, 3) }), &[x])?;
    Ok(g)
}

/// Two convolutions with rectifiers.
fn pair(g: &mut Graph, name: &str, x: NodeId, width: usize) -> Result<NodeId, NetworkError> {
    let mut x = x;
    for part in ["a", "b"] {
        let conv = Conv { bias: true, ..Conv::new(width, 3) };
        x = g.add(&format!("{name}.{part}.conv"), Op::Conv(conv), &[x])?;
        x = g.add(&format!("{name}.{part}.relu"), Op::Relu, &[x])?;
    }
    Ok(x)
}
