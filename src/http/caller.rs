//! Whose request it is, and which trace it belongs to.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::auth::Principal;
use crate::telemetry::trace::TraceContext;

/// Whose request it is.
#[derive(Debug)]
pub(super) struct Caller {
    principal: Principal,
    trace: Option<TraceContext>,
}

impl Caller {
    /// What the jobs and dictionaries of this caller are kept under.
    pub(super) fn owner(&self) -> &str {
        self.principal.owner()
    }

    /// What everything that the request leads to belongs to.
    pub(super) fn trace(&self) -> Option<TraceContext> {
        self.trace
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Where no keys are asked for, everybody is the same caller.
        let principal = parts.extensions.get::<Principal>().cloned();
        let trace = parts.extensions.get::<TraceContext>().copied();
        Ok(Self { principal: principal.unwrap_or_else(Principal::open), trace })
    }
}
