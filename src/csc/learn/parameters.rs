//! What to learn and how.

use serde::{Deserialize, Serialize};

use crate::cogd::{Kernel, Projection, Schedule};

use super::{LearnError, Normalization};

/// Settings of a [`super::Learner`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LearnParameters {
    /// Number of filters `K`.
    pub filters: usize,
    /// Side `s` of the filters in pixels.
    pub support: usize,
    /// Penalty of the codes.
    pub sparsity: Sparsity,
    /// Outer iterations `T`, at most.
    pub iterations: usize,
    /// Stop early once the objective changes by less than this share of itself in an outer
    /// iteration; zero never does.
    pub tolerance: f64,
    /// Accelerated steps on the codes in each outer iteration.
    pub code_steps: usize,
    /// Accelerated steps on the filters in each outer iteration.
    pub filter_steps: usize,
    /// How long the codes keep their momentum.
    pub acceleration: Acceleration,
    /// How the filters are constrained.
    pub filter_set: FilterSet,
    /// What lies beyond the edge of an image.
    pub boundary: Boundary,
    /// What is taken from the images before they are coded.
    pub normalization: Normalization,
    /// The coupling of codes and filters; `None` is plain alternating descent.
    pub coupling: Option<Coupling>,
    /// Seed of the first filters and of the random control.
    pub seed: u64,
}

impl Default for LearnParameters {
    fn default() -> Self {
        Self {
            filters: 32,
            support: 11,
            sparsity: Sparsity::L1 { lambda: 0.2 },
            iterations: 40,
            tolerance: 0.0,
            code_steps: 3,
            filter_steps: 3,
            acceleration: Acceleration::Carried,
            filter_set: FilterSet::UnitBall,
            boundary: Boundary::Unknown,
            normalization: Normalization::LOCAL_CONTRAST,
            coupling: None,
            seed: 0,
        }
    }
}

/// The penalty of the codes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sparsity {
    /// `λ ‖z‖₁`.
    L1 {
        /// The weight, in units of the normalised signal.
        lambda: f32,
    },
    /// Hard thresholds that fall geometrically from the first iteration to the last: an
    /// `ℓ₀` penalty by continuation. The objective then counts `½ threshold² ‖z‖₀` and may rise.
    FallingThreshold {
        /// The first threshold, in units of the normalised signal.
        first: f32,
        /// The last threshold.
        last: f32,
    },
}

/// How long the codes keep the momentum of accelerated proximal gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acceleration {
    /// Every outer iteration starts without momentum, as in the published comparisons.
    WithinBlock,
    /// Momentum goes on from one outer iteration to the next, until it would raise the objective.
    /// Costs `4 K` bytes more for every pixel.
    Carried,
}

/// The constraint on the filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterSet {
    /// `‖dₖ‖₂ ≤ 1`.
    UnitBall,
    /// `dₖ = u vᵀ` and `‖dₖ‖₂ ≤ 1`: two one-dimensional convolutions instead of one in two.
    Separable,
}

/// What lies beyond the edge of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// Hidden pixels: the plane is enlarged by at least a filter's side and the mask is zero
    /// there, so that opposite edges do not meet.
    Unknown,
    /// The opposite edge. The plane keeps the size of the image.
    Periodic,
}

/// Cogradient Descent between codes and filters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coupling {
    /// Which variable is projected, and how.
    pub form: CouplingForm,
    /// The kernel of the coefficient.
    pub kernel: Kernel,
    /// Step and limit of the projection.
    pub projection: Projection,
    /// The fraction of pairs that may qualify.
    pub schedule: Schedule,
}

impl Coupling {
    /// The form with the published kernel and the settings that measured best.
    pub fn new(form: CouplingForm, kernel: Kernel) -> Self {
        let (projection, schedule) = (Projection::default(), Schedule::default());
        Self { form, kernel, projection, schedule }
    }
}

/// The forms of coupling that were measured; `docs/results-cogd.md` compares them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CouplingForm {
    /// One factor per image and map: `zₙₖ ← zₙₖ + βₙₖ zₙₖ(before)`.
    MapsWithFilters,
    /// One factor per filter: `dₖ ← dₖ + βₖ dₖ(before)`, then back into the unit ball.
    FiltersWithMaps,
    /// As `MapsWithFilters`, but every element has the sign of its own change, and the whole
    /// correction is at most a quarter of the step it corrects.
    ElementsWithFilters,
    /// The factor acts on the threshold of the map in the next iteration: `λ (1 − βₙₖ)`.
    ThresholdsWithFilters,
    /// The factor acts on the argument of the next proximal step instead of on its result.
    BeforeProximalStep,
    /// Qualifying maps keep their momentum from one outer iteration to the next.
    MomentumOfMaps,
    /// For separable filters: the vertical factor `u` is coupled with the horizontal one, `v`.
    SeparableFactors,
    /// Control: the gate of `MapsWithFilters`, but a random factor.
    RandomControl,
    /// Control: the gate of `MapsWithFilters`, but only the sign of the change of `‖zₙₖ‖₁`,
    /// without gradient and kernel.
    SignControl,
}

impl LearnParameters {
    /// Checks every range.
    ///
    /// # Errors
    /// [`LearnError::Parameter`] for the first that is out of range.
    pub fn validate(&self) -> Result<(), LearnError> {
        let whole = |value: usize| value as f64;
        let (first, last) = match self.sparsity {
            Sparsity::L1 { lambda } => (lambda, lambda),
            Sparsity::FallingThreshold { first, last } => (first, last),
        };
        let steps = 1..=100;
        let sigma = match self.normalization {
            Normalization::None => 1.0,
            Normalization::LocalMean { sigma } | Normalization::LocalContrast { sigma } => sigma,
        };
        let separable = self.filter_set == FilterSet::Separable;
        let wants_separable =
            self.coupling.is_some_and(|c| c.form == CouplingForm::SeparableFactors);
        let checks = [
            ("filters", whole(self.filters), "1 to 1024", (1..=1024).contains(&self.filters)),
            ("support", whole(self.support), "2 to 64", (2..=64).contains(&self.support)),
            ("iterations", whole(self.iterations), "1 to 100000", {
                (1..=100_000).contains(&self.iterations)
            }),
            ("code_steps", whole(self.code_steps), "1 to 100", steps.contains(&self.code_steps)),
            ("filter_steps", whole(self.filter_steps), "1 to 100", {
                steps.contains(&self.filter_steps)
            }),
            ("tolerance", self.tolerance, "0 to 1", (0.0..=1.0).contains(&self.tolerance)),
            ("the window's sigma", sigma.into(), "finite and positive", {
                sigma.is_finite() && sigma > 0.0
            }),
            ("the penalty", first.into(), "finite and not negative", first >= 0.0),
            ("the last threshold", last.into(), "positive and at most the first", {
                let l1 = matches!(self.sparsity, Sparsity::L1 { .. });
                first.is_finite() && (l1 || (last > 0.0 && last <= first))
            }),
            (
                "separable coupling",
                1.0,
                "used with separable filters",
                separable || !wants_separable,
            ),
        ];
        match checks.into_iter().find(|check| !check.3) {
            Some((parameter, actual, limit, _)) => {
                Err(LearnError::Parameter { parameter, limit, actual })
            }
            None => Ok(()),
        }
    }
}
