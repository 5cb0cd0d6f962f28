//! What a network makes of an image.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, VARY};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::engines::{EngineError, Features, features};
use crate::http::ApiState;
use crate::http::error::ApiError;
use crate::http::negotiate::Accept;
use crate::http::openapi::{FeatureAnswers, RestorationProblems};
use crate::http::tensor_file::{NPY, SAFETENSORS, npy, safetensors};
use crate::http::upload::{FeatureFormat, FeatureUpload, FeatureWishes};
use crate::imaging::inspect;
use crate::inference::Tensor;
use crate::worker::Watch;

/// What a network made of an image, without the numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct FeatureSummary {
    /// The network and its version.
    #[schema(example = "encoder:1")]
    model: String,
    /// Rows and columns of the upright image.
    #[schema(example = json!([480, 640]))]
    picture: [usize; 2],
    /// Rows and columns that it takes at the top left of what the network saw: fewer if it had to
    /// be shrunk.
    #[schema(example = json!([480, 640]))]
    shown: [usize; 2],
    /// Rows and columns that the network saw.
    #[schema(example = json!([512, 640]))]
    tensor: [usize; 2],
    /// The outputs, in the order of the network.
    outputs: Vec<OutputSummary>,
}

/// An output of a network, without its numbers.
#[derive(Debug, Serialize, ToSchema)]
struct OutputSummary {
    /// Its name.
    #[schema(example = "features")]
    name: String,
    /// Its element type.
    #[schema(example = "f32")]
    dtype: String,
    /// Lengths of its axes.
    #[schema(example = json!([1, 64, 128, 160]))]
    shape: Vec<usize>,
    /// The smallest finite number.
    min: Option<f64>,
    /// The largest finite number.
    max: Option<f64>,
    /// Their mean.
    mean: Option<f64>,
    /// Their standard deviation.
    std: Option<f64>,
}

/// Show an image to a network and have what comes out.
///
/// The image is converted as the manifest of the network says, shrunk if it is too large for it,
/// and filled up if it is too small.
#[utoipa::path(
    post,
    path = "/v1/features",
    tag = "restoration",
    responses(FeatureAnswers, RestorationProblems)
)]
pub(super) async fn show_features(
    State(state): State<ApiState>,
    headers: HeaderMap,
    FeatureUpload { image, wishes }: FeatureUpload,
) -> Result<Response, ApiError> {
    let FeatureWishes { model, format, output } = wishes;
    let name = model.ok_or_else(|| ApiError::invalid_field("model", "is required"))?;
    let format = match format {
        Some(format) => format,
        None => Accept::of(&headers).prefer(&[
            ("application/json", FeatureFormat::Json),
            (SAFETENSORS, FeatureFormat::Safetensors),
            (NPY, FeatureFormat::Npy),
        ])?,
    };
    let header = inspect(&image, &state.environment.limits)?;
    let environment = Arc::clone(&state.environment);
    let work = move |watch: &Watch| {
        let features = features(&image, &name, &environment, watch).map_err(fault)?;
        render(features, format, output.as_deref())
    };
    let finished = state.pool.submit(header.pixels(), work)?.wait().await?.transpose()?;
    let (media_type, body) = finished.value;
    Ok(([(CONTENT_TYPE, media_type), (VARY, "accept")], body).into_response())
}

fn fault(error: EngineError) -> ApiError {
    match error {
        EngineError::Network(error) => ApiError::of_network("model", error),
        error => error.into(),
    }
}

/// The media type and the body of the answer.
fn render(
    features: Features,
    format: FeatureFormat,
    output: Option<&str>,
) -> Result<(&'static str, Vec<u8>), ApiError> {
    match format {
        FeatureFormat::Json => {
            let body = serde_json::to_vec(&FeatureSummary::of(features));
            Ok(("application/json", body.map_err(ApiError::internal)?))
        }
        FeatureFormat::Safetensors => {
            let Features { network, picture, shown, tensor, outputs } = features;
            let size = |(height, width): (usize, usize)| format!("{height},{width}");
            let sizes =
                [("picture", size(picture)), ("shown", size(shown)), ("tensor", size(tensor))];
            let about = [&[("model", network)][..], &sizes].concat();
            Ok((SAFETENSORS, safetensors(&outputs, &about)))
        }
        FeatureFormat::Npy => {
            let tensor = choose(&features.outputs, output)?;
            let file = npy(tensor).ok_or_else(|| {
                let message = format!("npy has no {}: ask for safetensors", tensor.element());
                ApiError::invalid_field("format", message)
            })?;
            Ok((NPY, file))
        }
    }
}

/// The output that is meant.
fn choose<'a>(
    outputs: &'a [(String, Tensor)],
    asked: Option<&str>,
) -> Result<&'a Tensor, ApiError> {
    let found = match (asked, outputs) {
        (None, [(_, only)]) => Some(only),
        (None, _) => None,
        (Some(asked), outputs) => {
            outputs.iter().find(|(name, _)| name == asked).map(|(_, tensor)| tensor)
        }
    };
    found.ok_or_else(|| {
        let names = outputs.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        ApiError::invalid_field("output", format!("must be one of {names}"))
    })
}

impl FeatureSummary {
    fn of(features: Features) -> Self {
        let Features { network, picture, shown, tensor, outputs } = features;
        Self {
            model: network,
            picture: picture.into(),
            shown: shown.into(),
            tensor: tensor.into(),
            outputs: outputs.iter().map(OutputSummary::of).collect(),
        }
    }
}

impl OutputSummary {
    fn of((name, tensor): &(String, Tensor)) -> Self {
        let numbers: Vec<f64> =
            tensor.data().to_f64().into_iter().filter(|n| n.is_finite()).collect();
        let some = |value: f64| (!numbers.is_empty()).then_some(value);
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let power = numbers.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / count;
        Self {
            name: name.clone(),
            dtype: tensor.element().to_string(),
            shape: tensor.shape().to_vec(),
            min: some(numbers.iter().copied().fold(f64::INFINITY, f64::min)),
            max: some(numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
            mean: some(mean),
            std: some(power.sqrt()),
        }
    }
}
