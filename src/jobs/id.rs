//! Names of jobs and batches.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Timestamp;

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

            /// When it was made, by its own account; the beginning of time if it does not say.
            pub fn made(&self) -> Timestamp {
                let (seconds, nanoseconds) =
                    self.0.get_timestamp().map_or((0, 0), |made| made.to_unix());
                let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
                let milliseconds = i64::from(nanoseconds / 1_000_000);
                Timestamp(seconds.saturating_mul(1000).saturating_add(milliseconds))
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

    #[test]
    fn a_name_says_when_it_was_made() {
        let name = "0192f0c1-7d1e-7c3a-9c53-3f0f3a1f5a11".parse::<JobId>().unwrap();
        assert_eq!(name.made(), Timestamp(0x0192_f0c1_7d1e));
        let other = "6fa459ea-ee8a-4ca4-894e-db77e160355e".parse::<JobId>().unwrap();
        assert_eq!(other.made(), Timestamp(0));
    }
}
