//! Where clients find the service, if that is not the top of a host.

use std::fmt;
use std::str::FromStr;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::LOCATION;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Uri};
use axum::response::Response;
use serde_json::Value;
use tower::ServiceExt as _;

/// The path that a proxy serves us below, such as `/tools/repair`; empty at the top of a host.
///
/// Proxies may cut it off or hand it on: requests are understood both ways. Whatever we say of
/// our own addresses begins with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RootPath(String);

/// Says that a request came for the root path without a slash at its end, from where no relative
/// address leads to the right place.
#[derive(Clone, Copy, Debug)]
pub(super) struct WithoutSlash;

/// Characters of the longest root path.
const LONGEST: usize = 256;

/// The text is not a path that can be put before others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a path such as `/tools/repair`, of letters, digits and `-._~`")]
pub struct InvalidRootPath;

impl RootPath {
    /// The address of one of our paths, as clients see it.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Whether we are at the top of a host.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A problem that was kept, with its type as clients see it.
    pub(super) fn link_problem(&self, kept: &Value) -> Value {
        let mut problem = kept.clone();
        if let Some(Value::String(r#type)) = problem.get_mut("type") {
            *r#type = self.link(r#type);
        }
        problem
    }

    /// Has routes that know nothing of this path answer below it as well.
    pub(super) fn place(&self, routes: Router) -> Router {
        if self.is_empty() {
            return routes;
        }
        let (inwards, outwards) = (self.clone(), self.clone());
        // Around the routes and not among their layers, which see a request after it was routed.
        Router::new().fallback_service(
            routes
                .map_request(move |request: Request<Body>| inwards.enter(request))
                .map_response(move |response: Response| outwards.leave(response)),
        )
    }

    fn enter(&self, mut request: Request) -> Request {
        if let Some(inner) = self.cut(request.uri()) {
            if request.uri().path() == self.0 {
                request.extensions_mut().insert(WithoutSlash);
            }
            *request.uri_mut() = inner;
        }
        request
    }

    /// The address without this path; `None` if it does not begin with it.
    fn cut(&self, uri: &Uri) -> Option<Uri> {
        let rest = uri.path().strip_prefix(&self.0)?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        let path = if rest.is_empty() { "/" } else { rest };
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(format!("{path}{query}")).ok()?);
        Uri::from_parts(parts).ok()
    }

    /// Redirections are made by those who do not know where they are.
    fn leave(&self, mut response: Response) -> Response {
        if response.status().is_redirection()
            && let Some(target) = response.headers().get(LOCATION)
            && let Some(path) = target.to_str().ok().filter(|target| target.starts_with('/'))
            && let Ok(target) = HeaderValue::try_from(self.link(path))
        {
            response.headers_mut().insert(LOCATION, target);
        }
        response
    }
}

impl FromStr for RootPath {
    type Err = InvalidRootPath;

    fn from_str(text: &str) -> Result<Self, InvalidRootPath> {
        let path = text.strip_suffix('/').unwrap_or(text);
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let is_segment =
            |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain);
        let mut segments = path.split('/');
        let is_path = segments.next() == Some("") && segments.all(is_segment);
        let is_root = path.len() <= LONGEST && (path.is_empty() || is_path);
        is_root.then(|| Self(path.to_owned())).ok_or(InvalidRootPath)
    }
}

impl fmt::Display for RootPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_path_is_plain_and_ends_without_a_slash() {
        for (given, kept) in
            [("", ""), ("/", ""), ("/repair", "/repair"), ("/a/b-c/", "/a/b-c"), ("/~me", "/~me")]
        {
            assert_eq!(given.parse::<RootPath>().unwrap().to_string(), kept);
        }
        let long = format!("/{}", "a".repeat(LONGEST));
        for bad in ["repair", "//", "/a//b", "/a/../b", "/.", "/a b", "/a?b", "/%61", "/ä", &long]
        {
            assert_eq!(bad.parse::<RootPath>(), Err(InvalidRootPath), "{bad}");
        }
    }

    #[test]
    fn only_a_whole_beginning_is_cut_off() {
        let root: RootPath = "/a/b".parse().unwrap();
        for (sent, inner) in [
            ("/a/b", Some("/")),
            ("/a/b/", Some("/")),
            ("/a/b?x=1", Some("/?x=1")),
            ("/a/b/v1/jobs?x=%2F", Some("/v1/jobs?x=%2F")),
            ("/a/b/a/b/c", Some("/a/b/c")),
            ("http://host/a/b/c", Some("http://host/c")),
            ("/a/bc", None),
            ("/v1/jobs", None),
            ("/a", None),
        ] {
            let cut = root.cut(&sent.parse().unwrap()).map(|uri| uri.to_string());
            assert_eq!(cut.as_deref(), inner, "{sent}");
        }
    }
}
