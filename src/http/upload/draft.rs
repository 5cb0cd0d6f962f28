//! A request while its parts arrive.

use std::collections::BTreeSet;

use axum::body::Bytes;

use super::Parcel;
use super::fields::{Field, Given};
use super::form::{Form, Picture, Slot};
use crate::http::error::ApiError;
use crate::http::problem::FieldError;

/// Longest part of an unknown name that is repeated to the client.
const LONGEST_NAME: usize = 64;

/// What has arrived so far, and all that is wrong with it.
#[derive(Debug)]
pub(super) struct Draft {
    form: Form,
    parcel: Parcel,
    seen: BTreeSet<String>,
    faults: Vec<FieldError>,
}

impl Draft {
    pub(super) fn new(form: Form) -> Self {
        Self { form, parcel: Parcel::default(), seen: BTreeSet::new(), faults: Vec::new() }
    }

    /// What a name stands for.
    pub(super) fn slot(&self, name: &str) -> Option<Slot> {
        self.form.slot(name)
    }

    /// Whether there may be more than one of these.
    pub(super) fn takes_many(&self, slot: Option<Slot>) -> bool {
        self.form.many && matches!(slot, Some(Slot::Picture(_)))
    }

    /// Notes that a part has arrived; `false` and a fault if it has before and may come but once.
    pub(super) fn first(&mut self, name: &str) -> bool {
        self.takes_many(self.slot(name)) || self.first_member(name)
    }

    /// As [`Self::first`] for members of an object: where many may come they are an array.
    pub(super) fn first_member(&mut self, name: &str) -> bool {
        let first = self.seen.insert(name.to_owned());
        if !first {
            self.fault(name, "is given more than once");
        }
        first
    }

    /// Takes a file.
    pub(super) fn picture(&mut self, picture: Picture, bytes: Bytes) {
        match picture {
            Picture::Image => self.parcel.images.push(bytes),
            Picture::Mask => self.parcel.masks.push(bytes),
        }
    }

    /// Takes a parameter.
    pub(super) fn parameter(&mut self, field: &Field, given: Given) {
        if let Err(message) = (field.read)(&mut self.parcel.wishes, given) {
            self.fault(field.name, message);
        }
    }

    /// Takes note of something wrong.
    pub(super) fn fault(&mut self, name: &str, message: impl Into<String>) {
        let field = name.chars().take(LONGEST_NAME).collect();
        let message = message.into();
        self.faults.push(FieldError { field, message, limit: None, actual: None });
    }

    /// Takes note of a name nobody knows.
    pub(super) fn unknown(&mut self, name: &str) {
        self.fault(name, "there is no such parameter");
    }

    /// All that has come.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn finish(mut self) -> Result<Parcel, ApiError> {
        if self.parcel.images.is_empty() && !self.faults.iter().any(|fault| fault.field == "image")
        {
            self.fault("image", "is required");
        }
        if self.faults.is_empty() { Ok(self.parcel) } else { Err(ApiError::invalid(self.faults)) }
    }
}
