//! What becomes of errors, and what the public is told of them.

use std::time::Duration;

use super::ApiError;
use crate::engines::{EngineError, NetworkError, NetworkName};
use crate::imaging::ImagingError;
use crate::inference::{InferenceError, InputFault};
use crate::worker::JobFailure;

#[test]
fn a_fault_of_ours_says_nothing_of_its_cause() {
    let secret = std::io::Error::other("/etc/secret is not readable");
    for error in [ApiError::internal(secret), JobFailure::Panicked.into()] {
        let problem = error.problem(None);
        assert_eq!(problem.status, 500);
        assert_eq!(problem.detail, "an unexpected error occurred");
        assert!(error.cause().is_some(), "the log is told");
    }
}

#[test]
fn no_image_whatever_is_wrong_with_it_is_a_fault_of_ours() {
    use ImagingError as E;
    for error in [
        E::UnsupportedFormat,
        E::MaskWithoutAlpha,
        E::TooManyBytes { limit: 1, actual: 2 },
        E::TooManyPixels { limit: 1, actual: 2 },
        E::TooManyFrames { limit: 1, actual: 2 },
        E::TooMuchMemory { limit: 1, actual: 2 },
        E::MetadataTooLarge { limit: 1 },
        E::MaskSize { expected: (1, 1), actual: (2, 2) },
    ] {
        let status = ApiError::from(error).code().describe().status;
        assert!(status.is_client_error());
    }
}

#[test]
fn what_a_network_does_not_do_has_the_status_of_its_reason() {
    let status = |error: NetworkError| {
        ApiError::from(EngineError::Network(error)).code().describe().status.as_u16()
    };
    let network = || "net:1".to_owned();
    let run = |source| status(NetworkError::Run { network: network(), source });
    let name: NetworkName = "net".parse().unwrap();
    let unavailable = NetworkError::Unavailable { name: name.clone(), source: "gone".into() };
    assert_eq!(status(unavailable), 503);
    assert_eq!(status(NetworkError::Unknown { name, known: Vec::new() }), 422);
    let reason = String::new;
    assert_eq!(status(NetworkError::Output { network: network(), reason: reason() }), 503);
    assert_eq!(status(NetworkError::Unsuitable { network: network(), reason: reason() }), 422);
    let large = NetworkError::TooManyPixels { network: network(), limit: 1, actual: 2 };
    assert_eq!(status(large), 422);
    assert_eq!(run(InferenceError::Overloaded { limit: 1, queued: 1 }), 429);
    assert_eq!(run(InferenceError::Rejected { reason: reason() }), 422);
    assert_eq!(run(InferenceError::Expired { allowed: Duration::from_secs(1) }), 504);
    assert_eq!(run(InferenceError::Closed), 503);
    assert_eq!(run(InferenceError::BadInput(InputFault::Empty { name: network() })), 500);
}
