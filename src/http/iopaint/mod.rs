//! The interface of `IOPaint`, for its page and for what was written for it.
//!
//! One model, whose samplers are our engines. What is asked of a generator and means nothing to a
//! repair is passed over, as are members that nobody knows: the page itself sends some. There is
//! no file manager: the service keeps no pictures that nobody asked it to keep.

mod answers;
mod errors;
mod inpaint;
mod mask;
mod request;
mod settings;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;

pub(super) use errors::words;
pub(super) use inpaint::SEED;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "cogd: the interface of IOPaint",
        description = "Repairs images for the page and the plugins of IOPaint.",
    ),
    tags(
        (name = "restoration", description = "An image in, the repaired image out"),
        (name = "settings", description = "What the page asks before it begins"),
    ),
    components(schemas(errors::ErrorBody)),
)]
struct Base;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(Base::openapi())
        .routes(routes!(inpaint::inpaint))
        .routes(routes!(mask::adjust_mask))
        .routes(routes!(settings::show_config))
        .routes(routes!(settings::show_model, settings::choose_model))
        .routes(routes!(settings::list_samplers, settings::list_samplers_again))
        .routes(routes!(settings::show_prompts))
}
