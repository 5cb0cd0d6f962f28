//! The native API.

mod dictionaries;
mod engines;
mod restorations;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(restorations::inpaint))
        .routes(routes!(restorations::reconstruct))
        .routes(routes!(engines::list_engines))
        .routes(routes!(dictionaries::list_dictionaries))
        .routes(routes!(dictionaries::show_dictionary))
}
