//! The kernel `K` that measures how a gradient and a Jacobian agree.

use serde::{Deserialize, Serialize};

use crate::numerics::norms::{inner_product, sum_of_squares};

/// The kernel of the projection: the inner product (2020) or a power of it (2021).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kernel {
    /// `K(u, v) = ⟨u, v⟩`.
    Linear,
    /// `K(u, v) = ⟨u, v⟩ᵏ`.
    Polynomial {
        /// The power `k`, at least one.
        degree: u8,
    },
}

impl Kernel {
    /// `K(u, v)` for vectors of equal length.
    pub fn evaluate(self, u: &[f32], v: &[f32]) -> f64 {
        self.of_inner_product(inner_product(u, v))
    }

    /// `K(u / ‖u‖, v / ‖v‖)`, in `[-1, 1]`; zero if either vector is zero.
    ///
    /// Without the normalisation the coefficient depends on the scale of the data and of the
    /// step, and the projection is unstable.
    pub fn alignment(self, u: &[f32], v: &[f32]) -> f64 {
        let lengths = (sum_of_squares(u) * sum_of_squares(v)).sqrt();
        if lengths > 0.0 {
            self.of_inner_product((inner_product(u, v) / lengths).clamp(-1.0, 1.0))
        } else {
            0.0
        }
    }

    /// Whether `K(u, -v) = -K(u, v)`: an odd kernel keeps the sign of the Jacobian, an even one
    /// is blind to it.
    pub fn is_odd(self) -> bool {
        match self {
            Self::Linear => true,
            Self::Polynomial { degree } => !degree.is_multiple_of(2),
        }
    }

    fn of_inner_product(self, product: f64) -> f64 {
        match self {
            Self::Linear => product,
            Self::Polynomial { degree } => product.powi(i32::from(degree)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kernel;

    const U: [f32; 3] = [1.0, -2.0, 0.5];
    const V: [f32; 3] = [0.25, 1.0, 4.0];

    #[test]
    fn the_polynomial_kernel_is_a_power_of_the_linear_one() {
        assert!((Kernel::Linear.evaluate(&U, &V) - 0.25).abs() < 1e-12);
        assert!((Kernel::Polynomial { degree: 3 }.evaluate(&U, &V) - 0.015_625).abs() < 1e-12);
    }

    #[test]
    fn alignment_ignores_the_lengths_of_its_arguments() {
        let long = U.map(|u| u * 1000.0);
        let kernel = Kernel::Polynomial { degree: 2 };
        assert!((kernel.alignment(&U, &V) - kernel.alignment(&long, &V)).abs() < 1e-9);
        assert!((Kernel::Linear.alignment(&U, &long) - 1.0).abs() < 1e-9);
        assert!(Kernel::Linear.alignment(&U, &[0.0; 3]).abs() < 1e-12);
    }

    #[test]
    fn only_odd_kernels_change_sign_with_the_jacobian() {
        let opposite = V.map(|v| -v);
        let powers = [2, 3].map(|degree| Kernel::Polynomial { degree });
        for kernel in [Kernel::Linear, powers[0], powers[1]] {
            let flips = kernel.evaluate(&U, &V) * kernel.evaluate(&U, &opposite) < 0.0;
            assert_eq!(kernel.is_odd(), flips, "{kernel:?}");
        }
    }
}
