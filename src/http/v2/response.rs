//! What a model answered: JSON, perhaps followed by tensors as bytes.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::value::{BYTES, Value};
use super::{HEADER_LENGTH, datatype};
use crate::engines::Warning;
use crate::http::error::ApiError;
use crate::inference::TensorData;

/// What a model answered.
#[derive(Serialize, ToSchema)]
pub(super) struct InferResponse<'a> {
    /// The model.
    model_name: &'a str,
    /// The version that answered.
    model_version: String,
    /// That of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<&'a str>,
    /// There if the caller should know something.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parameters: Option<ResponseParameters>,
    /// In the order of the request.
    outputs: Vec<OutputTensor<'a>>,
}

/// What the caller should know.
#[derive(Serialize, ToSchema)]
struct ResponseParameters {
    /// Warnings of a restoration, as elsewhere, with commas between them.
    #[schema(example = "empty-mask")]
    warnings: String,
}

/// One output.
#[derive(Serialize, ToSchema)]
struct OutputTensor<'a> {
    /// Its name in the model.
    name: &'a str,
    /// Type of its elements.
    #[schema(example = "FP32")]
    datatype: &'static str,
    /// Lengths of its axes.
    shape: &'a [usize],
    /// There unless `data` is numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parameters: Option<OutputParameters>,
    /// The elements row by row: numbers, or texts in base64. What JSON has no number for, such as
    /// infinity, is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Vec<Value>, required = false)]
    data: Option<JsonElements<'a>>,
}

/// Where a tensor is, or how it is written.
#[derive(Default, Serialize, ToSchema)]
struct OutputParameters {
    /// Bytes of the tensor behind the JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    binary_data_size: Option<usize>,
    /// `base64`, if `data` is of type `BYTES`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    content_type: Option<&'static str>,
}

/// Elements that are written into the JSON.
enum JsonElements<'a> {
    Numbers(&'a TensorData),
    Texts(Vec<String>),
}

impl Serialize for JsonElements<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let numbers = match self {
            Self::Texts(list) => return list.serialize(serializer),
            Self::Numbers(numbers) => numbers,
        };
        match numbers {
            TensorData::Bool(list) => list.serialize(serializer),
            TensorData::U8(list) => list.serialize(serializer),
            TensorData::I8(list) => list.serialize(serializer),
            TensorData::U16(list) => list.serialize(serializer),
            TensorData::I16(list) => list.serialize(serializer),
            TensorData::U32(list) => list.serialize(serializer),
            TensorData::I32(list) => list.serialize(serializer),
            TensorData::U64(list) => list.serialize(serializer),
            TensorData::I64(list) => list.serialize(serializer),
            TensorData::F32(list) => list.serialize(serializer),
            TensorData::F64(list) => list.serialize(serializer),
            TensorData::F16(list) => serializer.collect_seq(list.iter().map(|n| n.to_f32())),
            TensorData::Bf16(list) => serializer.collect_seq(list.iter().map(|n| n.to_f32())),
        }
    }
}

/// Which model answered, and whom.
pub(super) struct Letterhead {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) id: Option<String>,
}

/// What came out of a request.
pub(super) struct Outcome {
    /// All outputs, by name.
    pub(super) outputs: Vec<(String, Value)>,
    /// Those that are sent, and whether each is sent as bytes.
    pub(super) chosen: Vec<(usize, bool)>,
    /// What the caller should know.
    pub(super) warnings: Vec<Warning>,
}

/// Writes the chosen outputs, each as numbers or as bytes.
pub(super) fn write(head: &Letterhead, outcome: &Outcome) -> Result<Response, ApiError> {
    let Outcome { outputs, chosen, warnings } = outcome;
    let mut tail = Vec::new();
    let mut described = Vec::with_capacity(chosen.len());
    for &(index, binary) in chosen {
        let Some((name, value)) = outputs.get(index) else {
            return Err(ApiError::internal("a model gave fewer outputs than it has"));
        };
        let (datatype, shape) = match value {
            Value::Numbers(tensor) => (datatype::name(tensor.element()), tensor.shape()),
            Value::Files(files) => (BYTES, files.shape()),
        };
        let (parameters, data) = if binary {
            let binary_data_size = Some(value.length());
            tail.push(value);
            (Some(OutputParameters { binary_data_size, ..OutputParameters::default() }), None)
        } else {
            match value {
                Value::Numbers(tensor) => (None, Some(JsonElements::Numbers(tensor.data()))),
                Value::Files(files) => {
                    let content_type = Some("base64");
                    let parameters =
                        OutputParameters { content_type, ..OutputParameters::default() };
                    (Some(parameters), Some(JsonElements::Texts(files.to_texts())))
                }
            }
        };
        described.push(OutputTensor { name, datatype, shape, parameters, data });
    }
    let response = InferResponse {
        model_name: &head.name,
        model_version: head.version.clone(),
        id: head.id.as_deref(),
        parameters: (!warnings.is_empty()).then(|| ResponseParameters {
            warnings: warnings.iter().map(|warning| warning.slug()).collect::<Vec<_>>().join(","),
        }),
        outputs: described,
    };
    let mut body = serde_json::to_vec(&response).map_err(ApiError::internal)?;
    let json_length = body.len();
    let is_binary = !tail.is_empty();
    body.reserve_exact(tail.iter().map(|value| value.length()).sum());
    for value in tail {
        value.append(&mut body);
    }
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    let media_type = if is_binary { "application/octet-stream" } else { "application/json" };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    if is_binary {
        headers.insert(HEADER_LENGTH, HeaderValue::from(json_length));
    }
    Ok(response)
}
