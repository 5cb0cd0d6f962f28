//! What is wrong with one parameter, and the numbers in problems.

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// What is wrong with one parameter.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(in crate::http) struct FieldError {
    /// Name of the parameter.
    pub(in crate::http) field: String,
    /// What is wrong.
    pub(in crate::http) message: String,
    /// The limit that was passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = f64, required = false)]
    pub(in crate::http) limit: Option<Amount>,
    /// The value given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = f64, required = false)]
    pub(in crate::http) actual: Option<Amount>,
}

impl FieldError {
    /// A parameter that cannot be used, with the limit that was passed and the value given.
    pub(in crate::http) fn new(
        field: &str,
        message: String,
        limit: Option<f64>,
        actual: Option<f64>,
    ) -> Self {
        let (limit, actual) = (limit.map(Amount), actual.map(Amount));
        Self { field: field.to_owned(), message, limit, actual }
    }
}

/// A number of bytes, pixels, seconds or whatever a limit is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::http) struct Amount(pub(in crate::http) f64);

impl Serialize for Amount {
    /// Whole numbers are written without a fraction.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// Beyond this not every whole number has an `f64`.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if self.0.fract() == 0.0 && self.0.abs() <= EXACT {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}
