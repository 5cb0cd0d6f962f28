//! Learns an orthonormal transform of blocks from mini-batches, for the fast solver.
//!
//! ```text
//! min over W, a   Σ ‖W p − a‖² + threshold² ‖a‖₀     W Wᵀ = I,   first row constant
//! ```
//!
//! over blocks `p`. For a given `W` the codes are hard-thresholded coefficients; for given codes
//! the best `W` is the orthonormal factor of `C = Σ a pᵀ`. Only `C`, with old batches fading out,
//! is kept: memory does not grow with the data. Ravishankar and Bresler (2015), "Online sparsifying
//! transform learning", IEEE J. Selected Topics in Signal Processing 9.

mod orthonormal;

use serde::{Deserialize, Serialize};

use crate::numerics::norms::single;
use crate::numerics::prox::hard_threshold;

use super::LearnError;
use orthonormal::{cosine_transform, orthonormal_factor};

/// Settings of a [`TransformLearner`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransformParameters {
    /// Side of the blocks in pixels.
    pub side: usize,
    /// Threshold of the codes, in units of the samples.
    pub threshold: f32,
    /// Weight of what was kept when a batch comes in, in `[0, 1]`.
    pub memory: f32,
}

impl Default for TransformParameters {
    fn default() -> Self {
        Self { side: 8, threshold: 0.05, memory: 0.95 }
    }
}

/// How well a batch of blocks was coded before the transform was improved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchReport {
    /// Mean over the blocks of `‖W p − a‖² + threshold² ‖a‖₀`.
    pub objective: f64,
    /// Mean over the samples of the squared error that the thresholds leave.
    pub error: f64,
}

/// An orthonormal transform being learned. Its serialised form is all there is to resume from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransformLearner {
    parameters: TransformParameters,
    /// Batches absorbed.
    batches: usize,
    /// `W`, row by row, one row an atom.
    transform: Vec<f64>,
    /// `C`, fading sum over batches.
    statistics: Vec<f64>,
}

impl TransformLearner {
    /// Starts from the discrete cosine transform.
    ///
    /// # Errors
    /// [`LearnError::Parameter`] if a parameter is out of range.
    pub fn new(parameters: TransformParameters) -> Result<Self, LearnError> {
        let checks = [
            ("side", parameters.side as f64, "2 to 16", (2..=16).contains(&parameters.side)),
            ("threshold", parameters.threshold.into(), "finite and positive", {
                parameters.threshold > 0.0 && parameters.threshold.is_finite()
            }),
            ("memory", parameters.memory.into(), "0 to 1", {
                (0.0..=1.0).contains(&parameters.memory)
            }),
        ];
        if let Some((parameter, actual, limit, _)) = checks.into_iter().find(|check| !check.3) {
            return Err(LearnError::Parameter { parameter, limit, actual });
        }
        let size = parameters.side * parameters.side;
        let transform = cosine_transform(parameters.side);
        Ok(Self { parameters, batches: 0, transform, statistics: vec![0.0; size * size] })
    }

    /// Batches absorbed so far.
    pub fn batches(&self) -> usize {
        self.batches
    }

    /// The settings.
    pub fn parameters(&self) -> TransformParameters {
        self.parameters
    }

    /// The atoms: shape `(side², side, side)`, that of the mean first.
    pub fn atoms(&self) -> Vec<f32> {
        self.transform.iter().map(|&tap| single(tap)).collect()
    }

    /// Takes in blocks, one after the other (`side²` samples each, an incomplete last one is left
    /// out), and improves the transform.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] if a sample is not finite, with the number of the block;
    /// [`LearnError::NoImages`] if there is no block.
    pub fn absorb(&mut self, blocks: &[f32]) -> Result<BatchReport, LearnError> {
        let size = self.parameters.side * self.parameters.side;
        if let Some(image) =
            blocks.chunks_exact(size).position(|b| b.iter().any(|v| !v.is_finite()))
        {
            return Err(LearnError::NotFinite { image });
        }
        let count = blocks.len() / size;
        if count == 0 {
            return Err(LearnError::NoImages);
        }
        for value in &mut self.statistics {
            *value *= f64::from(self.parameters.memory);
        }
        let rows: Vec<f32> = self.atoms();
        let mut report = BatchReport { objective: 0.0, error: 0.0 };
        let mut centered = vec![0.0; size];
        for block in blocks.chunks_exact(size) {
            let mean = block.iter().sum::<f32>() / size as f32;
            for (centered, sample) in centered.iter_mut().zip(block) {
                *centered = sample - mean;
            }
            self.add(&rows, &centered, &mut report);
        }
        let mut gathered = self.statistics.clone();
        // The first row is not learned: this makes the constant its only direction.
        for value in &mut gathered[..size] {
            *value = 1.0 / self.parameters.side as f64;
        }
        self.transform = orthonormal_factor(&gathered, size);
        self.batches += 1;
        report.objective /= count as f64;
        report.error /= (count * size) as f64;
        Ok(report)
    }

