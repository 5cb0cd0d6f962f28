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

use serde::{Deserialize, Serialize};

use crate::numerics::norms::single;
use crate::numerics::prox::hard_threshold;

use super::LearnError;

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
    /// out), and improves the transform. Returns the objective per block before the improvement.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] if a sample is not finite, with the number of the block;
    /// [`LearnError::NoImages`] if there is no block.
    pub fn absorb(&mut self, blocks: &[f32]) -> Result<f64, LearnError> {
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
        let mut objective = 0.0;
        let mut centered = vec![0.0; size];
        for block in blocks.chunks_exact(size) {
            let mean = block.iter().sum::<f32>() / size as f32;
            for (centered, sample) in centered.iter_mut().zip(block) {
                *centered = sample - mean;
            }
            objective += self.add(&rows, &centered);
        }
        let mut gathered = self.statistics.clone();
        // The first row is not learned: this makes the constant its only direction.
        for value in &mut gathered[..size] {
            *value = 1.0 / self.parameters.side as f64;
        }
        self.transform = orthonormal_factor(&gathered, size);
        self.batches += 1;
        Ok(objective / count as f64)
    }

    /// Adds one block without its mean to the statistics; returns its objective.
    fn add(&mut self, rows: &[f32], block: &[f32]) -> f64 {
        let size = block.len();
        let threshold = self.parameters.threshold;
        let mut objective = 0.0;
        for (index, row) in rows.chunks_exact(size).enumerate().skip(1) {
            let coefficient: f32 = row.iter().zip(block).map(|(w, p)| w * p).sum();
            let code = hard_threshold(coefficient, threshold);
            if code == 0.0 {
                objective += f64::from(coefficient).powi(2);
                continue;
            }
            objective += f64::from(threshold).powi(2);
            let statistics = &mut self.statistics[index * size..(index + 1) * size];
            for (sum, sample) in statistics.iter_mut().zip(block) {
                *sum += f64::from(code * sample);
            }
        }
        objective
    }
}

/// The orthonormal discrete cosine transform of blocks, rows by rising frequency.
fn cosine_transform(side: usize) -> Vec<f64> {
    let line = |frequency: usize, position: usize| {
        let scale = if frequency == 0 { 1.0 } else { 2.0_f64 };
        let angle = std::f64::consts::PI * frequency as f64 * (position as f64 + 0.5);
        (scale / side as f64).sqrt() * (angle / side as f64).cos()
    };
    let size = side * side;
    let entry = |index: usize| {
        let (row, sample) = (index / size, index % size);
        line(row / side, sample / side) * line(row % side, sample % side)
    };
    (0..size * size).map(entry).collect()
}

