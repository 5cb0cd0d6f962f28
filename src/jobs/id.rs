//! Names of jobs and batches.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! id {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = String, format = "uuid")]
        pub struct $name(Uuid);

        impl $name {
            /// A new one, greater than those made before it.
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// The name of a job. Later jobs have greater names (UUID version 7).
    JobId
}

id! {
    /// The name of a batch: jobs that were asked for together.
    BatchId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_names_are_greater_and_survive_text() {
        let names: Vec<JobId> = (0..100).map(|_| JobId::generate()).collect();
        assert!(names.is_sorted());
        assert_eq!(names[0].to_string().parse::<JobId>().unwrap(), names[0]);
        assert!("not-a-job".parse::<JobId>().is_err());
    }
}
