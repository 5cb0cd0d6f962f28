//! The model that a path names.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use super::errors::shown;
use super::response::Letterhead;
use super::solver;
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

/// What answers.
#[derive(Debug)]
pub(super) enum Model {
    /// The solver that is built in.
    Solver,
    /// A network.
    Network(Lease),
}

impl Model {
    /// Who answers a request.
    pub(super) fn letterhead(&self, id: Option<String>) -> Letterhead {
        match self {
            Self::Solver => Letterhead {
                name: solver::NAME.to_owned(),
                version: solver::VERSION.to_owned(),
                id,
            },
            Self::Network(lease) => Letterhead {
                name: lease.name().to_string(),
                version: lease.version().to_string(),
                id,
            },
        }
    }
}

impl Target {
    /// Whether it is the solver that is built in, whatever the folder of models has.
    pub(super) fn is_solver(&self) -> bool {
        self.name.as_str() == solver::NAME
    }

    /// What answers, with the right to run it. Loads it if need be.
    pub(super) async fn model(&self, state: &ApiState) -> Result<Model, ApiError> {
        if self.is_solver() {
            self.exists(state)?;
            return Ok(Model::Solver);
        }
        let lease = state.registry.lease_or_load(&self.name, self.version).await?;
        Ok(Model::Network(lease))
    }

    /// Whether there is such a model at all.
    pub(super) fn exists(&self, state: &ApiState) -> Result<(), ApiError> {
        if self.is_solver() {
            return match self.version {
                Some(version) if version.to_string() != solver::VERSION => {
                    Err(no_version(solver::NAME, &version.to_string()))
                }
                _ => Ok(()),
            };
        }
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
            Some(text) => Some(text.parse().map_err(|_| no_version(name, text))?),
            None => None,
        };
        Ok(Self { name: name.parse().map_err(|_| unknown(name))?, version })
    }
}

fn no_version(name: &str, version: &str) -> ApiError {
    let detail = format!("the model `{}` has no version `{}`", shown(name), shown(version));
    ApiError::new(ProblemCode::UnknownModel, detail)
}

fn unknown(name: &str) -> ApiError {
    ApiError::new(ProblemCode::UnknownModel, format!("there is no model `{}`", shown(name)))
}
