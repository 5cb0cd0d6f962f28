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
    /// Commit the build was made from, where the builder set `BUILD_COMMIT`; else `unknown`.
    #[schema(example = "unknown")]
    pub commit: &'static str,
    /// `release` or `debug`.
    #[schema(example = "release")]
    pub profile: &'static str,
}

impl BuildInfo {
    /// The build of the running program.
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
