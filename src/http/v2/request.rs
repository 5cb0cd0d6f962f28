//! A request for a model: JSON, perhaps followed by tensors as bytes.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use utoipa::ToSchema;

use super::bounded::{bounded, objects};
use super::errors::shown;
use super::numbers::JsonData;
use super::object::Object;
use super::parameters::Parameters;
use super::value::{BYTES, Files, Value};
use super::{HEADER_LENGTH, datatype};
use crate::http::error::ApiError;
use crate::http::problem::ProblemCode;
use crate::inference::{ElementType, Signature, Tensor};

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
    /// `binary_data_output`: all outputs as bytes. `timeout`: microseconds that it may take. Where
    /// pictures are restored also the parameters of a restoration, and `output_encoding`: the
    /// format of the file that comes back.
    #[serde(default)]
    #[schema(value_type = Object, required = false)]
    parameters: Parameters,
    /// Every input of the model, in any order.
    #[serde(deserialize_with = "objects")]
    #[schema(max_items = 256)]
    inputs: Vec<InputTensor>,
    /// The outputs that are wanted; all if there are none.
    #[serde(default, deserialize_with = "objects")]
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
    /// `binary_data_size`: bytes of the tensor behind the JSON, in place of `data`. `content_type`:
    /// `base64`, if `data` is of type `BYTES`.
    #[serde(default)]
    #[schema(value_type = Object, required = false)]
    parameters: Parameters,
    /// The elements row by row, flat or nested as the shape: numbers, or texts in base64.
    #[serde(default)]
    #[schema(value_type = Vec<Value>, required = false)]
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
    pub(super) parameters: Parameters,
    pub(super) inputs: Vec<(String, Value)>,
    pub(super) outputs: Outputs,
    /// Time that the caller gives it.
    pub(super) timeout: Option<Duration>,
}

/// Which outputs are wanted, and in which form.
#[derive(Debug)]
pub(super) struct Outputs {
    /// Names, each with its own wish if it has one; all outputs if empty.
    pub(super) named: Vec<(String, Option<bool>)>,
    pub(super) binary: bool,
}

impl Outputs {
    /// Positions of the wanted outputs of a model, and whether each is wanted as bytes.
    pub(super) fn choose(&self, signature: &Signature) -> Result<Vec<(usize, bool)>, ApiError> {
        let outputs = &signature.outputs;
        let names: Vec<_> = outputs.iter().map(|output| output.name.as_str()).collect();
        let chosen = self.choose_among(&names)?;
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

    /// As [`Self::choose`], among outputs of these names.
    pub(super) fn choose_among(&self, names: &[&str]) -> Result<Vec<(usize, bool)>, ApiError> {
        if self.named.is_empty() {
            return Ok((0..names.len()).map(|index| (index, self.binary)).collect());
        }
        let find = |(name, wish): &(String, Option<bool>)| {
            let index = names.iter().position(|known| known == name).ok_or_else(|| {
                let (name, known) = (shown(name), names.join(", "));
                invalid(format!("the model has no output `{name}`; it has {known}"))
            })?;
            Ok((index, wish.unwrap_or(self.binary)))
        };
        self.named.iter().map(find).collect()
    }
}

/// An error of the caller.
pub(super) fn invalid(detail: impl Into<String>) -> ApiError {
    ApiError::new(ProblemCode::InvalidTensors, detail)
}

/// Reads a body of which `header` bytes are JSON; all of it where that is not said.
pub(super) fn parse(mut body: Bytes, header: Option<usize>) -> Result<Inference, ApiError> {
    let length = body.len();
    let split = header.unwrap_or(length);
    if split > length {
        let detail = format!("{HEADER_LENGTH} is {split}, but the body has {length} bytes");
        return Err(invalid(detail));
    }
    let tail = body.split_off(split);
    let request: InferRequest = parse_json(&body)?;
    check_id(request.id.as_deref())?;
    refuse_unsupported("the request", &request.parameters)?;
    let binary = request.parameters.flag("binary_data_output").map_err(invalid)?.unwrap_or(false);
    let timeout = request.parameters.count("timeout").map_err(invalid)?;
    let mut tail = Tail { rest: tail, is_announced: header.is_some() };
    let inputs = request.inputs.into_iter().map(|input| input.read(&mut tail));
    let inputs = inputs.collect::<Result<_, _>>()?;
    if !tail.rest.is_empty() {
        let left = tail.rest.len();
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
        parameters: request.parameters,
        inputs,
        outputs: Outputs { named, binary },
        timeout: timeout.filter(|time| *time > 0).map(Duration::from_micros),
    })
}

/// Reads an object; what is wrong with it is told without repeating much of it.
pub(super) fn parse_json<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, ApiError> {
    serde_json::from_slice(json).map(|Object(value)| value).map_err(|error| {
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
struct Tail {
    rest: Bytes,
    is_announced: bool,
}

impl Tail {
    fn take(&mut self, size: u64) -> Result<Bytes, String> {
        if !self.is_announced {
            return Err(format!("has binary_data_size, but {HEADER_LENGTH} is missing"));
        }
        let left = self.rest.len();
        match usize::try_from(size) {
            Ok(size) if size <= left => Ok(self.rest.split_to(size)),
            _ => Err(format!(
                "has a binary_data_size of {size}, but {left} bytes are left in the body"
            )),
        }
    }
}

impl InputTensor {
    fn read(self, tail: &mut Tail) -> Result<(String, Value), ApiError> {
        if self.name.len() > LONGEST_NAME {
            let length = self.name.len();
            let detail = format!("an input has a name of {length} bytes, more than {LONGEST_NAME}");
            return Err(invalid(detail));
        }
        let name = self.name.clone();
        let fault = |reason: String| invalid(format!("input `{}`: {reason}", shown(&name)));
        let value = self.value(tail).map_err(fault)?;
        Ok((name, value))
    }

    fn value(self, tail: &mut Tail) -> Result<Value, String> {
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
                let taken = tail.take(size)?;
                let Some(element) = element else {
                    return Files::from_bytes(shape, taken).map(Value::Files);
                };
                let tensor = Tensor::from_le_bytes(element, shape, &taken);
                tensor.map(Value::Numbers).map_err(|error| error.to_string())
            }
            (None, Some(data)) => {
                let value = match element {
                    Some(element) => data.into_tensor(element, shape).map(Value::Numbers),
                    None if self.parameters.text("content_type")? == Some("base64") => {
                        data.into_files(shape).map(Value::Files)
                    }
                    None => {
                        return Err(format!(
                            "{BYTES} in JSON is text in base64, with the parameter \
                             `content_type` = \"base64\"; else send it as bytes, with \
                             `binary_data_size`"
                        ));
                    }
                };
                value.map_err(|error| error.to_string())
            }
        }
    }
}

/// The type of numbers; none for files.
fn element(datatype: &str) -> Result<Option<ElementType>, String> {
    match datatype::find(datatype) {
        None if datatype == BYTES => Ok(None),
        None => Err(format!(
            "{:?} is no datatype: expected one of {}, {BYTES}",
            shown(datatype),
            datatype::names()
        )),
        element => Ok(element),
    }
}
