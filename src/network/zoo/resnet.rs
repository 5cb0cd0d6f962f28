//! Residual networks for small pictures.

use crate::network::{Conv, Graph, NetworkError, NodeId, Op};

/// A residual network for CIFAR (He et al. 2016, "Deep residual learning for image recognition",
/// section 4.2): three stages of `blocks` blocks with `width`, `2 width` and `4 width` channels.
/// `blocks` of 3, 5 and 9 with a width of 16 are ResNet-20, -32 and -56. A stage that halves the
/// picture projects its shortcut.
///
/// # Shapes
/// `(batch, 3, height, width)` to `(batch, classes)`.
///
/// # Errors
/// [`NetworkError::Node`] for a width or number of classes of zero.
pub fn resnet(blocks: usize, width: usize, classes: usize) -> Result<Graph, NetworkError> {
    let mut g = Graph::new(3);
    let image = g.input();
    let mut x = convolved(&mut g, "stem", image, Conv::new(width, 3))?;
    x = g.add("stem.relu", Op::Relu, &[x])?;
    for stage in 0..3 {
        for block in 0..blocks {
            let channels = width << stage;
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let name = format!("stage{}.block{}", stage + 1, block + 1);
            let first = Conv { stride, ..Conv::new(channels, 3) };
            let mut y = convolved(&mut g, &format!("{name}.a"), x, first)?;
            y = g.add(&format!("{name}.a.relu"), Op::Relu, &[y])?;
            y = convolved(&mut g, &format!("{name}.b"), y, Conv::new(channels, 3))?;
            if g.channels(x) != channels {
                let shortcut = Conv { stride, ..Conv::new(channels, 1) };
                x = convolved(&mut g, &format!("{name}.shortcut"), x, shortcut)?;
            }
            x = g.add(&format!("{name}.sum"), Op::Add, &[y, x])?;
            x = g.add(&format!("{name}.relu"), Op::Relu, &[x])?;
        }
    }
    x = g.add("pool", Op::GlobalPool, &[x])?;
    g.add("classes", Op::Linear(classes), &[x])?;
    Ok(g)
}

/// A convolution and its norm.
fn convolved(g: &mut Graph, name: &str, x: NodeId, conv: Conv) -> Result<NodeId, NetworkError> {
    let x = g.add(&format!("{name}.conv"), Op::Conv(conv), &[x])?;
    g.add(&format!("{name}.norm"), Op::Norm, &[x])
}
