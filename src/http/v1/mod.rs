//! The native API.

mod batches;
mod dictionaries;
mod engines;
mod features;
mod jobs;
mod restorations;
mod system;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;

pub(super) use features::FeatureSummary;
pub(super) use jobs::{JOB_ID, JobPreview, JobView, wait_for_end};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(restorations::inpaint))
        .routes(routes!(restorations::reconstruct))
        .routes(routes!(features::show_features))
        .routes(routes!(engines::list_engines))
        .routes(routes!(system::show_system))
        .routes(routes!(dictionaries::list_dictionaries, dictionaries::learn_dictionary))
        .routes(routes!(dictionaries::show_dictionary, dictionaries::delete_dictionary))
        .routes(routes!(batches::create_batch))
        .routes(routes!(batches::find_batch, batches::cancel_batch))
        .merge(jobs::routes())
}
