//! What a network takes and gives, and whether tensors are that.

use super::{Dimension, InputFault, Tensor, ValueInfo};

/// Inputs and outputs of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// What has to be given.
    pub inputs: Vec<ValueInfo>,
    /// What comes out.
    pub outputs: Vec<ValueInfo>,
}

impl Signature {
    /// Whether requests can be run together: the first axis of everything that goes in or comes
    /// out may have any length, and where it has a name the name is the same.
    pub fn is_batchable(&self) -> bool {
        let mut name = None;
        let values = self.inputs.iter().chain(&self.outputs);
        let mut firsts = values.map(|value| value.shape.as_ref().and_then(|shape| shape.first()));
        !self.inputs.is_empty()
            && firsts.all(|first| match first {
                Some(Dimension::Named(this)) => *name.get_or_insert(this) == this,
                Some(Dimension::Unknown) => true,
                Some(Dimension::Fixed(_)) | None => false,
            })
    }

    /// Whether there is an input of that name, and it takes a tensor of this type and shape.
    pub fn takes(&self, name: &str, tensor: &Tensor) -> bool {
        self.inputs.iter().find(|input| input.name == name).is_some_and(|input| {
            check_element(input, tensor).is_ok()
                && check_shape(input, tensor, &mut Vec::new()).is_ok()
        })
    }

    /// Puts named tensors into the order of the inputs.
    ///
    /// # Errors
    /// [`InputFault`] if one is missing, unknown, or of a type or shape that the network does not
    /// take.
    pub(super) fn order(&self, given: Vec<(String, Tensor)>) -> Result<Vec<Tensor>, InputFault> {
        let mut places: Vec<Option<Tensor>> = self.inputs.iter().map(|_| None).collect();
        for (name, tensor) in given {
            let Some(index) = self.inputs.iter().position(|input| input.name == name) else {
                let known = self.inputs.iter().map(|input| input.name.clone()).collect();
                return Err(InputFault::Unknown { name, known });
            };
            if places[index].replace(tensor).is_some() {
                return Err(InputFault::Twice { name });
            }
        }
        let mut lengths = Vec::new();
        let inputs = self.inputs.iter().zip(places);
        let check = |(input, tensor): (&'_ ValueInfo, Option<Tensor>)| {
            let tensor = tensor.ok_or_else(|| InputFault::Missing { name: input.name.clone() })?;
            check_element(input, &tensor)?;
            check_shape(input, &tensor, &mut lengths)?;
            Ok(tensor)
        };
        inputs.map(check).collect()
    }
}

fn check_element(input: &ValueInfo, tensor: &Tensor) -> Result<(), InputFault> {
    let (expected, actual) = (input.element, tensor.element());
    if expected == actual {
        return Ok(());
    }
    Err(InputFault::Element { name: input.name.clone(), expected, actual })
}

/// Checks the axes; named ones must be as long as where the name stood before.
fn check_shape(
    input: &ValueInfo,
    tensor: &Tensor,
    lengths: &mut Vec<(String, usize)>,
) -> Result<(), InputFault> {
    let Some(expected) = &input.shape else { return Ok(()) };
    let fault = || InputFault::Shape {
        name: input.name.clone(),
        expected: expected.clone(),
        actual: tensor.shape().to_vec(),
    };
    if expected.len() != tensor.shape().len() {
        return Err(fault());
    }
    for (axis, &length) in expected.iter().zip(tensor.shape()) {
        match axis {
            Dimension::Fixed(fixed) if *fixed != length as u64 => return Err(fault()),
            Dimension::Named(name) => match lengths.iter().find(|(known, _)| known == name) {
                Some((_, known)) if *known != length => return Err(fault()),
                Some(_) => {}
                None => lengths.push((name.clone(), length)),
            },
            Dimension::Fixed(_) | Dimension::Unknown => {}
        }
        if length == 0 {
            return Err(InputFault::Empty { name: input.name.clone() });
        }
    }
    Ok(())
}
