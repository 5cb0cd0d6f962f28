//! `application/json`: one object, pictures in base64, bare or as data URLs.

use std::fmt;

use axum::body::Bytes;
use axum::extract::Request;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use tokio::task::spawn_blocking;

use super::Parcel;
use super::draft::Draft;
use super::fields::Given;
use super::form::{Form, Slot};
use crate::http::ApiState;
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::problem::ProblemCode;

/// Padding may be there or not: clients differ.
pub(in crate::http) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads the whole body, then everything in it.
pub(super) async fn read(
    request: Request,
    state: &ApiState,
    form: Form,
) -> Result<Parcel, ApiError> {
    let body = body::collect(request, state).await?;
    // Megabytes of base64 would keep this thread from other requests for too long.
    spawn_blocking(move || parse(&body, form)).await.map_err(ApiError::internal)?
}

pub(super) fn parse(body: &[u8], form: Form) -> Result<Parcel, ApiError> {
    let mut draft = Draft::new(form);
    for (name, value) in entries(body)?.0 {
        if !draft.first_member(&name) {
            continue;
        }
        match draft.slot(&name) {
            Some(Slot::Parameter(field)) => draft.parameter(field, Given::Json(value)),
            Some(slot @ Slot::Picture(picture)) => {
                let pictures = match &value {
                    Value::Array(pictures) if draft.takes_many(Some(slot)) => pictures.as_slice(),
                    one => std::slice::from_ref(one),
                };
                for value in pictures {
                    match decode_picture(value) {
                        Ok(bytes) => draft.picture(picture, bytes),
                        Err(message) => draft.fault(&name, message),
                    }
                }
            }
            None => draft.unknown(&name),
        }
    }
    draft.finish()
}

/// Takes the members of `params`, in which pictures have no place.
pub(super) fn take_parameters(draft: &mut Draft, members: Entries) {
    for (name, value) in members.0 {
        match draft.slot(&name) {
            Some(Slot::Parameter(field)) if draft.first(&name) => {
                draft.parameter(field, Given::Json(value));
            }
            Some(Slot::Parameter(_)) => {}
            _ => draft.unknown(&name),
        }
    }
}

/// A picture in base64, bare or as a data URL.
pub(in crate::http) fn decode_picture(value: &Value) -> Result<Bytes, &'static str> {
    let text = value.as_str().ok_or("must be a string in base64")?;
    let encoded = match text.strip_prefix("data:") {
        Some(url) => url.split_once(";base64,").ok_or("must be a data URL in base64")?.1,
        None => text,
    };
    BASE64.decode(encoded).map(Bytes::from).map_err(|_| "must be base64")
}

/// The members of a JSON object, in order and with duplicates.
pub(in crate::http) struct Entries(Vec<(String, Value)>);

impl Entries {
    /// The members with their names.
    pub(in crate::http) fn into_pairs(self) -> Vec<(String, Value)> {
        self.0
    }
}

/// Reads a JSON object. Nesting is bounded by the parser.
pub(in crate::http) fn entries(json: &[u8]) -> Result<Entries, ApiError> {
    // The parser's own message would repeat what was sent, however long.
    serde_json::from_slice(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let detail = if error.is_data() {
            "the JSON must be an object".to_owned()
        } else {
            format!("the JSON is broken at line {line}, column {column}")
        };
        ApiError::new(ProblemCode::MalformedRequest, detail)
    })
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Entries;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Members)
    }
}
