//! A request that is nothing but bytes: the only input of a model.

use super::parameters::Parameters;
use super::request::{Inference, Outputs, invalid};
use super::value::Value;
use crate::http::error::ApiError;
use crate::inference::{Dimension, Signature, Tensor};

/// A body that is nothing but the elements of the only input. At most one of its axes may be of
/// any length; it follows from the number of bytes.
pub(super) fn parse(body: &[u8], signature: &Signature) -> Result<Inference, ApiError> {
    let [input] = &signature.inputs[..] else {
        let count = signature.inputs.len();
        return Err(invalid(format!("a body of bytes alone needs one input; there are {count}")));
    };
    let Some(axes) = &input.shape else {
        return Err(invalid("a body of bytes alone needs an input with known axes"));
    };
    if axes.iter().filter(|axis| axis.fixed().is_none()).count() > 1 {
        let detail = "a body of bytes alone needs an input with at most one axis of any length";
        return Err(invalid(detail));
    }
    let fixed = axes.iter().filter_map(Dimension::fixed).try_fold(1_u64, u64::checked_mul);
    let row = fixed.and_then(|count| count.checked_mul(input.element.size() as u64)).unwrap_or(0);
    let free = (body.len() as u64).checked_div(row).unwrap_or(0);
    let side = |axis: &Dimension| usize::try_from(axis.fixed().unwrap_or(free)).unwrap_or(0);
    let shape = axes.iter().map(side).collect();
    let tensor = Tensor::from_le_bytes(input.element, shape, body);
    let tensor = tensor.map_err(|error| invalid(format!("input `{}`: {error}", input.name)))?;
    Ok(Inference {
        id: None,
        parameters: Parameters::default(),
        inputs: vec![(input.name.clone(), Value::Numbers(tensor))],
        outputs: Outputs { named: Vec::new(), binary: true },
        timeout: None,
    })
}
