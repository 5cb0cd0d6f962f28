//! The table of problems: the name, status and words of each.

use axum::http::StatusCode;

use super::{ProblemCode, ProblemDescription};

impl ProblemCode {
    /// The row of this code.
    pub const fn describe(self) -> ProblemDescription {
        use StatusCode as S;
        let (slug, status, title, explanation) = match self {
            Self::MalformedRequest => (
                "malformed-request",
                S::BAD_REQUEST,
                "The request cannot be read",
                "The body is not what its content type says: a broken multipart body, a syntax \
                 error in JSON, or a path that is not UTF-8.",
            ),
            Self::InvalidTensors => (
                "invalid-tensors",
                S::BAD_REQUEST,
                "The tensors are not what the model takes",
                "`/v2/models/NAME` lists the inputs of the model with their types and shapes. \
                 Routes below /v2 answer `{\"error\": \"…\"}` instead of a problem.",
            ),
            Self::Unauthenticated => (
                "unauthenticated",
                S::UNAUTHORIZED,
                "An API key is needed",
                "Send a key as `Authorization: Bearer KEY` or as `X-API-Key: KEY`. `cogd keys \
                 create` makes one; one that was revoked is none.",
            ),
            Self::InsufficientScope => (
                "insufficient-scope",
                S::FORBIDDEN,
                "The API key may not be used for this",
                "The key lacks the scope that `detail` names. Scopes are given when a key is made.",
            ),
            Self::NotFound => (
                "not-found",
                S::NOT_FOUND,
                "There is nothing at this address",
                "The path names no resource. /docs lists those there are.",
            ),
            Self::UnknownDictionary => (
                "unknown-dictionary",
                S::NOT_FOUND,
                "There is no dictionary of this name",
                "/v1/dictionaries lists those there are.",
            ),
            Self::UnknownJob => (
                "unknown-job",
                S::NOT_FOUND,
                "There is no such job",
                "No job or batch of yours has this id: it never had, it was forgotten, or its \
                 time is over.",
            ),
            Self::UnknownModel => (
                "unknown-model",
                S::NOT_FOUND,
                "There is no such model, or no such version of it",
                "`POST /v2/repository/index` lists those there are.",
            ),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                S::METHOD_NOT_ALLOWED,
                "The resource does not have this method",
                "The Allow header lists the methods the resource has.",
            ),
            Self::NotAcceptable => (
                "not-acceptable",
                S::NOT_ACCEPTABLE,
                "None of the accepted media types can be produced",
                "Accept must admit one of the types that the route answers with: of the images, \
                 or application/json.",
            ),
            Self::RequestTimeout => (
                "request-timeout",
                S::REQUEST_TIMEOUT,
                "The body did not arrive in time",
                "The whole body has to arrive within the time given as `limit`, in seconds.",
            ),
            Self::JobUnfinished => (
                "job-unfinished",
                S::CONFLICT,
                "The job has not ended",
                "It has no result yet. Ask again after Retry-After, or follow its events.",
            ),
            Self::NameTaken => (
                "name-taken",
                S::CONFLICT,
                "The name is taken",
                "There is a dictionary of this name. Choose another name, or delete that one.",
            ),
            Self::JobCancelled => (
                "job-cancelled",
                S::GONE,
                "The job was cancelled",
                "It was ended before it had a result.",
            ),
            Self::BodyTooLarge => (
                "body-too-large",
                S::PAYLOAD_TOO_LARGE,
                "The body is too large",
                "The body has more bytes than `limit`, after decompression.",
            ),
            Self::FileTooLarge => (
                "file-too-large",
                S::PAYLOAD_TOO_LARGE,
                "The file is too large",
                "The image or the mask has more bytes than `limit`.",
            ),
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                S::UNSUPPORTED_MEDIA_TYPE,
                "The body is of a type that is not read here",
                "Send multipart/form-data or application/json, plain or with Content-Encoding: gzip.",
            ),
            Self::UnsupportedImage => (
                "unsupported-image",
                S::UNSUPPORTED_MEDIA_TYPE,
                "The image is of a kind that is not read here",
                "PNG, JPEG, WebP, TIFF and BMP are read; grey or RGB, with or without alpha, of 8 \
                 or 16 bits. The content decides, not the name or the declared type.",
            ),
            Self::InvalidParameters => (
                "invalid-parameters",
                S::UNPROCESSABLE_ENTITY,
                "A parameter is missing, unknown or out of range",
                "`errors` has an entry for each of them. /v1/engines lists parameters and ranges.",
            ),
            Self::UnreadableImage => (
                "unreadable-image",
                S::UNPROCESSABLE_ENTITY,
                "The image is damaged or cut short",
                "The format was recognised, but the file does not hold a whole image.",
            ),
            Self::TooManyPixels => (
                "too-many-pixels",
                S::UNPROCESSABLE_ENTITY,
                "The image has too many pixels",
                "The header announces more pixels than `limit`.",
            ),
            Self::TooManyFrames => (
                "too-many-frames",
                S::UNPROCESSABLE_ENTITY,
                "The file holds too many pictures",
                "The file is an animation or has several pages.",
            ),
            Self::TooMuchMemory => (
                "too-much-memory",
                S::UNPROCESSABLE_ENTITY,
                "Decoding the image would take too much memory",
                "The header, or side data such as a profile, asks for more bytes than `limit`.",
            ),
            Self::MaskMismatch => (
                "mask-mismatch",
                S::UNPROCESSABLE_ENTITY,
                "The mask does not fit the image",
                "The mask must have the width and height of the image as it is seen, with its \
                 EXIF orientation applied, and the channel it is asked to be read from.",
            ),
            Self::NothingKnown => (
                "nothing-known",
                S::UNPROCESSABLE_ENTITY,
                "The mask hides the whole image",
                "There is no known pixel to repair the image from. Bright is hidden; \
                 `mask_invert` turns that round.",
            ),
            Self::OutputImpossible => (
                "output-impossible",
                S::UNPROCESSABLE_ENTITY,
                "The image cannot be written in this format",
                "The format cannot store an image of this size. Ask for another `output_format`.",
            ),
            Self::KeyReused => (
                "idempotency-key-reused",
                S::UNPROCESSABLE_ENTITY,
                "The idempotency key belongs to another request",
                "A request with this Idempotency-Key and other contents was accepted before. Use a \
                 new key for a new request.",
            ),
            Self::TooBusy => (
                "too-busy",
                S::TOO_MANY_REQUESTS,
                "The service has enough to do",
                "As much is waiting as may. Retry-After says in how many seconds to try again.",
            ),
            Self::TooManyJobs => (
                "too-many-jobs",
                S::TOO_MANY_REQUESTS,
                "Too many jobs are unfinished",
                "As many jobs wait or run as may, of you or of all. Retry-After says in how many \
                 seconds to try again.",
            ),
            Self::TooManyRequests => (
                "too-many-requests",
                S::TOO_MANY_REQUESTS,
                "Too many requests were made with this key, or from this address",
                "Each key has a rate, and each address one for keys that are none. Retry-After says \
                 in how many seconds to try again; `limit` requests may be made at once.",
            ),
            Self::InternalError => (
                "internal-error",
                S::INTERNAL_SERVER_ERROR,
                "The service failed",
                "This is a fault of the service, and its log knows more under the request id.",
            ),
            Self::WorkersLost => (
                "workers-lost",
                S::INTERNAL_SERVER_ERROR,
                "The workers of the job were lost",
                "Every attempt ended without a word from its worker: it was killed, or the job \
                 kills workers. It is not tried again.",
            ),
            Self::ShuttingDown => (
                "shutting-down",
                S::SERVICE_UNAVAILABLE,
                "The service is shutting down",
                "It finishes what it has and takes nothing new. Another instance may be there.",
            ),
            Self::StorageUnavailable => (
                "storage-unavailable",
                S::SERVICE_UNAVAILABLE,
                "The storage does not answer",
                "The database or the store of files cannot be reached now. Nothing was accepted \
                 and nothing accepted was lost. Retry-After says when to try again.",
            ),
            Self::ModelUnavailable => (
                "model-unavailable",
                S::SERVICE_UNAVAILABLE,
                "The model cannot be run now",
                "It was unloaded, its files cannot be used, or it is out of order. \
                 `POST /v2/repository/index` says why.",
            ),
            Self::DeadlineExceeded => (
                "deadline-exceeded",
                S::GATEWAY_TIMEOUT,
                "The work was not finished in time",
                "From acceptance to answer it took longer than `limit`, in seconds. Try a smaller \
                 image or fewer iterations.",
            ),
            Self::StorageFull => (
                "storage-full",
                S::INSUFFICIENT_STORAGE,
                "The storage is full",
                "There is no space for the files of another job. Nothing was accepted.",
            ),
        };
        ProblemDescription { slug, status, title, explanation }
    }
}
