//! What a caller needs for each route: the one table.

use axum::http::Method;

use crate::auth::Scope;

/// What a caller needs for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing: the route tells nothing that is not public.
    Nothing,
    /// Nothing or the scope `admin`, as the settings say.
    Metrics,
    /// Any key. What it is shown is the business of its handler.
    Key,
    /// A key with this scope.
    Scope(Scope),
}

/// Any method.
const ANY: &str = "*";

/// Method, route or beginning of routes, need. The first row that fits counts.
const RIGHTS: &[(&str, &str, Need)] = &[
    ("GET", "/livez", Need::Nothing),
    ("GET", "/healthz", Need::Nothing),
    ("GET", "/readyz", Need::Nothing),
    ("GET", "/version", Need::Nothing),
    ("GET", "/problems", Need::Nothing),
    ("GET", "/docs", Need::Nothing),
    ("GET", "/", Need::Nothing),
    ("GET", "/playground", Need::Nothing),
    ("GET", "/openapi.json", Need::Nothing),
    ("GET", "/openapi/v2.json", Need::Nothing),
    ("GET", "/openapi/openai.json", Need::Nothing),
    ("GET", "/openapi/iopaint.json", Need::Nothing),
    ("GET", "/metrics", Need::Metrics),
    ("POST", "/v1/inpaint", Need::Scope(Scope::Restore)),
    ("POST", "/v1/reconstruct", Need::Scope(Scope::Restore)),
    ("POST", "/v1/features", Need::Scope(Scope::Infer)),
    ("POST", "/v1/batches", Need::Scope(Scope::Restore)),
    ("GET", "/v1/batches", Need::Key),
    ("DELETE", "/v1/batches", Need::Key),
    ("GET", "/v1/engines", Need::Key),
    ("GET", "/v1/system", Need::Key),
    ("GET", "/v1/dictionaries", Need::Key),
    ("POST", "/v1/dictionaries", Need::Scope(Scope::Learn)),
    ("DELETE", "/v1/dictionaries", Need::Scope(Scope::Learn)),
    // What is in the address is a right already.
    ("GET", "/v1/images/results", Need::Nothing),
    ("POST", "/v1/images", Need::Scope(Scope::Restore)),
    ("GET", "/v1/models", Need::Key),
    ("POST", "/api/v1/inpaint", Need::Scope(Scope::Restore)),
    ("POST", "/api/v1/adjust_mask", Need::Scope(Scope::Restore)),
    (ANY, "/api/v1", Need::Key),
    // Callers see and end their own jobs.
    (ANY, "/v1/jobs", Need::Key),
    // Probes have no key. What models there are is shown to everybody who has one.
    ("GET", "/v2/health", Need::Nothing),
    ("GET", "/v2", Need::Key),
    ("POST", "/v2/models", Need::Scope(Scope::Infer)),
    ("POST", "/v2/repository/index", Need::Key),
    ("POST", "/v2/repository/models", Need::Scope(Scope::Admin)),
];

/// What a caller needs for a method of a route.
pub(super) fn need(method: &Method, route: &str) -> Need {
    // The framework answers HEAD with the handler of GET.
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    let rows = || RIGHTS.iter().filter(|(_, beginning, _)| begins_with(route, beginning));
    match rows().find(|(listed, ..)| *listed == ANY || *listed == method) {
        Some((_, _, need)) => *need,
        // The answer will be that there is no such method.
        None if rows().next().is_some() => Need::Key,
        // Somebody forgot to decide. Better too little than too much.
        None => Need::Scope(Scope::Admin),
    }
}

/// Whether a route is `beginning` or lies below it.
fn begins_with(route: &str, beginning: &str) -> bool {
    route.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a row of the table is about this method of this route.
#[cfg(test)]
fn is_decided(method: &str, route: &str) -> bool {
    RIGHTS.iter().any(|(listed, beginning, _)| {
        (*listed == ANY || *listed == method) && begins_with(route, beginning)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::openapi;

    #[test]
    fn somebody_has_decided_who_may_call_each_documented_route() {
        for document in [
            openapi::document(),
            openapi::document_v2(),
            openapi::document_openai(),
            openapi::document_iopaint(),
        ] {
            let document: serde_json::Value = serde_json::from_str(&document).unwrap();
            for (path, methods) in document["paths"].as_object().unwrap() {
                for method in methods.as_object().unwrap().keys() {
                    let method = method.to_uppercase();
                    assert!(is_decided(&method, path), "{method} {path} has no row in RIGHTS");
                }
            }
        }
    }

    #[test]
    fn a_row_counts_for_its_route_and_those_below_it() {
        let get = |route| need(&Method::GET, route);
        assert_eq!(get("/v1/jobs/{id}/events"), Need::Key);
        assert_eq!(need(&Method::DELETE, "/v1/jobs/{id}"), Need::Key);
        assert_eq!(need(&Method::HEAD, "/readyz"), Need::Nothing);
        assert_eq!(need(&Method::POST, "/v1/inpaint"), Need::Scope(Scope::Restore));
        assert_eq!(get("/docs/{*rest}"), Need::Nothing);
    }

    #[test]
    fn what_nobody_decided_needs_the_most() {
        for route in ["/v1/jobsworth", "/docsx", "/v3/anything"] {
            assert_eq!(need(&Method::GET, route), Need::Scope(Scope::Admin), "{route}");
        }
        assert_eq!(need(&Method::GET, "/v1/inpaint"), Need::Key);
    }
}
