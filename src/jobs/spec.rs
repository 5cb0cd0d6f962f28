//! What a job is to do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::engines::{LearnSpec, Options, Task};

/// The kinds of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    /// Fills the holes of a picture.
    Inpaint,
    /// Removes the noise of a picture.
    Reconstruct,
    /// Learns a dictionary.
    Learn,
}

impl JobKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Inpaint, Self::Reconstruct, Self::Learn];

    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inpaint => "inpaint",
            Self::Reconstruct => "reconstruct",
            Self::Learn => "learn",
        }
    }
}

/// What a job is to do, without its files. Stored as JSON, so fields may be added but not renamed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "lowercase")]
pub enum JobSpec {
    /// Restore a picture.
    Restore(RestoreJob),
    /// Learn a dictionary from pictures.
    Learn(LearnJob),
}

/// A restoration; its files are the blobs `image` and, perhaps, `mask`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestoreJob {
    /// What is to be done.
    pub task: Task,
    /// How.
    pub options: Options,
    /// Pixels of the image, as its header says: what admission counts.
    pub pixels: u64,
}

/// A dictionary to learn; its files are the blobs `image-0`, `image-1` and so on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LearnJob {
    /// The name that the dictionary gets.
    pub name: String,
    /// How.
    pub spec: LearnSpec,
    /// Pixels of all images together.
    pub pixels: u64,
}

impl JobSpec {
    /// The kind of the job.
    pub fn kind(&self) -> JobKind {
        match self {
            Self::Restore(RestoreJob { task: Task::Inpaint, .. }) => JobKind::Inpaint,
            Self::Restore(RestoreJob { task: Task::Reconstruct, .. }) => JobKind::Reconstruct,
            Self::Learn(_) => JobKind::Learn,
        }
    }

    /// Pixels that are worked on: what admission counts.
    pub fn pixels(&self) -> u64 {
        match self {
            Self::Restore(job) => job.pixels,
            Self::Learn(job) => job.pixels,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_kinds_are_those_of_json() {
        for kind in JobKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
