//! Operators that cut, join, pad, scale and sum.

use super::super::{Attribute, Dimension, ElementType, GraphBuilder, OnnxError, Value};
use super::{bad_shape, real};

/// What stands beyond the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PadMode {
    /// Zeros.
    Zero,
    /// The picture mirrored at its outermost samples, which are not repeated.
    Reflect,
    /// The outermost sample again and again.
    Edge,
}

/// How samples between samples are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The nearest sample.
    Nearest,
    /// Between the two nearest, along both axes.
    Linear,
}

/// What becomes of the elements along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Their mean.
    Mean,
    /// The largest.
    Max,
    /// Their sum.
    Sum,
}

impl GraphBuilder {
    /// Values one after another along an axis.
    ///
    /// # Errors
    /// [`OnnxError::Shape`] or [`OnnxError::Element`] if they do not fit together.
    pub fn concat(&mut self, values: &[&Value], axis: usize) -> Result<Value, OnnxError> {
        let Some((first, rest)) = values.split_first() else {
            return Err(bad_shape("Concat", "nothing to join".to_owned()));
        };
        let mut shape = first.shape.clone();
        for value in rest {
            super::same_element("Concat", first, value)?;
            shape = match (shape, &value.shape) {
                (Some(shape), Some(next)) if shape.len() == next.len() && axis < shape.len() => {
                    Some(join(shape, next, axis)?)
                }
                (Some(_), Some(_)) => {
                    return Err(bad_shape("Concat", "different numbers of axes".to_owned()));
                }
                _ => None,
            };
        }
        let inputs: Vec<_> = values.iter().copied().map(Some).collect();
        let attributes = vec![("axis", Attribute::Int(i64::try_from(axis).unwrap_or(i64::MAX)))];
        self.node("Concat", &inputs, attributes, first.element, shape)
    }

    /// Samples around the last two of four axes: above, left, below, right.
    ///
    /// # Errors
    /// [`OnnxError::Undefined`] if the value is not of this graph.
    pub fn pad(
        &mut self,
        value: &Value,
        [above, left, below, right]: [u64; 4],
        mode: PadMode,
    ) -> Result<Value, OnnxError> {
        let sides = [0, 0, above, left, 0, 0, below, right].map(u64::cast_signed);
        let name = self.fresh("pads");
        let sides = self.integers(&name, &sides)?;
        let mode = match mode {
            PadMode::Zero => "constant",
            PadMode::Reflect => "reflect",
            PadMode::Edge => "edge",
        };
        let shape = value.shape.as_ref().filter(|shape| shape.len() == 4).map(|shape| {
            let longer = |axis: &Dimension, by: u64| match axis {
                Dimension::Fixed(length) => Dimension::Fixed(length + by),
                same if by == 0 => same.clone(),
                _ => Dimension::Unknown,
            };
            let (height, width) =
                (longer(&shape[2], above + below), longer(&shape[3], left + right));
            vec![shape[0].clone(), shape[1].clone(), height, width]
        });
        let attributes = vec![("mode", Attribute::Text(mode))];
        self.node("Pad", &[Some(value), Some(&sides)], attributes, value.element, shape)
    }

    /// Elements `starts..ends` of the given axes, every `steps`-th. Negative positions count from
    /// the end; with a negative step the part comes out mirrored.
    ///
    /// # Errors
    /// [`OnnxError::Shape`] if the lists have different lengths.
    pub fn slice(
        &mut self,
        value: &Value,
        axes: &[i64],
        starts: &[i64],
        ends: &[i64],
        steps: &[i64],
    ) -> Result<Value, OnnxError> {
        if [starts.len(), ends.len(), steps.len()] != [axes.len(); 3] {
            return Err(bad_shape("Slice", "lists of different lengths".to_owned()));
        }
        let mut list = |what: &str, numbers: &[i64]| {
            let name = self.fresh(what);
            self.integers(&name, numbers)
        };
        let starts = list("starts", starts)?;
        let ends = list("ends", ends)?;
        let axes_value = list("axes", axes)?;
        let steps = list("steps", steps)?;
        self.slice_between(value, axes, &axes_value, &starts, &ends, &steps)
    }

    /// As [`GraphBuilder::slice`], with `starts` and `ends` that may be computed.
    ///
    /// # Errors
    /// [`OnnxError::Undefined`] if a value is not of this graph.
    pub fn slice_from_to(
        &mut self,
        value: &Value,
        axes: &[i64],
        starts: &Value,
        ends: &Value,
    ) -> Result<Value, OnnxError> {
        let name = self.fresh("axes");
        let axes_value = self.integers(&name, axes)?;
        let name = self.fresh("steps");
        let steps = self.integers(&name, &vec![1; axes.len()])?;
        self.slice_between(value, axes, &axes_value, starts, ends, &steps)
    }

    /// Lengths `from..to` of the axes, as whole numbers.
    ///
    /// # Errors
    /// [`OnnxError::Undefined`] if the value is not of this graph.
    pub fn lengths(&mut self, value: &Value, from: u8, to: u8) -> Result<Value, OnnxError> {
        let attributes = vec![
            ("start", Attribute::Int(i64::from(from))),
            ("end", Attribute::Int(i64::from(to))),
        ];
        let shape = vec![Dimension::Fixed(u64::from(to.saturating_sub(from)))];
        self.node("Shape", &[Some(value)], attributes, ElementType::I64, Some(shape))
    }

