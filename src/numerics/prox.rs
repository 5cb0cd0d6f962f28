//! Proximal maps and projections of the penalties in use.

use super::norms::{single, sum_of_squares};

/// The proximal map of `threshold · |v|`: moves `v` towards zero by `threshold`, not past it.
#[inline]
pub fn soft_threshold(value: f32, threshold: f32) -> f32 {
    value - value.clamp(-threshold, threshold)
}

/// The proximal map of `½ threshold² · [v ≠ 0]`: keeps `v` where `|v| > threshold`.
#[inline]
pub fn hard_threshold(value: f32, threshold: f32) -> f32 {
    if value.abs() > threshold { value } else { 0.0 }
}

/// The nearest point of the unit ball: `v / max(1, ‖v‖₂)`.
pub fn project_to_unit_ball(values: &mut [f32]) {
    let norm = sum_of_squares(values).sqrt();
    if norm > 1.0 {
        scale(values, 1.0 / norm);
    }
}

/// Divides by the Euclidean norm; a zero vector stays as it is.
pub fn normalize(values: &mut [f32]) {
    let norm = sum_of_squares(values).sqrt();
    if norm > 0.0 {
        scale(values, 1.0 / norm);
    }
}

fn scale(values: &mut [f32], factor: f64) {
    for value in values {
        *value = single(f64::from(*value) * factor);
    }
}

#[cfg(test)]
mod tests {
    use super::{hard_threshold, normalize, project_to_unit_ball, soft_threshold, sum_of_squares};

    #[test]
    fn soft_threshold_minimises_its_definition() {
        let objective = |u: f32, v: f32, t: f32| 0.5 * (u - v).powi(2) + t * u.abs();
        for value in [-2.0_f32, -0.3, 0.0, 0.4, 1.5] {
            let best = soft_threshold(value, 0.5);
            for step in [-0.01_f32, 0.01] {
                assert!(objective(best, value, 0.5) <= objective(best + step, value, 0.5));
            }
        }
    }

    #[test]
    fn hard_threshold_keeps_large_values_untouched() {
        assert!((hard_threshold(-0.7, 0.5) + 0.7).abs() < f32::EPSILON);
        assert!(hard_threshold(0.5, 0.5).abs() < f32::EPSILON);
    }

    #[test]
    fn projection_leaves_the_ball_alone_and_normalisation_does_not() {
        let mut inside = [0.3_f32, 0.4];
        project_to_unit_ball(&mut inside);
        assert_eq!(inside.map(f32::to_bits), [0.3_f32, 0.4].map(f32::to_bits));
        normalize(&mut inside);
        assert!((sum_of_squares(&inside) - 1.0).abs() < 1e-6);
        let mut outside = [3.0_f32, 4.0];
        project_to_unit_ball(&mut outside);
        assert!((sum_of_squares(&outside) - 1.0).abs() < 1e-6);
    }
}
