//! Asks for a key where one is needed, and says who is calling.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::auth::Quota;
use crate::http::error::ApiError;
use crate::http::gate::{Admitted, ClientAddress, Denied, Gate};
use crate::http::problem::ProblemCode;
use crate::http::rights::need;

/// The headers that tell a caller its quota.
pub(in crate::http) const LIMIT_HEADERS: [&str; 3] =
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];

/// The public part of the key that a request came with, for the log.
#[derive(Clone, Debug)]
pub(in crate::http) struct KeyId(pub(in crate::http) String);

/// Lets a request pass that may, with its [`Principal`](crate::auth::Principal) among its
/// extensions. A path that no route has tells nothing, so nobody is asked.
pub(in crate::http) async fn authenticate(
    State(gate): State<Arc<Gate>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(route) = request.extensions().get::<MatchedPath>() else {
        return next.run(request).await;
    };
    let need = need(request.method(), route.as_str());
    let client = request.extensions().get::<ClientAddress>().copied();
    match gate.admit(need, request.headers(), client).await {
        Ok(Admitted { principal, quota }) => {
            let named = principal.as_ref().filter(|principal| !principal.is_open());
            let key = named.map(|principal| KeyId(principal.id.clone()));
            if let Some(principal) = principal {
                request.extensions_mut().insert(principal);
            }
            let mut response = next.run(request).await;
            if let Some(key) = key {
                response.extensions_mut().insert(key);
            }
            if let Some(quota) = quota {
                tell(quota, response.headers_mut());
            }
            response
        }
        Err(denied) => refuse(denied),
    }
}

fn refuse(denied: Denied) -> Response {
    let new = |code, detail: &str| ApiError::new(code, detail);
    let (error, challenge, quota) = match denied {
        Denied::NoKey => (
            new(ProblemCode::Unauthenticated, "no key was given"),
            Some("Bearer realm=\"cogd\"".to_owned()),
            None,
        ),
        Denied::WrongKey => (
            new(ProblemCode::Unauthenticated, "the key is not one of this service"),
            Some("Bearer realm=\"cogd\", error=\"invalid_token\"".to_owned()),
            None,
        ),
        Denied::Lacks(scope) => (
            new(ProblemCode::InsufficientScope, &format!("the key lacks the scope `{scope}`")),
            Some(format!("Bearer realm=\"cogd\", error=\"insufficient_scope\", scope=\"{scope}\"")),
            None,
        ),
        Denied::TooManyFailures(quota) => {
            let detail = "too many wrong keys came from this address";
            (limited(detail, quota), None, Some(quota))
        }
        Denied::TooManyRequests(quota) => {
            let detail = "too many requests were made with this key";
            (limited(detail, quota), None, Some(quota))
        }
        Denied::Unavailable(error) => (error.into(), None, None),
    };
    let mut response = error.into_response();
    if let Some(challenge) = challenge {
        let challenge = HeaderValue::from_str(&challenge).expect("scopes have plain names");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    if let Some(quota) = quota {
        tell(quota, response.headers_mut());
    }
    response
}

fn limited(detail: &str, quota: Quota) -> ApiError {
    // Of no use to a client, which would come back at once.
    let wait = quota.retry_after.max(Duration::from_secs(1));
    ApiError::new(ProblemCode::TooManyRequests, detail)
        .with_limit(f64::from(quota.limit), None)
        .with_retry_after(wait)
}

fn tell(quota: Quota, headers: &mut HeaderMap) {
    let seconds = quota.reset.as_secs() + u64::from(quota.reset.subsec_nanos() > 0);
    let values = [u64::from(quota.limit), u64::from(quota.remaining), seconds];
    for (name, value) in LIMIT_HEADERS.into_iter().zip(values) {
        headers.insert(name, HeaderValue::from(value));
    }
}
