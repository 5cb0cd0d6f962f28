//! Edits of images as `OpenAI` has them, for its SDKs and for all that speaks to those.
//!
//! Where a mask is transparent, there is a hole. What is asked of a generator and means nothing to
//! a repair is passed over. Errors are `{"error": {…}}`, and tell clients whether to try again.

mod answer;
mod describe;
mod edits;
mod errors;
mod models;
mod parameters;
mod request;
mod results;
mod stream;
mod work;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;

pub(super) use errors::words;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "cogd: images as OpenAI edits them",
        description = "Repairs images for clients of OpenAI's image API.",
    ),
    tags(
        (name = "images", description = "Images in, repaired images out"),
        (name = "models", description = "What can repair them"),
    ),
    components(schemas(errors::ErrorBody)),
)]
struct Base;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(Base::openapi())
        .routes(routes!(edits::edit_images))
        .routes(routes!(results::show_result))
        .routes(routes!(models::list_models))
        .routes(routes!(models::show_model))
}
