//! Reads an edit: a form with files, or JSON with data URLs.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde_json::Value;
use tokio::task::spawn_blocking;

use super::parameters::{Draft, MOST_RESULTS, Parameters};
use crate::http::ApiState;
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::upload::{BodyKind, PartKind, decode_picture, entries, parts};

/// An edit as asked for.
#[derive(Debug)]
pub(super) struct Edit {
    /// The encoded images, at least one.
    pub(super) images: Vec<Bytes>,
    /// The encoded mask of all of them.
    pub(super) mask: Option<Bytes>,
    /// Everything else.
    pub(super) parameters: Parameters,
}

impl FromRequest<ApiState> for Edit {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        match BodyKind::of(&request)? {
            BodyKind::Form => {
                let read = async |request| from_form(request, state).await;
                body::in_time(request, state, read).await
            }
            BodyKind::Json => {
                let read = async |request| {
                    let body = body::collect(request, state).await?;
                    // Megabytes of base64 would keep this thread from other requests for too long.
                    spawn_blocking(move || from_json(&body)).await.map_err(ApiError::internal)?
                };
                body::in_time(request, state, read).await
            }
        }
    }
}

/// One image is `image`, several are `image[]`.
fn is_image(name: &str) -> bool {
    name == "image" || name == "image[]"
}

async fn from_form(request: Request, state: &ApiState) -> Result<Edit, ApiError> {
    let kind = |name: &str| match name {
        "mask" => PartKind::File,
        name if is_image(name) => PartKind::File,
        _ => PartKind::Text,
    };
    let (mut images, mut masks, mut draft) = (Vec::new(), Vec::new(), Draft::new());
    for (name, bytes) in parts(request, state, kind).await? {
        match name.as_str() {
            "mask" => masks.push(bytes),
            name if is_image(name) => images.push(bytes),
            name => match String::from_utf8(bytes.into()) {
                Ok(text) => draft.take(name, Value::String(text)),
                Err(_) => draft.fault(name, "is not UTF-8"),
            },
        }
    }
    Edit::of(images, masks, draft)
}

fn from_json(body: &[u8]) -> Result<Edit, ApiError> {
    let (mut images, mut masks, mut draft) = (Vec::new(), Vec::new(), Draft::new());
    for (name, value) in entries(body)?.into_pairs() {
        match name.as_str() {
            "image" | "images" | "mask" => {
                let list = match &value {
                    Value::Null => continue,
                    Value::Array(list) => list.as_slice(),
                    one => std::slice::from_ref(one),
                };
                for value in list {
                    match picture(value) {
                        Ok(bytes) if name == "mask" => masks.push(bytes),
                        Ok(bytes) => images.push(bytes),
                        Err(message) => draft.fault(&name, message),
                    }
                }
            }
            _ => draft.take(&name, value),
        }
    }
    Edit::of(images, masks, draft)
}

/// A picture in JSON: `{"image_url": "data:…"}`, or the text alone.
fn picture(value: &Value) -> Result<Bytes, &'static str> {
    let reference = match value {
        Value::Object(object) => {
            if object.contains_key("file_id") {
                return Err("there are no files here: send the picture as a data URL");
            }
            object.get("image_url").ok_or("must have an `image_url` with a data URL")?
        }
        value => value,
    };
    // Nothing is fetched on anybody's behalf.
    if reference.as_str().is_some_and(|text| text.starts_with("http")) {
        return Err("is not fetched from elsewhere: send the picture as a data URL");
    }
    decode_picture(reference)
}

impl Edit {
    fn of(images: Vec<Bytes>, mut masks: Vec<Bytes>, mut draft: Draft) -> Result<Self, ApiError> {
        if images.is_empty() {
            draft.fault("image", "is required");
        }
        if masks.len() > 1 {
            draft.fault("mask", "is given more than once: one mask is for all images");
        }
        let count = images.len() as u64;
        let parameters = draft.finish()?;
        if count * parameters.copies > MOST_RESULTS {
            let results = (count * parameters.copies) as f64;
            let message = format!("images times `n` must not be more than {MOST_RESULTS}");
            return Err(ApiError::exceeded("image", message, MOST_RESULTS as f64, results));
        }
        if parameters.stream && count > 1 {
            return Err(ApiError::invalid_field("image", "must be one where `stream` is true"));
        }
        Ok(Self { images, mask: masks.pop(), parameters })
    }
}