/// `U Vᵀ` for the square matrix `U Σ Vᵀ`, by one-sided Jacobi rotations of its rows. Directions in
/// which the matrix is zero are completed by whatever axes are left.
fn orthonormal_factor(matrix: &[f64], size: usize) -> Vec<f64> {
    // Rotations R turn the rows into orthogonal ones: R C = Σ Vᵀ, so U Vᵀ = Rᵀ (Σ⁻¹ R C).
    let mut rows = matrix.to_vec();
    let mut rotations = vec![0.0; size * size];
    for axis in 0..size {
        rotations[axis * (size + 1)] = 1.0;
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for _ in 0..30 {
        let mut largest = 0.0_f64;
        for i in 0..size {
            for j in i + 1..size {
                let (a, b) = (&rows[i * size..][..size], &rows[j * size..][..size]);
                let (aa, bb, ab) = (dot(a, a), dot(b, b), dot(a, b));
                if ab.abs() <= 1e-14 * (aa * bb).sqrt() {
                    continue;
                }
                largest = largest.max(ab.abs() / (aa * bb).sqrt());
                let half = (bb - aa) / (2.0 * ab);
                let tangent = half.signum() / (half.abs() + half.hypot(1.0));
                let cosine = tangent.hypot(1.0).recip();
                rotate(&mut rows, size, (i, j), (cosine, tangent * cosine));
                rotate(&mut rotations, size, (i, j), (cosine, tangent * cosine));
            }
        }
        if largest < 1e-12 {
            break;
        }
    }
    let mut factor = vec![0.0; size * size];
    complete(&mut rows, size);
    for i in 0..size {
        for k in 0..size {
            let weight = rotations[k * size + i];
            for j in 0..size {
                factor[i * size + j] += weight * rows[k * size + j];
            }
        }
    }
    factor
}

fn rotate(rows: &mut [f64], size: usize, (i, j): (usize, usize), (cosine, sine): (f64, f64)) {
    for column in 0..size {
        let (a, b) = (rows[i * size + column], rows[j * size + column]);
        rows[i * size + column] = cosine * a - sine * b;
        rows[j * size + column] = sine * a + cosine * b;
    }
}

/// Normalises orthogonal rows and replaces (nearly) zero ones by axes made orthogonal to the rest.
fn complete(rows: &mut [f64], size: usize) {
    let norm = |row: &[f64]| row.iter().map(|v| v * v).sum::<f64>().sqrt();
    let largest = rows.chunks_exact(size).map(norm).fold(0.0, f64::max);
    let mut missing = Vec::new();
    for (index, row) in rows.chunks_exact_mut(size).enumerate() {
        let length = norm(row);
        if length > 1e-9 * largest {
            for value in row {
                *value /= length;
            }
        } else {
            row.fill(0.0);
            missing.push(index);
        }
    }
    for index in missing {
        let mut best = vec![0.0; size];
        for axis in 0..size {
            let mut candidate = vec![0.0; size];
            candidate[axis] = 1.0;
            for row in rows.chunks_exact(size) {
                let share: f64 = row.iter().zip(&candidate).map(|(a, b)| a * b).sum();
                for (value, row) in candidate.iter_mut().zip(row) {
                    *value -= share * row;
                }
            }
            if norm(&candidate) > norm(&best) {
                best = candidate;
            }
        }
        let length = norm(&best);
        for (target, value) in rows[index * size..(index + 1) * size].iter_mut().zip(best) {
            *target = value / length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{TransformLearner, TransformParameters, cosine_transform, orthonormal_factor};
    use crate::csc::learn::LearnError;
    use crate::numerics::Random;

    fn orthonormality_error(matrix: &[f64], size: usize) -> f64 {
        let rows = || matrix.chunks_exact(size).enumerate();
        let pairs = rows().flat_map(|(i, a)| rows().map(move |(j, b)| (i, a, j, b)));
        let error = |(i, a, j, b): (usize, &[f64], usize, &[f64])| {
            let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            (product - f64::from(u8::from(i == j))).abs()
        };
        pairs.map(error).fold(0.0, f64::max)
    }

    #[test]
    fn the_factor_is_orthonormal_and_leaves_a_symmetric_positive_rest() {
        let size = 6;
        let mut random = Random::seeded(2);
        let matrix: Vec<f64> = (0..36).map(|_| f64::from(random.normal())).collect();
        let factor = orthonormal_factor(&matrix, size);
        assert!(orthonormality_error(&factor, size) < 1e-10);
        // Polar decomposition: Wᵀ C is symmetric.
        let entry = |i: usize, j: usize| -> f64 {
            (0..size).map(|k| factor[k * size + i] * matrix[k * size + j]).sum()
        };
        for i in 0..size {
            assert!(entry(i, i) > 0.0);
            for j in 0..size {
                assert!((entry(i, j) - entry(j, i)).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn directions_without_data_are_completed() {
        let mut matrix = vec![0.0; 16];
        matrix[1] = 2.0;
        assert!(orthonormality_error(&orthonormal_factor(&matrix, 4), 4) < 1e-10);
    }

    #[test]
    fn the_start_is_orthonormal_with_the_mean_first() {
        let transform = cosine_transform(4);
        assert!(orthonormality_error(&transform, 16) < 1e-12);
        assert!(transform[..16].iter().all(|v| (v - 0.25).abs() < 1e-12));
    }

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
        assert!(last < 0.8 * first, "{first} {last}");
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
