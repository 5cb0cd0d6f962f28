//! Learned dictionaries as values, files and pictures.

mod cosine;
mod error;
mod file;
mod sheet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use error::DictionaryError;

/// What the atoms of a dictionary are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DictionaryKind {
    /// Filters of norm at most one, for convolutional sparse coding.
    Filters,
    /// The rows of an orthonormal transform of square blocks, that of the mean first; shifted
    /// over an image they are a tight frame.
    Transform,
}

/// How a dictionary came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrainingRecord {
    /// What it was learned from, in words: a folder's name and how many images.
    pub data: String,
    /// Seed of everything random.
    pub seed: u64,
    /// Iterations or batches done.
    pub iterations: usize,
    /// The objective at the end, if one was computed.
    pub objective: Option<f64>,
    /// All settings of the learner, coupling included.
    pub parameters: serde_json::Value,
}

/// Square atoms of one size and how they were learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Dictionary {
    kind: DictionaryKind,
    side: usize,
    taps: Vec<f32>,
    record: TrainingRecord,
}

impl Dictionary {
    /// The largest difference from orthonormality that rounding explains.
    const ORTHONORMAL: f64 = 1e-4;

    /// Wraps atoms of shape `(K, side, side)`.
    ///
    /// # Errors
    /// [`DictionaryError::Shape`] if they are not at least one whole square;
    /// [`DictionaryError::NotFinite`] if a tap is not finite;
    /// [`DictionaryError::NotOrthonormal`] if a transform is not.
    pub fn new(
        kind: DictionaryKind,
        side: usize,
        taps: Vec<f32>,
        record: TrainingRecord,
    ) -> Result<Self, DictionaryError> {
        let area = side * side;
        let whole = area > 0 && !taps.is_empty() && taps.len().is_multiple_of(area);
        let square = kind != DictionaryKind::Transform || taps.len() == area * area;
        if !whole || !square {
            return Err(DictionaryError::Shape { side, taps: taps.len() });
        }
        if taps.iter().any(|tap| !tap.is_finite()) {
            return Err(DictionaryError::NotFinite);
        }
        let dictionary = Self { kind, side, taps, record };
        let error = dictionary.orthonormality_error();
        if kind == DictionaryKind::Transform && error > Self::ORTHONORMAL {
            return Err(DictionaryError::NotOrthonormal { error });
        }
        Ok(dictionary)
    }

    /// What the atoms are.
    pub fn kind(&self) -> DictionaryKind {
        self.kind
    }

    /// Side of an atom in pixels.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Number of atoms `K`.
    pub fn count(&self) -> usize {
        self.taps.len() / (self.side * self.side)
    }

    /// The atoms: shape `(K, side, side)`.
    pub fn taps(&self) -> &[f32] {
        &self.taps
    }

    /// How it was learned.
    pub fn record(&self) -> &TrainingRecord {
        &self.record
    }

    /// `max |⟨dᵢ, dⱼ⟩ − [i = j]|`.
    fn orthonormality_error(&self) -> f64 {
        let atoms = || self.taps.chunks_exact(self.side * self.side).enumerate();
        let pairs = atoms().flat_map(|(i, a)| atoms().map(move |(j, b)| (i, a, j, b)));
        let errors = pairs.map(|(i, a, j, b)| {
            let expected = if i == j { 1.0 } else { 0.0 };
            (crate::numerics::norms::inner_product(a, b) - expected).abs()
        });
        errors.fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests;
