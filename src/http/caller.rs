//! Whose request it is.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::auth::Principal;

/// Whose request it is.
#[derive(Debug)]
pub(super) struct Caller(Principal);

impl Caller {
    /// What the jobs and dictionaries of this caller are kept under.
    pub(super) fn owner(&self) -> &str {
        self.0.owner()
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Where no keys are asked for, everybody is the same caller.
        Ok(Self(parts.extensions.get::<Principal>().cloned().unwrap_or_else(Principal::open)))
    }
}
