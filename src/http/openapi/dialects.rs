//! The error answers of the interfaces of others, which have bodies of their own.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};

use crate::http::dialect::JSON;

/// One answer for each status, with the words for it and a body of type `E`.
pub(in crate::http) fn error_answers<E: ToSchema>(
    list: &[(StatusCode, &str)],
) -> BTreeMap<String, RefOr<Response>> {
    let answer = |(status, description): &(StatusCode, &str)| {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(E::name()))).build();
        let answer = ResponseBuilder::new().description(*description).content(JSON, content);
        (status.as_u16().to_string(), RefOr::T(answer.build()))
    };
    list.iter().map(answer).collect()
}
