//! Which interface a path belongs to, and how that one writes errors.

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::error::ApiError;
use super::middleware::problems::MEDIA_TYPE;
use super::{RootPath, iopaint, openai, v2};

/// Media type of errors in the interfaces of others.
pub(super) const JSON: &str = "application/json";

/// The interfaces that the service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Our own: problem documents.
    Native,
    /// The Open Inference Protocol.
    Inference,
    /// The images of `OpenAI`.
    OpenAi,
    /// The page and the plugins of `IOPaint`.
    IoPaint,
}

/// An error as a dialect writes it.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) status: StatusCode,
    pub(super) media_type: &'static str,
    pub(super) headers: HeaderMap,
    pub(super) body: Response,
}

impl Dialect {
    /// The dialect of a path.
    pub(super) fn of(path: &str) -> Self {
        let below = |prefix| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if below("/v2") {
            Self::Inference
        } else if below("/v1/images") || below("/v1/models") {
            Self::OpenAi
        } else if below("/api/v1") {
            Self::IoPaint
        } else {
            Self::Native
        }
    }

    /// Puts an error into words; `id` is that of its request, and `root` where we are.
    pub(super) fn words(self, error: &ApiError, id: Option<String>, root: &RootPath) -> Words {
        let status = error.code().describe().status;
        let plain = |media_type, body: Response| Words {
            status,
            media_type,
            headers: HeaderMap::new(),
            body,
        };
        match self {
            Self::Native => {
                let mut problem = error.problem(id);
                problem.r#type = root.link(&problem.r#type);
                plain(MEDIA_TYPE, Json(problem).into_response())
            }
            Self::Inference => plain(JSON, v2::body(error).into_response()),
            Self::OpenAi => openai::words(error),
            Self::IoPaint => iopaint::words(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_the_interface_whose_beginning_it_has() {
        for (path, dialect) in [
            ("/v1/inpaint", Dialect::Native),
            ("/v1/imagesque", Dialect::Native),
            ("/v1/images/edits", Dialect::OpenAi),
            ("/v1/models", Dialect::OpenAi),
            ("/v2", Dialect::Inference),
            ("/v2/models/csc", Dialect::Inference),
            ("/v20", Dialect::Native),
            ("/api/v1/inpaint", Dialect::IoPaint),
            ("/", Dialect::Native),
        ] {
            assert_eq!(Dialect::of(path), dialect, "{path}");
        }
    }
}
