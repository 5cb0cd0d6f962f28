//! How a request becomes a job: the headers that ask for it, and the answer.

use std::collections::BTreeMap;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses};

/// The headers with which a request asks to become a job.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "a description: the headers are read one by one")]
pub(in crate::http) struct JobHeaders {
    /// `respond-async` makes a job of the request and answers 202 at once; `wait=N` waits up to
    /// `N` seconds, 60 at most, for the end of the job.
    #[param(rename = "Prefer", example = "respond-async")]
    prefer: Option<String>,
    /// The same key with the same request gives the same job, however often it is sent.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255)]
    idempotency_key: Option<String>,
}

/// The answer to a request that became a job.
pub(in crate::http) struct AcceptedAnswer;

impl IntoResponses for AcceptedAnswer {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let job = ContentBuilder::new().schema(Some(Ref::from_schema_name("Job"))).build();
        let text = |description: &str| {
            let schema = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
            HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
        };
        let answer = ResponseBuilder::new()
            .description("The request became a job")
            .content("application/json", job)
            .header("Location", text("Where to ask for the job"))
            .header("Preference-Applied", text("Which preferences were granted"))
            .header("X-Job-Id", text("Name of the job"));
        BTreeMap::from([("202".to_owned(), RefOr::T(answer.build()))])
    }
}
