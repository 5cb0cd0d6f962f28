//! Which build is running.

use serde::Serialize;
use utoipa::ToSchema;

/// Name, version and origin of this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BuildInfo {
    /// Name of the program.
    #[schema(example = "cogd")]
    pub name: &'static str,
    /// Version of the package, as semantic versioning has it.
    #[schema(example = "0.1.0")]
    pub version: &'static str,
    /// Commit the build was made from, followed by `-modified` if the sources were no longer those;
    /// `unknown` if it was made elsewhere than in a checkout and nobody told it.
    #[schema(example = "unknown")]
    pub commit: &'static str,
    /// `release` or `debug`.
    #[schema(example = "release")]
    pub profile: &'static str,
}

impl BuildInfo {
    /// The build of the running program. `build.rs` finds the commit, unless the variable
    /// `BUILD_COMMIT` names it.
    pub const CURRENT: Self = Self {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        commit: match option_env!("BUILD_COMMIT") {
            Some(commit) => commit,
            None => "unknown",
        },
        profile: if cfg!(debug_assertions) { "debug" } else { "release" },
    };
}
