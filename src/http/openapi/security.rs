//! Keys in the description: which operations take one, and what they answer without.

use std::collections::BTreeMap;

use axum::http::Method;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, OpenApi};

use super::problems::answers;
use crate::http::gate::KEY_HEADER;
use crate::http::problem::ProblemCode;
use crate::http::rights::{Need, need};

/// Names of the schemes: the same key in one header or the other.
const BEARER: &str = "bearer";
const HEADER: &str = "key";

/// Describes the keys, by the table of rights.
pub(super) fn describe(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Components::new);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("cogd_<id>_<secret>")
        .description(Some(
            "An API key. None is asked for where the service is set up without (`auth.mode`).",
        ));
    let header = ApiKeyValue::with_description(KEY_HEADER, "The same key, in another header.");
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer.build()));
    components.add_security_scheme(HEADER, SecurityScheme::ApiKey(ApiKey::Header(header)));
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (Method::GET, &mut item.get),
            (Method::POST, &mut item.post),
            (Method::DELETE, &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                protect(operation, need(&method, path));
            }
        }
    }
}

fn protect(operation: &mut Operation, need: Need) {
    let mut codes = vec![
        ProblemCode::Unauthenticated,
        ProblemCode::TooManyRequests,
        ProblemCode::StorageUnavailable,
    ];
    match need {
        Need::Nothing => return,
        Need::Key => {}
        Need::Metrics | Need::Scope(_) => codes.push(ProblemCode::InsufficientScope),
    }
    if let Need::Scope(scope) = need {
        let told = operation.description.take().unwrap_or_default();
        let told = if told.is_empty() { told } else { format!("{told}\n\n") };
        operation.description =
            Some(format!("{told}Where keys are asked for: one with the scope `{scope}`."));
    }
    let either = [BEARER, HEADER];
    operation.security =
        Some(either.map(|scheme| SecurityRequirement::new(scheme, [] as [&str; 0])).into());
    let described: BTreeMap<_, _> = answers(&codes);
    for (status, answer) in described {
        operation.responses.responses.entry(status).or_insert(answer);
    }
}
