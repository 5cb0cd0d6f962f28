//! The operators that restoration networks are made of, as methods of the builder.

mod convolution;
mod elementwise;
mod shape;

pub use convolution::{Convolution, Pool};
pub use shape::{Interpolation, PadMode, Reduction};

use super::{Dimension, ElementType, OnnxError, Value};

/// The shape of two values after one was repeated along the axes where the other is longer.
fn broadcast(operator: &str, a: &Value, b: &Value) -> Result<Option<Vec<Dimension>>, OnnxError> {
    let (Some(a), Some(b)) = (&a.shape, &b.shape) else { return Ok(None) };
    let rank = a.len().max(b.len());
    let axis = |shape: &[Dimension], index: usize| {
        // Missing axes stand before the others.
        (index + shape.len())
            .checked_sub(rank)
            .map_or(Dimension::Fixed(1), |index| shape[index].clone())
    };
    let merge = |index| match (axis(a, index), axis(b, index)) {
        (Dimension::Fixed(1), other) | (other, Dimension::Fixed(1)) => Ok(other),
        (Dimension::Fixed(a), Dimension::Fixed(b)) if a != b => Err(OnnxError::Shape {
            operator: operator.to_owned(),
            reason: format!("axis {index} is {a} long in one operand and {b} in the other"),
        }),
        (Dimension::Fixed(length), _) | (_, Dimension::Fixed(length)) => {
            Ok(Dimension::Fixed(length))
        }
        (a, b) if a == b => Ok(a),
        _ => Ok(Dimension::Unknown),
    };
    (0..rank).map(merge).collect::<Result<_, _>>().map(Some)
}

fn same_element(operator: &str, a: &Value, b: &Value) -> Result<(), OnnxError> {
    if a.element == b.element { Ok(()) } else { Err(wrong(operator, a.element.name(), b.element)) }
}

fn real(operator: &str, value: &Value) -> Result<(), OnnxError> {
    use ElementType::{Bf16, F16, F32, F64};
    if matches!(value.element, F16 | Bf16 | F32 | F64) {
        return Ok(());
    }
    Err(wrong(operator, "real numbers", value.element))
}

fn wrong(operator: &str, expected: &str, actual: ElementType) -> OnnxError {
    let (operator, expected) = (operator.to_owned(), expected.to_owned());
    OnnxError::Element { operator, expected, actual: actual.to_string() }
}

fn bad_shape(operator: &str, reason: String) -> OnnxError {
    OnnxError::Shape { operator: operator.to_owned(), reason }
}
