//! Reads what the page and the plugins send: JSON with pictures in base64.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::Request;
use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::http::ApiState;
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::problem::FieldError;
use crate::http::upload::{decode_picture, entries};

/// The members of a request, by name, and all that is wrong with those that were looked at.
#[derive(Debug)]
pub(super) struct Members {
    values: BTreeMap<String, Value>,
    faults: Vec<FieldError>,
}

/// Reads a body and makes something of its members, where that holds nobody up: pictures in base64
/// take a while.
pub(super) async fn read<T: Send + 'static>(
    request: Request,
    state: &ApiState,
    make: impl FnOnce(&mut Members) -> Option<T> + Send + 'static,
) -> Result<T, ApiError> {
    let collect = async |request| body::collect(request, state).await;
    // Clients of all kinds leave the content type out or call it something else.
    let body = body::in_time(request, state, collect).await?;
    let parse = move || {
        // The last of several members of one name counts, as for those who wrote the page.
        let values = entries(&body)?.into_pairs().into_iter().collect();
        let mut members = Members { values, faults: Vec::new() };
        let made = make(&mut members);
        match (made, members.faults.is_empty()) {
            (Some(made), true) => Ok(made),
            _ => Err(ApiError::invalid(members.faults)),
        }
    };
    spawn_blocking(parse).await.map_err(ApiError::internal)?
}

impl Members {
    /// A picture that must be there.
    pub(super) fn picture(&mut self, name: &str) -> Option<Bytes> {
        let Some(value) = self.given(name) else {
            self.fault(name, "is required".to_owned(), None, None);
            return None;
        };
        decode_picture(&value).map_err(|fault| self.fault(name, fault.to_owned(), None, None)).ok()
    }

    /// A whole number, if it is there and in its range.
    pub(super) fn whole(&mut self, name: &str, least: i64, most: i64) -> Option<i64> {
        let value = self.given(name)?;
        let message = format!("must be a whole number from {least} to {most}");
        // Sliders send whole numbers with a fraction of zero.
        let number = value.as_f64().filter(|number| number.fract() == 0.0);
        let Some(number) = number else {
            self.fault(name, message, None, None);
            return None;
        };
        if !(least as f64..=most as f64).contains(&number) {
            let limit = if number < least as f64 { least } else { most };
            self.fault(name, message, Some(limit as f64), Some(number));
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
        Some(number as i64)
    }

    /// Whether something is switched on.
    pub(super) fn switch(&mut self, name: &str) -> bool {
        self.given(name) == Some(Value::Bool(true))
    }

    /// A text, if there is one.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let Value::String(text) = self.given(name)? else {
            self.fault(name, "must be a string".to_owned(), None, None);
            return None;
        };
        Some(text)
    }

    /// Takes note of something wrong.
    pub(super) fn fault(
        &mut self,
        name: &str,
        message: String,
        limit: Option<f64>,
        actual: Option<f64>,
    ) {
        self.faults.push(FieldError::new(name, message, limit, actual));
    }

    fn given(&mut self, name: &str) -> Option<Value> {
        self.values.remove(name).filter(|value| !value.is_null())
    }
}
