//! What an edit is asked for with, for the description of the API.

use utoipa::ToSchema;

/// An edit as a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description: parts are read one by one")]
pub(super) struct EditForm {
    /// The image. Several are `image[]`, one part each.
    #[schema(format = Binary, value_type = String)]
    image: Vec<u8>,
    /// Transparent where the images are to be repaired; else white where they are.
    #[schema(format = Binary, value_type = Option<String>, nullable = false)]
    mask: Option<Vec<u8>>,
    #[schema(inline)]
    #[serde(flatten)]
    parameters: EditParameters,
}

/// An edit as JSON.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description: members are read one by one")]
pub(super) struct EditBody {
    /// The images.
    #[schema(min_items = 1, max_items = 10)]
    images: Vec<ImageReference>,
    /// Transparent where the images are to be repaired; else white where they are.
    #[schema(nullable = false)]
    mask: Option<ImageReference>,
    #[schema(inline)]
    #[serde(flatten)]
    parameters: EditParameters,
}

/// A picture in JSON.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description")]
pub(super) struct ImageReference {
    /// A data URL in base64. Nothing is fetched from elsewhere.
    #[schema(example = "data:image/png;base64,iVBORw0KGgo=")]
    image_url: String,
}

/// What an edit is asked for with, apart from its pictures. Others are passed over.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a description")]
pub(super) struct EditParameters {
    /// An engine. The names of `OpenAI`'s own models stand for `auto`.
    #[schema(example = "auto", nullable = false)]
    model: Option<String>,
    /// Passed over: a repair needs no words.
    #[schema(nullable = false)]
    prompt: Option<String>,
    /// How often each picture comes back; it is the same every time.
    #[schema(minimum = 1, maximum = 10, nullable = false)]
    n: Option<u8>,
    /// `auto`, or the size of the image.
    #[schema(example = "auto", nullable = false)]
    size: Option<String>,
    /// `b64_json`, or `url` for an address that is good for as long as results of jobs are kept.
    #[schema(pattern = "^(b64_json|url)$", nullable = false)]
    response_format: Option<String>,
    /// `png`, `jpeg` or `webp`.
    #[schema(pattern = "^(png|jpeg|webp)$", nullable = false)]
    output_format: Option<String>,
    /// JPEG quality.
    #[schema(minimum = 0, maximum = 100, nullable = false)]
    output_compression: Option<u8>,
    /// Whether to answer with events.
    #[schema(nullable = false)]
    stream: Option<bool>,
    /// Drafts before the result, where events are asked for.
    #[schema(minimum = 0, maximum = 3, nullable = false)]
    partial_images: Option<u8>,
    /// Iterations of the solver, as in `/v1/inpaint`; so are `engine`, `dictionary`,
    /// `mask_channel`, `mask_invert`, `mask_dilate`, `mask_feather` and `metadata`.
    #[schema(minimum = 1, maximum = 1000, nullable = false)]
    iterations: Option<u32>,
}
