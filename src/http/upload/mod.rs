//! Requests that bring pictures: multipart or JSON, in any order, nothing unknown.

mod draft;
mod fields;
mod form;
mod json;
mod multipart;

#[cfg(test)]
mod tests;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use serde::Deserialize;
use utoipa::ToSchema;

use super::ApiState;
use super::body;
use super::error::ApiError;
use super::problem::ProblemCode;
use crate::engines::{LearnSpec, NetworkName, Options, Task};
use crate::jobs::Priority;

pub(super) use fields::Field;
pub(super) use form::{
    BATCH_FORM, FEATURES_FORM, Form, LEARNING_FORM, RESTORATION_FORM, TENSOR_FORM,
};
pub(super) use json::{BASE64, decode_picture, entries};
pub(super) use multipart::{PartKind, parts};

/// All that a request brought, not yet checked against what is to be done with it.
#[derive(Debug, Default)]
pub(super) struct Parcel {
    /// The encoded images, at least one.
    pub(super) images: Vec<Bytes>,
    /// The encoded masks.
    pub(super) masks: Vec<Bytes>,
    /// Everything else.
    pub(super) wishes: Wishes,
}

/// The parameters of a request; those that its form does not have keep their defaults.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wishes {
    /// How pictures are restored.
    pub(super) options: Options,
    /// What is done with the pictures of a batch.
    pub(super) task: Task,
    /// The name of a dictionary to be learned.
    pub(super) name: Option<String>,
    /// How it is learned.
    pub(super) learn: LearnSpec,
    /// Which network an image is shown to, and what of it comes back.
    pub(super) features: FeatureWishes,
    /// How urgent a job is.
    pub(super) priority: Priority,
    /// Who is told of its end.
    pub(super) webhook: Option<String>,
}

/// Which network an image is shown to, and what of it comes back.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct FeatureWishes {
    /// The network.
    pub(super) model: Option<NetworkName>,
    /// The form of the answer; by the Accept header if not given.
    pub(super) format: Option<FeatureFormat>,
    /// The output that comes back where one does.
    pub(super) output: Option<String>,
}

/// The forms of what a network makes of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum FeatureFormat {
    /// Shapes and ranges.
    Json,
    /// One tensor.
    Npy,
    /// All tensors.
    Safetensors,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            options: Options::default(),
            task: Task::Inpaint,
            name: None,
            learn: LearnSpec::default(),
            features: FeatureWishes::default(),
            priority: Priority::default(),
            webhook: None,
        }
    }
}

/// A restoration as asked for.
#[derive(Debug)]
pub(super) struct Upload {
    /// The encoded image.
    pub(super) image: Bytes,
    /// The encoded mask.
    pub(super) mask: Option<Bytes>,
    /// Everything else.
    pub(super) wishes: Wishes,
}

/// Restorations of many images, as asked for.
#[derive(Debug)]
pub(super) struct BatchUpload(pub(super) Parcel);

/// An image to be shown to a network, as asked for.
#[derive(Debug)]
pub(super) struct FeatureUpload {
    /// The encoded image.
    pub(super) image: Bytes,
    /// The network and the form of the answer.
    pub(super) wishes: FeatureWishes,
}

/// A dictionary to be learned, as asked for.
#[derive(Debug)]
pub(super) struct LearnUpload(pub(super) Parcel);

impl FromRequest<ApiState> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        let Parcel { mut images, mut masks, wishes } =
            read(request, state, RESTORATION_FORM).await?;
        let image = images.pop().ok_or_else(|| ApiError::invalid_field("image", "is required"))?;
        Ok(Self { image, mask: masks.pop(), wishes })
    }
}

impl FromRequest<ApiState> for FeatureUpload {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        let Parcel { mut images, wishes, .. } = read(request, state, FEATURES_FORM).await?;
        let image = images.pop().ok_or_else(|| ApiError::invalid_field("image", "is required"))?;
        Ok(Self { image, wishes: wishes.features })
    }
}

impl FromRequest<ApiState> for BatchUpload {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        read(request, state, BATCH_FORM).await.map(Self)
    }
}

impl FromRequest<ApiState> for LearnUpload {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        read(request, state, LEARNING_FORM).await.map(Self)
    }
}

async fn read(request: Request, state: &ApiState, form: Form) -> Result<Parcel, ApiError> {
    match BodyKind::of(&request)? {
        BodyKind::Form => {
            let read = async |request| multipart::read(request, state, form).await;
            body::in_time(request, state, read).await
        }
        BodyKind::Json => {
            let read = async |request| json::read(request, state, form).await;
            body::in_time(request, state, read).await
        }
    }
}

/// The two ways to write a request with pictures.
#[derive(Clone, Copy, Debug)]
pub(super) enum BodyKind {
    /// Parts of a form.
    Form,
    /// One JSON object.
    Json,
}

impl BodyKind {
    /// What the body of a request is said to be.
    ///
    /// # Errors
    /// `unsupported-media-type` if it is said to be something else.
    pub(super) fn of(request: &Request) -> Result<Self, ApiError> {
        match essence(request).as_deref() {
            Some("multipart/form-data") => Ok(Self::Form),
            Some("application/json") => Ok(Self::Json),
            _ => Err(ApiError::new(
                ProblemCode::UnsupportedMediaType,
                "Content-Type must be multipart/form-data or application/json",
            )),
        }
    }
}

/// The media type of the body without its parameters.
fn essence(request: &Request) -> Option<String> {
    let value = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}
