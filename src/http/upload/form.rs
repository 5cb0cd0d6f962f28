//! What a request may bring: which files, which parameters.

use serde_json::Value;

use super::Wishes;
use super::fields::{BATCH, EXPLANATION, FEATURES, Field, Given, JOB, LEARNING, RESTORATION};

/// What a request may bring.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Form {
    /// Its parameters, in the order of the documentation.
    tables: &'static [&'static [Field]],
    /// More than one image may come, and then more than one mask.
    pub(in crate::http) many: bool,
    /// Masks may come.
    pub(in crate::http) masks: bool,
    /// Parameters that must come.
    pub(in crate::http) needs: &'static [&'static str],
}

/// A restoration of one image.
pub(in crate::http) const RESTORATION_FORM: Form =
    Form { tables: &[RESTORATION, EXPLANATION, JOB], many: false, masks: true, needs: &[] };

/// Restorations of many images.
pub(in crate::http) const BATCH_FORM: Form =
    Form { tables: &[BATCH, RESTORATION, EXPLANATION, JOB], many: true, masks: true, needs: &[] };

/// A dictionary to be learned.
pub(in crate::http) const LEARNING_FORM: Form =
    Form { tables: &[LEARNING, JOB], many: true, masks: false, needs: &["name"] };

/// What a network makes of one image.
pub(in crate::http) const FEATURES_FORM: Form =
    Form { tables: &[FEATURES], many: false, masks: false, needs: &["model"] };

/// A restoration beside tensors: the pictures come otherwise.
pub(in crate::http) const TENSOR_FORM: Form =
    Form { tables: &[BATCH, RESTORATION], many: true, masks: true, needs: &[] };

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    /// One of the files.
    Picture(Picture),
    /// One of the parameters.
    Parameter(&'static Field),
}

/// The kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Picture {
    Image,
    Mask,
}

impl Form {
    /// Every parameter.
    pub(in crate::http) fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.tables.iter().copied().flatten()
    }

    /// Sets the parameter of that name, if there is one; the error says what was expected.
    pub(in crate::http) fn set(
        &self,
        wishes: &mut Wishes,
        name: &str,
        value: Value,
    ) -> Result<(), &'static str> {
        let Some(field) = self.fields().find(|field| field.name == name) else { return Ok(()) };
        let given = match value {
            Value::String(text) => Given::Text(text),
            typed => Given::Json(typed),
        };
        (field.read)(wishes, given)
    }

    pub(super) fn slot(&self, name: &str) -> Option<Slot> {
        match name {
            "image" => Some(Slot::Picture(Picture::Image)),
            "mask" if self.masks => Some(Slot::Picture(Picture::Mask)),
            _ => self.fields().find(|field| field.name == name).map(Slot::Parameter),
        }
    }
}
