//! The dictionaries that restorations can name.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::jobs;
use crate::engines::{
    DictionaryDescription, EngineError, describe_dictionaries, describe_dictionary,
    dictionary_names, dictionary_sheet, draw_sheet,
};
use crate::http::ApiState;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::intake::{self, IdempotencyKey, Order};
use crate::http::negotiate::Accept;
use crate::http::openapi::{
    AcceptedAnswer, CommonProblems, DictionaryProblems, JobHeaders, LearningProblems,
    OwnDictionaryProblems, StorageProblems,
};
use crate::http::path::not_utf8;
use crate::http::prefer::Prefer;
use crate::http::problem::ProblemCode;
use crate::http::upload::{LearnUpload, Parcel};
use crate::imaging::ImageFormat;
use crate::worker::{JobFault, Library};

/// Images that one dictionary is learned from.
const MOST_IMAGES: usize = 1000;

/// The dictionaries of this service.
#[derive(Serialize, ToSchema)]
pub(super) struct Dictionaries {
    /// The default first.
    dictionaries: Vec<DictionaryDescription>,
}

/// Which dictionaries are there?
///
/// Those of the program, then those that you had learned.
#[utoipa::path(
    get, path = "/v1/dictionaries", tag = "restoration",
    responses(
        (status = 200, description = "All dictionaries", body = Dictionaries),
        CommonProblems, StorageProblems,
    ),
)]
pub(super) async fn list_dictionaries(
    State(state): State<ApiState>,
    caller: Caller,
) -> Result<Json<Dictionaries>, ApiError> {
    let mut dictionaries = describe_dictionaries()?;
    for row in state.workshop.library().list(caller.owner()).await? {
        let dictionary = Library::read(&row)?;
        dictionaries.push(DictionaryDescription::learned(row.name, &dictionary));
    }
    Ok(Json(Dictionaries { dictionaries }))
}

/// Have a dictionary learned.
///
/// Learning takes seconds to minutes and is always a job. Once it has succeeded, restorations can
/// name the dictionary. Only you can.
#[utoipa::path(
    post,
    path = "/v1/dictionaries",
    tag = "restoration",
    params(JobHeaders),
    responses(AcceptedAnswer, LearningProblems)
)]
pub(super) async fn learn_dictionary(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    LearnUpload(parcel): LearnUpload,
) -> Result<Response, ApiError> {
    let Parcel { images, masks: _, wishes } = parcel;
    let key = IdempotencyKey::of(&headers)?;
    let name = wishes.name.ok_or_else(|| ApiError::invalid_field("name", "is required"))?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(1..=40).contains(&name.len()) || !name.chars().all(fits) {
        let message = "must be 1 to 40 lower-case letters, digits and hyphens";
        return Err(ApiError::invalid_field("name", message));
    }
    if images.len() > MOST_IMAGES {
        return Err(ApiError::invalid_field("image", "is given too often")
            .with_limit(MOST_IMAGES as f64, Some(images.len() as f64)));
    }
    let library = state.workshop.library();
    if dictionary_names().any(|taken| taken == name) {
        return Err(JobFault::NameTaken { name }.into());
    }
    let taken = library.find(caller.owner(), &name).await?.is_some();
    let order = Order::learning(&state, name.clone(), wishes.learn, images)?.with(
        &state,
        wishes.priority,
        wishes.webhook,
    )?;
    // A request that is repeated finds its own dictionary there, and is no fault.
    if taken && !key.is_given() {
        return Err(JobFault::NameTaken { name }.into());
    }
    let job = intake::accept(&state, &caller, &key, order).await?;
    let (accept, prefer) = (Accept::of(&headers), Prefer::of(&headers));
    jobs::answer_accepted(&state, &caller, &accept, prefer, job).await
}

/// Delete a dictionary that you had learned.
#[utoipa::path(
    delete, path = "/v1/dictionaries/{name}", tag = "restoration",
    params(("name" = String, Path, description = "Name of the dictionary",
        pattern = "^[a-z0-9-]{1,40}$")),
    responses(
        (status = 204, description = "It is gone"),
        CommonProblems, OwnDictionaryProblems, StorageProblems,
    ),
)]
pub(super) async fn delete_dictionary(
    State(state): State<ApiState>,
    caller: Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    let Path(name) = name.map_err(|_| not_utf8())?;
    if state.workshop.library().remove(caller.owner(), &name).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail = format!("there is no dictionary `{name}` of yours");
    Err(ApiError::new(ProblemCode::UnknownDictionary, detail))
}

/// In which form a dictionary is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Form {
    /// The record as JSON, or the filters as a picture. What `Accept` prefers if not given.
    #[param(inline)]
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
        CommonProblems, DictionaryProblems, StorageProblems,
    ),
)]
pub(super) async fn show_dictionary(
    State(state): State<ApiState>,
    caller: Caller,
    name: Result<Path<String>, PathRejection>,
    form: Result<Query<Form>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Path(name) = name.map_err(|_| not_utf8())?;
    let Query(Form { format }) =
        form.map_err(|_| ApiError::invalid_field("format", "must be `json` or `png`"))?;
    let drawn = match format {
        Some(format) => format == FormName::Png,
        None => Accept::of(&headers).prefers_image_to_json(ImageFormat::Png)?,
    };
    let learned = if dictionary_names().any(|known| known == name) {
        None
    } else {
        state.workshop.library().find(caller.owner(), &name).await?
    };
    let learned = learned.map(|row| Library::read(&row)).transpose()?;
    let vary = (VARY, "accept");
    if drawn {
        let sheet = match &learned {
            Some(dictionary) => draw_sheet(dictionary)?,
            None => dictionary_sheet(&name).map_err(missing)?,
        };
        return Ok(([vary, (CONTENT_TYPE, ImageFormat::Png.media_type())], sheet).into_response());
    }
    let description = match &learned {
        Some(dictionary) => DictionaryDescription::learned(name, dictionary),
        None => describe_dictionary(&name).map_err(missing)?,
    };
    Ok(([vary], Json(description)).into_response())
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
