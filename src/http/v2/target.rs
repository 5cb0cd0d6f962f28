//! The model that a path names.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use super::errors::shown;
use crate::http::ApiState;
use crate::http::error::ApiError;
use crate::http::path::not_utf8;
use crate::http::problem::ProblemCode;
use crate::registry::{Lease, ModelName, Version};

/// A model and, if the path names one, a version.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) name: ModelName,
    pub(super) version: Option<Version>,
}

impl Target {
    /// The right to run it. Loads it if need be.
    pub(super) async fn lease(&self, state: &ApiState) -> Result<Lease, ApiError> {
        Ok(state.registry.lease_or_load(&self.name, self.version).await?)
    }

    /// Whether there is such a model at all.
    pub(super) fn exists(&self, state: &ApiState) -> Result<(), ApiError> {
        let versions = state.registry.versions(&self.name);
        let found = match self.version {
            Some(version) => versions.contains(&version),
            None => !versions.is_empty(),
        };
        if found { Ok(()) } else { Err(unknown(self.name.as_str())) }
    }
}

impl FromRequestParts<ApiState> for Target {
    type Rejection = ApiError;

    /// What cannot be a name names nothing, and is answered like a name that is not there.
    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let given = RawPathParams::from_request_parts(parts, state).await;
        let given = given.map_err(|_| not_utf8())?;
        let part = |wanted| given.iter().find(|(name, _)| *name == wanted).map(|part| part.1);
        let name = part("model").unwrap_or_default();
        let version = match part("version") {
            Some(text) => Some(text.parse().map_err(|_| {
                let name = shown(name);
                let text = shown(text);
                let detail = format!("the model `{name}` has no version `{text}`");
                ApiError::new(ProblemCode::UnknownModel, detail)
            })?),
            None => None,
        };
        Ok(Self { name: name.parse().map_err(|_| unknown(name))?, version })
    }
}

fn unknown(name: &str) -> ApiError {
    ApiError::new(ProblemCode::UnknownModel, format!("there is no model `{}`", shown(name)))
}
