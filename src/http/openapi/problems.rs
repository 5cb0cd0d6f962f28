//! The error answers of operations, from the table of problems.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};

use crate::http::error::ApiError;
use crate::http::middleware::problems::MEDIA_TYPE;
use crate::http::problem::ProblemCode;

type Answers = BTreeMap<String, RefOr<Response>>;

/// What every operation may answer.
pub(in crate::http) struct CommonProblems;

impl IntoResponses for CommonProblems {
    fn responses() -> Answers {
        answers(&[ProblemCode::InternalError])
    }
}

/// While the service takes no work.
pub(in crate::http) struct ReadinessProblems;

impl IntoResponses for ReadinessProblems {
    fn responses() -> Answers {
        answers(&[ProblemCode::ShuttingDown, ProblemCode::StorageUnavailable])
    }
}

/// Where the path has a variable part.
pub(in crate::http) struct MissingProblem;

impl IntoResponses for MissingProblem {
    fn responses() -> Answers {
        answers(&[ProblemCode::MalformedRequest, ProblemCode::NotFound])
    }
}

/// Where a dictionary is named in the path and its form is chosen.
pub(in crate::http) struct DictionaryProblems;

impl IntoResponses for DictionaryProblems {
    fn responses() -> Answers {
        answers(&[
            ProblemCode::MalformedRequest,
            ProblemCode::UnknownDictionary,
            ProblemCode::NotAcceptable,
            ProblemCode::InvalidParameters,
        ])
    }
}

/// Where a job is named in the path.
pub(in crate::http) struct JobProblems;

impl IntoResponses for JobProblems {
    fn responses() -> Answers {
        answers(&[ProblemCode::MalformedRequest, ProblemCode::UnknownJob])
    }
}

/// Where something is asked for that takes a query.
pub(in crate::http) struct QueryProblems;

impl IntoResponses for QueryProblems {
    fn responses() -> Answers {
        answers(&[ProblemCode::InvalidParameters])
    }
}

/// Where the storage is needed to answer.
pub(in crate::http) struct StorageProblems;

impl IntoResponses for StorageProblems {
    fn responses() -> Answers {
        answers(&[ProblemCode::StorageUnavailable, ProblemCode::StorageFull])
    }
}

/// Where the result of a job is asked for: it may have ended like any restoration.
pub(in crate::http) struct ResultProblems;

impl IntoResponses for ResultProblems {
    fn responses() -> Answers {
        let mut codes = work_problems();
        codes.extend([
            ProblemCode::JobUnfinished,
            ProblemCode::JobCancelled,
            ProblemCode::NameTaken,
            ProblemCode::UnknownJob,
            ProblemCode::MalformedRequest,
        ]);
        answers(&codes)
    }
}

/// Where a dictionary is deleted.
pub(in crate::http) struct OwnDictionaryProblems;

impl IntoResponses for OwnDictionaryProblems {
    fn responses() -> Answers {
        answers(&[ProblemCode::MalformedRequest, ProblemCode::UnknownDictionary])
    }
}

/// Where a dictionary is to be learned.
pub(in crate::http) struct LearningProblems;

impl IntoResponses for LearningProblems {
    fn responses() -> Answers {
        let mut codes = work_problems();
        codes.push(ProblemCode::NameTaken);
        answers(&codes)
    }
}

/// Where an image is sent to be worked on: everything but what other routes answer.
pub(in crate::http) struct RestorationProblems;

impl IntoResponses for RestorationProblems {
    fn responses() -> Answers {
        answers(&work_problems())
    }
}

/// Everything but what only other routes answer.
fn work_problems() -> Vec<ProblemCode> {
    let elsewhere = [
        ProblemCode::Unauthenticated,
        ProblemCode::InsufficientScope,
        ProblemCode::NotFound,
        ProblemCode::UnknownDictionary,
        ProblemCode::UnknownJob,
        ProblemCode::MethodNotAllowed,
        ProblemCode::JobUnfinished,
        ProblemCode::JobCancelled,
        ProblemCode::NameTaken,
        ProblemCode::InvalidTensors,
        ProblemCode::UnknownModel,
        ProblemCode::ModelUnavailable,
    ];
    ProblemCode::ALL.into_iter().filter(|code| !elsewhere.contains(code)).collect()
}

/// One answer for each status, with an example for each code.
pub(super) fn answers(codes: &[ProblemCode]) -> Answers {
    let mut by_status = BTreeMap::<_, Vec<_>>::new();
    for code in codes {
        by_status.entry(code.describe().status).or_default().push(*code);
    }
    by_status
        .into_iter()
        .map(|(status, codes)| (status.as_u16().to_string(), RefOr::T(answer(&codes))))
        .collect()
}

fn answer(codes: &[ProblemCode]) -> Response {
    let examples = codes.iter().map(|code| {
        let problem = ApiError::new(*code, "what happened this time").problem(None);
        let example = utoipa::openapi::example::ExampleBuilder::new()
            .summary(problem.title)
            .value(serde_json::to_value(&problem).ok());
        (code.describe().slug, example.build())
    });
    let titles = codes.iter().map(|code| code.describe().title).collect::<Vec<_>>();
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(examples)
        .build();
    let answer =
        ResponseBuilder::new().description(titles.join("; or ")).content(MEDIA_TYPE, content);
    let hurried = [
        ProblemCode::TooBusy,
        ProblemCode::TooManyJobs,
        ProblemCode::TooManyRequests,
        ProblemCode::JobUnfinished,
        ProblemCode::ShuttingDown,
        ProblemCode::StorageUnavailable,
    ];
    if codes.iter().any(|code| hurried.contains(code)) {
        let seconds = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Integer))
            .minimum(Some(1))
            .maximum(Some(60));
        let header = HeaderBuilder::new()
            .schema(Some(seconds))
            .description(Some("Seconds after which to try again"));
        return answer.header("Retry-After", header.build()).build();
    }
    answer.build()
}
