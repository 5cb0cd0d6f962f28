//! A request for a model: JSON, perhaps followed by tensors as bytes.

use std::time::Duration;

use serde::Deserialize;
use utoipa::ToSchema;

use super::bounded::bounded;
use super::errors::shown;
use super::numbers::JsonData;
use super::parameters::Parameters;
use super::{HEADER_LENGTH, datatype};
use crate::http::error::ApiError;
use crate::http::problem::ProblemCode;
use crate::inference::{Dimension, ElementType, Signature, Tensor};

/// Axes of a tensor.
const MOST_AXES: usize = 16;
/// Longest name of an input or output.
const LONGEST_NAME: usize = 1024;
/// Longest id.
const LONGEST_ID: usize = 1024;

/// Parameters that would need what is not here.
const UNSUPPORTED: &[&str] = &[
    "sequence_id",
    "classification",
    "shared_memory_region",
    "shared_memory_byte_size",
    "shared_memory_offset",
];

/// Tensors for a model.
#[derive(Deserialize, ToSchema)]
pub(super) struct InferRequest {
    /// Comes back with the answer.
    #[serde(default)]
    #[schema(nullable = false, max_length = 1024)]
    id: Option<String>,
    /// `binary_data_output`: all outputs as bytes. `timeout`: microseconds that it may take.
    #[serde(default)]
    #[schema(value_type = Object, required = false)]
    parameters: Parameters,
    /// Every input of the model, in any order.
    #[serde(deserialize_with = "bounded")]
    #[schema(max_items = 256)]
    inputs: Vec<InputTensor>,
    /// The outputs that are wanted; all if there are none.
    #[serde(default, deserialize_with = "bounded")]
    #[schema(max_items = 256, required = false)]
    outputs: Vec<RequestedOutput>,
}

/// One input.
#[derive(Deserialize, ToSchema)]
struct InputTensor {
    /// Its name in the model.
    name: String,
    /// Lengths of its axes.
    #[serde(deserialize_with = "bounded")]
    #[schema(max_items = 16, minimum = 0)]
    shape: Vec<i64>,
    /// Type of its elements.
    #[schema(example = "FP32")]
    datatype: String,
    /// `binary_data_size`: bytes of the tensor behind the JSON, in place of `data`.
    #[serde(default)]
    #[schema(value_type = Object, required = false)]
    parameters: Parameters,
    /// The elements row by row, flat or nested as the shape.
    #[serde(default)]
    #[schema(value_type = Vec<f64>, required = false)]
    data: Option<JsonData>,
}

/// One output that is wanted.
#[derive(Deserialize, ToSchema)]
struct RequestedOutput {
    /// Its name in the model.
    name: String,
    /// `binary_data`: whether it is wanted as bytes.
    #[serde(default)]
    #[schema(value_type = Object, required = false)]
    parameters: Parameters,
}

/// A request that can be run.
#[derive(Debug)]
pub(super) struct Inference {
    pub(super) id: Option<String>,
    pub(super) inputs: Vec<(String, Tensor)>,
    pub(super) outputs: Outputs,
    /// Time that the caller gives it.
    pub(super) timeout: Option<Duration>,
}

/// Which outputs are wanted, and in which form.
#[derive(Debug)]
pub(super) struct Outputs {
    /// Names, each with its own wish if it has one; all outputs if empty.
    named: Vec<(String, Option<bool>)>,
    binary: bool,
}

impl Outputs {
    /// Positions of the wanted outputs of a model, and whether each is wanted as bytes.
    pub(super) fn choose(&self, signature: &Signature) -> Result<Vec<(usize, bool)>, ApiError> {
        let outputs = &signature.outputs;
        let chosen: Vec<_> = if self.named.is_empty() {
            (0..outputs.len()).map(|index| (index, self.binary)).collect()
        } else {
            let find = |(name, wish): &(String, Option<bool>)| {
                let index = outputs.iter().position(|output| output.name == *name);
                let index = index.ok_or_else(|| {
                    let known: Vec<_> = outputs.iter().map(|output| output.name.as_str()).collect();
                    let (name, known) = (shown(name), known.join(", "));
                    invalid(format!("the model has no output `{name}`; it has {known}"))
                })?;
                Ok((index, wish.unwrap_or(self.binary)))
            };
            self.named.iter().map(find).collect::<Result<_, ApiError>>()?
        };
        for &(index, binary) in &chosen {
            let output = &outputs[index];
            if !binary && datatype::is_binary_only(output.element) {
                let (name, datatype) = (&output.name, datatype::name(output.element));
                return Err(invalid(format!(
                    "output `{name}` is {datatype}, for which JSON has no numbers: ask for it \
                     with `binary_data`"
                )));
            }
        }
        Ok(chosen)
    }
}

/// An error of the caller.
pub(super) fn invalid(detail: impl Into<String>) -> ApiError {
    ApiError::new(ProblemCode::InvalidTensors, detail)
}

