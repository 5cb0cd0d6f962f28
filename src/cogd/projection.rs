//! The finite-difference Jacobian and the projection itself.

use serde::{Deserialize, Serialize};

use crate::numerics::norms::single;

/// Approximates `daⱼ/dxⱼ` by the changes of both over one iteration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Jacobian {
    /// Steps `|xⱼᵗ − xⱼᵗ⁻¹|` up to this size carry no information: their quotient is rounding
    /// noise, and the Jacobian is taken as zero, which switches the projection off.
    pub smallest_step: f32,
}

impl Default for Jacobian {
    fn default() -> Self {
        // About 1000 rounding errors of a variable of unit size.
        Self { smallest_step: 1e-4 }
    }
}

impl Jacobian {
    /// Writes `(now − before) / step` into `out`, or zeros if `|step|` is too small.
    ///
    /// `now`, `before` and `out` hold one column each and have equal lengths; `step` is the
    /// change of its sparse partner. Returns whether the step was large enough.
    pub fn difference(self, now: &[f32], before: &[f32], step: f32, out: &mut [f32]) -> bool {
        // A comparison that is false for NaN, too.
        let usable = step.abs() > self.smallest_step;
        let inverse = if usable { 1.0 / step } else { 0.0 };
        for ((out, now), before) in out.iter_mut().zip(now).zip(before) {
            *out = (now - before) * inverse;
        }
        usable
    }
}

/// The projection `P` and its two settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// The step `η > 0`.
    pub step: f32,
    /// The largest `|β|`, in `[0, 1)`: below one, a variable cannot be turned around.
    pub limit: f32,
}

impl Default for Projection {
    fn default() -> Self {
        Self { step: 0.3, limit: 0.9 }
    }
}

impl Projection {
    /// `β = −η c`, clipped to `±limit`; zero for a coefficient that is not a number.
    pub fn factor(self, coefficient: f64) -> f32 {
        let factor = -f64::from(self.step) * coefficient;
        if factor.is_nan() { 0.0 } else { single(factor).clamp(-self.limit, self.limit) }
    }

    /// `x̂ = x⁺ + β x`: adds to the new value (or block of values) `next` its share of the value
    /// `before` the step.
    pub fn apply(next: &mut [f32], before: &[f32], factor: f32) {
        for (next, before) in next.iter_mut().zip(before) {
            *next += factor * before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Jacobian, Projection};

    #[test]
    fn the_difference_is_exact_for_a_linear_partner() {
        let slope = [2.0_f32, -4.0, 0.0];
        let at = |x: f32| slope.map(|s| s * x + 1.0);
        let mut out = [7.0; 3];
        assert!(Jacobian::default().difference(&at(0.5), &at(0.25), 0.25, &mut out));
        assert_eq!(out.map(f32::to_bits), slope.map(f32::to_bits));
    }

    #[test]
    fn a_small_or_undefined_step_switches_the_jacobian_off() {
        for step in [0.0, 1e-5, -1e-5, f32::NAN] {
            let mut out = [7.0; 2];
            assert!(!Jacobian::default().difference(&[1.0, 2.0], &[0.0, 0.0], step, &mut out));
            assert!(out.iter().all(|slope| slope.abs() < f32::EPSILON));
        }
    }

    #[test]
    fn factors_are_clipped_and_oppose_the_coefficient() {
        let projection = Projection::default();
        assert!((projection.factor(1.0) + 0.3).abs() < 1e-6);
        assert!((projection.factor(-100.0) - 0.9).abs() < 1e-6);
        assert!(projection.factor(f64::NAN).abs() < f32::EPSILON);
    }

    #[test]
    fn applying_adds_the_share_of_the_value_before() {
        let mut next = [1.0_f32, 2.0];
        Projection::apply(&mut next, &[10.0, -10.0], 0.5);
        assert_eq!(next.map(f32::to_bits), [6.0_f32, -3.0].map(f32::to_bits));
    }
}