    /// The image `factor` times as high and wide; sample centres stay in place.
    ///
    /// # Errors
    /// [`OnnxError::Shape`] if the image has not four axes.
    pub fn resize(
        &mut self,
        image: &Value,
        factor: f32,
        interpolation: Interpolation,
    ) -> Result<Value, OnnxError> {
        if image.shape.as_ref().is_some_and(|shape| shape.len() != 4) {
            return Err(bad_shape("Resize", "four axes belong here".to_owned()));
        }
        let name = self.fresh("scales");
        let scales = self.weights(&name, &[4], &[1.0, 1.0, factor, factor])?;
        let mut attributes =
            vec![("coordinate_transformation_mode", Attribute::Text("half_pixel"))];
        attributes.push(match interpolation {
            Interpolation::Linear => ("mode", Attribute::Text("linear")),
            Interpolation::Nearest => ("mode", Attribute::Text("nearest")),
        });
        let shape = image.shape.as_ref().map(|shape| {
            let unknown = [Dimension::Unknown, Dimension::Unknown];
            shape[..2].iter().cloned().chain(unknown).collect()
        });
        self.node("Resize", &[Some(image), None, Some(&scales)], attributes, image.element, shape)
    }

    /// Mean, maximum or sum along some axes, which stay with length one.
    ///
    /// # Errors
    /// [`OnnxError::Element`] if the elements are not real numbers.
    pub fn reduce(
        &mut self,
        value: &Value,
        axes: &[usize],
        reduction: Reduction,
    ) -> Result<Value, OnnxError> {
        real("Reduce", value)?;
        let numbers: Vec<i64> =
            axes.iter().map(|&axis| i64::try_from(axis).unwrap_or(i64::MAX)).collect();
        let shape = value.shape.clone().map(|mut shape| {
            for &axis in axes {
                if let Some(length) = shape.get_mut(axis) {
                    *length = Dimension::Fixed(1);
                }
            }
            shape
        });
        // At this opset the axes are an attribute, but for sums an input.
        match reduction {
            Reduction::Sum => {
                let name = self.fresh("axes");
                let axes = self.integers(&name, &numbers)?;
                let inputs = [Some(value), Some(&axes)];
                self.node("ReduceSum", &inputs, Vec::new(), value.element, shape)
            }
            Reduction::Mean | Reduction::Max => {
                let operator =
                    if reduction == Reduction::Mean { "ReduceMean" } else { "ReduceMax" };
                let attributes = vec![("axes", Attribute::Ints(numbers))];
                self.node(operator, &[Some(value)], attributes, value.element, shape)
            }
        }
    }

    /// All axes but the first as one.
    ///
    /// # Errors
    /// [`OnnxError::Undefined`] if the value is not of this graph.
    pub fn flatten(&mut self, value: &Value) -> Result<Value, OnnxError> {
        let shape = value.shape.as_ref().filter(|shape| !shape.is_empty()).map(|shape| {
            let product = shape[1..].iter().try_fold(1_u64, |all, axis| {
                axis.fixed().and_then(|length| all.checked_mul(length))
            });
            vec![shape[0].clone(), product.map_or(Dimension::Unknown, Dimension::Fixed)]
        });
        let attributes = vec![("axis", Attribute::Int(1))];
        self.node("Flatten", &[Some(value)], attributes, value.element, shape)
    }

    fn slice_between(
        &mut self,
        value: &Value,
        axes: &[i64],
        axes_value: &Value,
        starts: &Value,
        ends: &Value,
        steps: &Value,
    ) -> Result<Value, OnnxError> {
        let shape = value.shape.clone().map(|mut shape| {
            for axis in axes.iter().filter_map(|&axis| usize::try_from(axis).ok()) {
                if let Some(length) = shape.get_mut(axis) {
                    *length = Dimension::Unknown;
                }
            }
            shape
        });
        let inputs = [Some(value), Some(starts), Some(ends), Some(axes_value), Some(steps)];
        self.node("Slice", &inputs, Vec::new(), value.element, shape)
    }
}

fn join(
    mut shape: Vec<Dimension>,
    next: &[Dimension],
    axis: usize,
) -> Result<Vec<Dimension>, OnnxError> {
    for (index, (length, next)) in shape.iter_mut().zip(next).enumerate() {
        *length = match (&*length, next) {
            (Dimension::Fixed(a), Dimension::Fixed(b)) if index == axis => Dimension::Fixed(a + b),
            _ if index == axis => Dimension::Unknown,
            (Dimension::Fixed(a), Dimension::Fixed(b)) if a != b => {
                let reason = format!("axis {index} is {a} long in one part and {b} in another");
                return Err(bad_shape("Concat", reason));
            }
            (Dimension::Fixed(length), _) | (_, Dimension::Fixed(length)) => {
                Dimension::Fixed(*length)
            }
            (a, b) if a == b => a.clone(),
            _ => Dimension::Unknown,
        };
    }
    Ok(shape)
}
