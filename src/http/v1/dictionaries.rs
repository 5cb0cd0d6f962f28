//! The dictionaries that restorations can name.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, VARY};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engines::{
    DictionaryDescription, EngineError, describe_dictionaries, describe_dictionary,
    dictionary_sheet,
};
use crate::http::error::ApiError;
use crate::http::negotiate::Accept;
use crate::http::openapi::{CommonProblems, DictionaryProblems};
use crate::http::problem::ProblemCode;
use crate::imaging::ImageFormat;

/// The dictionaries of this service.
#[derive(Serialize, ToSchema)]
pub(super) struct Dictionaries {
    /// The default first.
    dictionaries: Vec<DictionaryDescription>,
}

/// Which dictionaries are there?
#[utoipa::path(
    get, path = "/v1/dictionaries", tag = "restoration",
    responses(
        (status = 200, description = "All dictionaries", body = Dictionaries),
        CommonProblems,
    ),
)]
pub(super) async fn list_dictionaries() -> Result<Json<Dictionaries>, ApiError> {
    Ok(Json(Dictionaries { dictionaries: describe_dictionaries()? }))
}

/// In which form a dictionary is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Form {
    /// The record as JSON, or the filters as a picture. What `Accept` prefers if not given.
    format: Option<FormName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum FormName {
    Json,
    Png,
}

/// What is this dictionary, and what does it look like?
///
/// The answer is its record, or a sheet of all its filters if a PNG is preferred.
#[utoipa::path(
    get, path = "/v1/dictionaries/{name}", tag = "restoration",
    params(
        ("name" = String, Path, description = "Name of the dictionary",
            example = "dct", pattern = "^[a-z0-9-]{1,40}$"),
        Form,
    ),
    responses(
        (
            status = 200, description = "The record, or the filters as a picture",
            content((DictionaryDescription = "application/json"), (Vec<u8> = "image/png")),
        ),
        CommonProblems, DictionaryProblems,
    ),
)]
pub(super) async fn show_dictionary(
    name: Result<Path<String>, PathRejection>,
    form: Result<Query<Form>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Path(name) =
        name.map_err(|_| ApiError::new(ProblemCode::MalformedRequest, "the path is not UTF-8"))?;
    let Query(Form { format }) =
        form.map_err(|_| ApiError::invalid_field("format", "must be `json` or `png`"))?;
    let drawn = match format {
        Some(format) => format == FormName::Png,
        None => Accept::of(&headers).prefers_image_to_json(ImageFormat::Png)?,
    };
    let vary = (VARY, "accept");
    if drawn {
        let sheet = dictionary_sheet(&name).map_err(missing)?;
        return Ok(([vary, (CONTENT_TYPE, ImageFormat::Png.media_type())], sheet).into_response());
    }
    Ok(([vary], Json(describe_dictionary(&name).map_err(missing)?)).into_response())
}

/// In a path, an unknown name is a missing resource and not a bad parameter.
fn missing(error: EngineError) -> ApiError {
    match error {
        EngineError::UnknownDictionary { .. } => {
            ApiError::new(ProblemCode::UnknownDictionary, error.to_string())
        }
        other => other.into(),
    }
}