    /// Adds one block without its mean to the statistics, and to the sums of the report.
    fn add(&mut self, rows: &[f32], block: &[f32], report: &mut BatchReport) {
        let size = block.len();
        let threshold = self.parameters.threshold;
        for (index, row) in rows.chunks_exact(size).enumerate().skip(1) {
            let coefficient: f32 = row.iter().zip(block).map(|(w, p)| w * p).sum();
            let code = hard_threshold(coefficient, threshold);
            if code == 0.0 {
                report.objective += f64::from(coefficient).powi(2);
                report.error += f64::from(coefficient).powi(2);
                continue;
            }
            report.objective += f64::from(threshold).powi(2);
            let statistics = &mut self.statistics[index * size..(index + 1) * size];
            for (sum, sample) in statistics.iter_mut().zip(block) {
                *sum += f64::from(code * sample);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{TransformLearner, TransformParameters, orthonormal_factor};
    use crate::csc::learn::LearnError;
    use crate::numerics::Random;

    #[test]
    fn a_hidden_transform_is_approached_and_the_mean_is_kept() {
        // Blocks that are sparse in a rotated basis: two random atoms each.
        let parameters = TransformParameters { side: 3, threshold: 0.3, memory: 0.5 };
        let mut random = Random::seeded(4);
        let mut noise: Vec<f64> = (0..81).map(|_| f64::from(random.normal())).collect();
        noise[..9].fill(3.0);
        let mut hidden = orthonormal_factor(&noise, 9);
        for row in hidden.chunks_exact_mut(9) {
            let mean = row.iter().sum::<f64>() / 9.0;
            for value in row {
                *value -= mean;
            }
        }
        let mut batch = || -> Vec<f32> {
            let mut blocks = Vec::new();
            for _ in 0..300 {
                let (a, b) = (random.below(9), random.below(9));
                let (s, t) = (f64::from(random.normal()), f64::from(random.normal()));
                blocks.extend((0..9).map(|i| {
                    crate::numerics::norms::single(s * hidden[a * 9 + i] + t * hidden[b * 9 + i])
                }));
            }
            blocks
        };
        let mut learner = TransformLearner::new(parameters).unwrap();
        let first = learner.absorb(&batch()).unwrap();
        for _ in 0..40 {
            learner.absorb(&batch()).unwrap();
        }
        let last = learner.absorb(&batch()).unwrap();
        assert!(last.objective < 0.8 * first.objective, "{first:?} {last:?}");
        assert!(last.error < first.error);
        assert!(learner.atoms()[..9].iter().all(|v| (v.abs() - 1.0 / 3.0).abs() < 1e-5));
        assert_eq!(learner.batches(), 42);
    }

    #[test]
    fn a_stored_learner_continues_with_the_same_bits() {
        let blocks: Vec<f32> = {
            let mut random = Random::seeded(8);
            (0..640).map(|_| random.unit()).collect()
        };
        let mut whole = TransformLearner::new(TransformParameters::default()).unwrap();
        whole.absorb(&blocks).unwrap();
        let stored = serde_json::to_string(&whole).unwrap();
        let mut resumed: TransformLearner = serde_json::from_str(&stored).unwrap();
        whole.absorb(&blocks).unwrap();
        resumed.absorb(&blocks).unwrap();
        assert_eq!(whole, resumed);
    }

    #[test]
    fn bad_blocks_and_parameters_are_refused() {
        let mut learner = TransformLearner::new(TransformParameters::default()).unwrap();
        assert_eq!(learner.absorb(&[0.0; 63]).err(), Some(LearnError::NoImages));
        let mut blocks = [0.0; 128];
        blocks[100] = f32::NAN;
        assert_eq!(learner.absorb(&blocks).err(), Some(LearnError::NotFinite { image: 1 }));
        let parameters = TransformParameters { threshold: 0.0, ..TransformParameters::default() };
        let refused = TransformLearner::new(parameters).err();
        assert!(matches!(refused, Some(LearnError::Parameter { parameter: "threshold", .. })));
    }
}