/// Reads a body of which `header` bytes are JSON; all of it where that is not said. With a header
/// of no bytes, the body is the only input of the model.
pub(super) fn parse(
    body: &[u8],
    header: Option<usize>,
    signature: &Signature,
) -> Result<Inference, ApiError> {
    if header == Some(0) {
        return parse_raw(body, signature);
    }
    let length = body.len();
    let (json, bytes) = body.split_at_checked(header.unwrap_or(length)).ok_or_else(|| {
        let header = header.unwrap_or_default();
        invalid(format!("{HEADER_LENGTH} is {header}, but the body has {length} bytes"))
    })?;
    let request: InferRequest = parse_json(json)?;
    check_id(request.id.as_deref())?;
    refuse_unsupported("the request", &request.parameters)?;
    let binary = request.parameters.flag("binary_data_output").map_err(invalid)?.unwrap_or(false);
    let timeout = request.parameters.count("timeout").map_err(invalid)?;
    let mut bytes = Bytes { rest: bytes, is_announced: header.is_some() };
    let inputs = request.inputs.into_iter().map(|input| input.read(&mut bytes));
    let inputs = inputs.collect::<Result<_, _>>()?;
    if !bytes.rest.is_empty() {
        let left = bytes.rest.len();
        return Err(invalid(format!("{left} bytes behind the JSON belong to no input")));
    }
    let mut named = Vec::with_capacity(request.outputs.len());
    for RequestedOutput { name, parameters } in request.outputs {
        refuse_unsupported(&format!("output `{}`", shown(&name)), &parameters)?;
        if named.iter().any(|(known, _)| *known == name) {
            return Err(invalid(format!("output `{}` is asked for twice", shown(&name))));
        }
        named.push((name, parameters.flag("binary_data").map_err(invalid)?));
    }
    Ok(Inference {
        id: request.id,
        inputs,
        outputs: Outputs { named, binary },
        timeout: timeout.filter(|time| *time > 0).map(Duration::from_micros),
    })
}

/// Reads JSON; what is wrong with it is told without repeating much of it.
pub(super) fn parse_json<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, ApiError> {
    serde_json::from_slice(json).map_err(|error| {
        let detail = format!("the JSON cannot be read: {}", shown(&error.to_string()));
        ApiError::new(ProblemCode::MalformedRequest, detail)
    })
}

fn check_id(id: Option<&str>) -> Result<(), ApiError> {
    match id.map_or(0, str::len) {
        length if length > LONGEST_ID => {
            Err(invalid(format!("id has {length} bytes, but at most {LONGEST_ID} are allowed")))
        }
        _ => Ok(()),
    }
}

fn refuse_unsupported(of: &str, parameters: &Parameters) -> Result<(), ApiError> {
    match parameters.first_of(UNSUPPORTED) {
        Some(name) => Err(invalid(format!("{of}: the parameter `{name}` is not supported"))),
        None => Ok(()),
    }
}

/// The tensors behind the JSON.
struct Bytes<'a> {
    rest: &'a [u8],
    is_announced: bool,
}

impl<'a> Bytes<'a> {
    fn take(&mut self, size: u64) -> Result<&'a [u8], String> {
        if !self.is_announced {
            return Err(format!("has binary_data_size, but {HEADER_LENGTH} is missing"));
        }
        let left = self.rest.len();
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let taken = self.rest.split_at_checked(size);
        let (taken, rest) = taken.ok_or_else(|| {
            format!("has a binary_data_size of {size}, but {left} bytes are left in the body")
        })?;
        self.rest = rest;
        Ok(taken)
    }
}

impl InputTensor {
    fn read(self, bytes: &mut Bytes<'_>) -> Result<(String, Tensor), ApiError> {
        if self.name.len() > LONGEST_NAME {
            let length = self.name.len();
            let detail = format!("an input has a name of {length} bytes, more than {LONGEST_NAME}");
            return Err(invalid(detail));
        }
        let name = self.name.clone();
        let fault = |reason: String| invalid(format!("input `{}`: {reason}", shown(&name)));
        let tensor = self.tensor(bytes).map_err(fault)?;
        Ok((name, tensor))
    }

    fn tensor(self, bytes: &mut Bytes<'_>) -> Result<Tensor, String> {
        if let Some(name) = self.parameters.first_of(UNSUPPORTED) {
            return Err(format!("the parameter `{name}` is not supported"));
        }
        let element = element(&self.datatype)?;
        if self.shape.len() > MOST_AXES {
            let axes = self.shape.len();
            return Err(format!("has {axes} axes, but at most {MOST_AXES} are allowed"));
        }
        let side = |side: &i64| {
            usize::try_from(*side).map_err(|_| format!("has an axis of length {side}"))
        };
        let shape: Vec<usize> = self.shape.iter().map(side).collect::<Result<_, _>>()?;
        match (self.parameters.count("binary_data_size")?, self.data) {
            (Some(_), Some(_)) => Err("has both data and binary_data_size".to_owned()),
            (None, None) => Err("has neither data nor binary_data_size".to_owned()),
            (Some(size), None) => {
                let taken = bytes.take(size)?;
                Tensor::from_le_bytes(element, shape, taken).map_err(|error| error.to_string())
            }
            (None, Some(data)) => {
                data.into_tensor(element, shape).map_err(|error| error.to_string())
            }
        }
    }
}

fn element(datatype: &str) -> Result<ElementType, String> {
    datatype::find(datatype).ok_or_else(|| {
        if datatype == "BYTES" {
            return "BYTES is not supported: models here take numbers".to_owned();
        }
        format!("{:?} is no datatype: expected one of {}", shown(datatype), datatype::names())
    })
}

/// A body that is nothing but the elements of the only input. At most one of its axes may be of
/// any length; it follows from the number of bytes.
fn parse_raw(body: &[u8], signature: &Signature) -> Result<Inference, ApiError> {
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
        inputs: vec![(input.name.clone(), tensor)],
        outputs: Outputs { named: Vec::new(), binary: true },
        timeout: None,
    })
}
