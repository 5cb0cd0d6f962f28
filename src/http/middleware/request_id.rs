//! One name for a request, in the log, in the answer and in problems.

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

/// Header of the request id, in and out.
pub(in crate::http) const HEADER: &str = "x-request-id";

/// The name of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct RequestId(String);

impl RequestId {
    /// The id as text.
    pub(in crate::http) fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes the client's id if it is harmless in logs and headers; else makes one.
    fn of(request: &Request) -> Self {
        let sane = |id: &&str| {
            (1..=128).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
        };
        let given = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
        Self(given.filter(sane).map_or_else(|| Uuid::new_v4().to_string(), str::to_owned))
    }
}

/// Names the request, and the answer after it.
pub(in crate::http) async fn name_request(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(&request);
    let header = HeaderValue::from_str(&id.0).expect("an id is plain ASCII");
    request.extensions_mut().insert(id);
    let mut response = next.run(request).await;
    response.headers_mut().insert(HEADER, header);
    response
}
