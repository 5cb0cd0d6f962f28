//! The frame phase of the solver as a network, for runtimes that know GPUs.
//!
//! Analysis is a convolution whose stride is that of the blocks, synthesis its adjoint; the
//! iterations are unrolled, because each has its own shift and threshold. The graph computes what
//! [`inpaint`](super::inpaint()) computes when `group` has no iterations and the start is given,
//! but for rounding. It computes all blocks, also those without a hole.

use crate::onnx::{Convolution, Dimension, ElementType, GraphBuilder, Model, OnnxError, Value};

use super::dictionary::{Dictionary, DictionaryKind};
use super::frame_step::Grid;
use super::inpaint::MARGIN;
use super::params::InpaintParams;
use super::shrink::Firm;

/// The least height and width of the images that the graph can take: its margin is mirrored once.
pub const GRAPH_LEAST_SIDE: usize = MARGIN;

/// Writes the frame phase as a graph.
///
/// # Shapes
/// - `image`: `(batch, 1, height, width)`, the start in the hidden samples
/// - `hidden`: `(batch, 1, height, width)`, one where hidden and zero elsewhere
/// - `restored`: as `image`
///
/// Every plane of an image is an entry of the batch. Height and width are at least
/// [`GRAPH_LEAST_SIDE`].
///
/// # Errors
/// [`OnnxError::Shape`] if the dictionary is no transform or the stride does not divide its side.
pub fn frame_graph(dictionary: &Dictionary, params: &InpaintParams) -> Result<Model, OnnxError> {
    let (side, stride) = (dictionary.side(), params.stride);
    let fits = stride > 0 && side.is_multiple_of(stride) && side <= MARGIN;
    if dictionary.kind() != DictionaryKind::Transform || !fits {
        let reason = format!("blocks of {side} pixels at a distance of {stride}, or no transform");
        return Err(OnnxError::Shape { operator: "frame".to_owned(), reason });
    }
    let mut g = GraphBuilder::new("frame thresholding");
    let axes = |g: &mut GraphBuilder, name| {
        let axes: [Dimension; 4] = ["batch".into(), 1.into(), "height".into(), "width".into()];
        g.input(name, ElementType::F32, &axes)
    };
    let image = axes(&mut g, "image")?;
    let hidden = axes(&mut g, "hidden")?;

    let count = dictionary.count() as u64;
    let atoms = g.weights("atoms", &[count, 1, side as u64, side as u64], dictionary.taps())?;
    let relaxation = g.scalar(ElementType::F32, params.relaxation)?;
    let free = g.mul(&hidden, &relaxation)?;
    let overlap = (side / stride) as f32;
    let share = g.scalar(ElementType::F32, 1.0 / (overlap * overlap))?;
    let lengths = g.lengths(&image, 2, 4)?;

    let mut x = image;
    for index in 0..params.frame.iterations {
        let grid = Grid::shifted(stride, index);
        // The canvas begins where the first block does, so that no row of it goes unused.
        let (above, left) = (MARGIN - grid.top, MARGIN - grid.left);
        let rows = mirrored(&mut g, &x, 2, above)?;
        let canvas = mirrored(&mut g, &rows, 3, left)?;

        let lay = Convolution { stride: [stride as u64; 2], ..Convolution::PLAIN };
        let codes = g.conv(&canvas, &atoms, None, lay)?;
        let sparse = firm(&mut g, &codes, count, Firm::at(params.frame.threshold(index)), index)?;
        let sums = g.conv_transpose(&sparse, &atoms, None, lay)?;

        let first = g.integers(&format!("first_of_{index}"), &[above as i64, left as i64])?;
        let end = g.add(&lengths, &first)?;
        let inside = g.slice_from_to(&sums, &[2, 3], &first, &end)?;
        let mean = g.mul(&inside, &share)?;
        let towards = g.sub(&mean, &x)?;
        let step = g.mul(&towards, &free)?;
        x = g.add(&x, &step)?;
    }
    g.output("restored", &x)?;
    let model = g.finish()?;
    Ok(model.with_note("least_side", &GRAPH_LEAST_SIDE.to_string()))
}

/// Shrinks the codes of iteration `index`.
fn firm(
    g: &mut GraphBuilder,
    codes: &Value,
    count: u64,
    Firm { low, slope }: Firm,
    index: usize,
) -> Result<Value, OnnxError> {
    let mut lows = vec![low; count as usize];
    let mut slopes = vec![slope; count as usize];
    // The mean of a block is kept, whatever its size: its factor is never below one.
    (lows[0], slopes[0]) = (-1.0, 1.0);
    let shape = [1, count, 1, 1];
    let lows = g.weights(&format!("lows_of_{index}"), &shape, &lows)?;
    let slopes = g.weights(&format!("slopes_of_{index}"), &shape, &slopes)?;
    let size = g.abs(codes)?;
    let above = g.sub(&size, &lows)?;
    let factor = g.mul(&above, &slopes)?;
    let factor = g.clip(&factor, 0.0, 1.0)?;
    g.mul(codes, &factor)
}

/// The value with so many mirrored samples before it along an axis, and [`MARGIN`] after it:
/// `c b a | a b c | c b a`.
fn mirrored(
    g: &mut GraphBuilder,
    value: &Value,
    axis: usize,
    before: usize,
) -> Result<Value, OnnxError> {
    let axes = [axis as i64];
    let head = g.slice(value, &axes, &[before as i64 - 1], &[i64::MIN], &[-1])?;
    let tail = g.slice(value, &axes, &[-1], &[-1 - MARGIN as i64], &[-1])?;
    g.concat(&[&head, value, &tail], axis)
}
