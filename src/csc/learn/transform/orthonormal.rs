//! Orthonormal matrices: the start of a transform, and the factor that updates it.

/// The orthonormal discrete cosine transform of blocks, rows by rising frequency.
pub(super) fn cosine_transform(side: usize) -> Vec<f64> {
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
pub(super) fn orthonormal_factor(matrix: &[f64], size: usize) -> Vec<f64> {
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
    use super::{cosine_transform, orthonormal_factor};
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
}
