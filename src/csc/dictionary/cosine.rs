//! The cosine transform as a dictionary: what learned ones are measured against.

use std::f64::consts::PI;

use super::{Dictionary, DictionaryKind, TrainingRecord};

impl Dictionary {
    /// The atoms of the orthonormal two-dimensional DCT-II of `side × side` blocks (Ahmed, Natarajan
    /// and Rao 1974), frequencies rising from row to row, that of the mean first.
    ///
    /// # Panics
    /// If `side` is zero.
    pub fn cosine(side: usize) -> Self {
        assert!(side > 0, "blocks have pixels");
        let n = side as f64;
        let wave = |frequency: usize, i: usize| {
            let scale = if frequency == 0 { 1.0 / n } else { 2.0 / n };
            scale.sqrt() * ((2 * i + 1) as f64 * frequency as f64 * PI / (2.0 * n)).cos()
        };
        let area = side * side;
        let tap = |index: usize| {
            let (atom, sample) = (index / area, index % area);
            (wave(atom / side, sample / side) * wave(atom % side, sample % side)) as f32
        };
        let record = TrainingRecord {
            data: "none: the DCT-II".to_owned(),
            seed: 0,
            iterations: 0,
            objective: None,
            parameters: serde_json::Value::Null,
        };
        let taps = (0..area * area).map(tap).collect();
        Self { kind: DictionaryKind::Transform, side, taps, record }
    }
}
