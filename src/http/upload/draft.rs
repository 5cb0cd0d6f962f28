//! A restoration while its parts arrive.

use std::collections::BTreeSet;

use axum::body::Bytes;

use super::Upload;
use super::fields::{Field, Given};
use crate::engines::Options;
use crate::http::error::ApiError;
use crate::http::problem::FieldError;

/// Longest part of an unknown name that is repeated to the client.
const LONGEST_NAME: usize = 64;

/// What has arrived so far, and all that is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Draft {
    image: Option<Bytes>,
    mask: Option<Bytes>,
    options: Options,
    seen: BTreeSet<String>,
    faults: Vec<FieldError>,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    /// One of the two files.
    Picture(Picture),
    /// One of the parameters.
    Parameter(&'static Field),
}

/// The files of a restoration.
#[derive(Clone, Copy, Debug)]
pub(super) enum Picture {
    Image,
    Mask,
}

impl Slot {
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "image" => Some(Self::Picture(Picture::Image)),
            "mask" => Some(Self::Picture(Picture::Mask)),
            _ => Field::find(name).map(Self::Parameter),
        }
    }
}

impl Draft {
    /// Notes that a part has arrived; `false` and a fault if it has before.
    pub(super) fn first(&mut self, name: &str) -> bool {
        let first = self.seen.insert(name.to_owned());
        if !first {
            self.fault(name, "is given more than once");
        }
        first
    }

    /// Takes a file.
    pub(super) fn picture(&mut self, picture: Picture, bytes: Bytes) {
        match picture {
            Picture::Image => self.image = Some(bytes),
            Picture::Mask => self.mask = Some(bytes),
        }
    }

    /// Takes a parameter.
    pub(super) fn parameter(&mut self, field: &Field, given: Given) {
        if let Err(message) = (field.read)(&mut self.options, given) {
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

    /// The whole restoration.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn finish(mut self) -> Result<Upload, ApiError> {
        if self.image.is_none() && !self.faults.iter().any(|fault| fault.field == "image") {
            self.fault("image", "is required");
        }
        match self.image {
            Some(image) if self.faults.is_empty() => {
                Ok(Upload { image, mask: self.mask, options: self.options })
            }
            _ => Err(ApiError::invalid(self.faults)),
        }
    }
}
