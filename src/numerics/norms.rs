//! Sums over many terms, accumulated in `f64` in an order that never changes.

/// `Σ |vᵢ|`.
pub fn sum_of_magnitudes(values: &[f32]) -> f64 {
    lanes(values, |v| f64::from(v.abs()))
}

/// `Σ vᵢ²`.
pub fn sum_of_squares(values: &[f32]) -> f64 {
    lanes(values, |v| f64::from(v) * f64::from(v))
}

/// `Σ uᵢ vᵢ`; terms beyond the shorter slice count as zero.
pub fn inner_product(u: &[f32], v: &[f32]) -> f64 {
    u.iter().zip(v).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

/// Rounds to the nearest `f32`; values beyond its range become infinite.
#[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is the purpose")]
pub fn single(value: f64) -> f32 {
    value as f32
}

/// Eight running sums let the compiler use vectors; their order is fixed, so is the result.
fn lanes(values: &[f32], term: impl Fn(f32) -> f64) -> f64 {
    let mut sums = [0.0_f64; 8];
    let chunks = values.chunks_exact(8);
    let rest: f64 = chunks.remainder().iter().map(|&v| term(v)).sum();
    for chunk in chunks {
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            *sum += term(value);
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::{inner_product, sum_of_magnitudes, sum_of_squares};

    #[test]
    fn sums_cover_whole_chunks_and_the_rest() {
        let values: Vec<f32> = (1..=19).map(|v| if v % 2 == 0 { 1.0 } else { -2.0 }).collect();
        assert!((sum_of_magnitudes(&values) - 29.0).abs() < 1e-12);
        assert!((sum_of_squares(&values) - 49.0).abs() < 1e-12);
        assert!((inner_product(&values, &values) - 49.0).abs() < 1e-12);
    }
}
