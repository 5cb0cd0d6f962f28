//! A dense bilinear solver: the worked example of the method, and an oracle for faster code.

use crate::numerics::norms::{inner_product, single, sum_of_magnitudes, sum_of_squares};
use crate::numerics::prox::{project_to_unit_ball, soft_threshold};

use super::{CogdError, Gate, Jacobian, Kernel, Projection, Schedule};

/// `min ‖b − A x‖² + λ ‖x‖₁` over `A` (with `‖aⱼ‖₂ ≤ 1`) and `x`.
#[derive(Clone, Debug)]
pub struct BilinearProblem {
    /// The data `b`, of length `M`.
    pub data: Vec<f32>,
    /// The weight `λ ≥ 0` of the sparsity term.
    pub lambda: f32,
}

/// How to descend.
#[derive(Clone, Copy, Debug)]
pub struct BilinearSettings {
    /// Number of iterations `T`.
    pub iterations: usize,
    /// Step size of both variables.
    pub rate: f32,
    /// The projection with its kernel and gate; `None` is plain proximal gradient descent.
    pub cogradient: Option<(Projection, Kernel, Schedule)>,
    /// The guard of the Jacobian.
    pub jacobian: Jacobian,
}

/// One iterate.
#[derive(Clone, Debug)]
pub struct BilinearStep {
    /// The objective at the start of the iteration.
    pub objective: f64,
    /// `‖∂G/∂aⱼ‖₂` for every column, at the start of the iteration.
    pub partner_gradients: Vec<f64>,
    /// The sparse variable `x` after the iteration, of length `N`.
    pub sparse: Vec<f32>,
    /// The factors `β` that were applied; zero where the gate was shut.
    pub factors: Vec<f32>,
}

/// Descends from `columns` (`A`, shape `(N, M)`: one column after the other) and `sparse` (`x`,
/// length `N`), both of which end at the last iterate. Returns every iterate.
///
/// # Errors
/// [`CogdError::Length`] if the shapes do not fit; [`CogdError::NotFinite`] if the input or an
/// iterate leaves the reals.
pub fn descend(
    problem: &BilinearProblem,
    settings: &BilinearSettings,
    columns: &mut [f32],
    sparse: &mut [f32],
) -> Result<Vec<BilinearStep>, CogdError> {
    let rows = problem.data.len();
    let expected = rows * sparse.len();
    if columns.len() != expected || expected == 0 {
        return Err(CogdError::Length { what: "the matrix", expected, actual: columns.len() });
    }
    for (what, values) in [("the data", &problem.data[..]), ("the matrix", columns), ("x", sparse)]
    {
        if values.iter().any(|v| !v.is_finite()) {
            return Err(CogdError::NotFinite { what });
        }
    }
    let mut gate = Gate::default();
    let mut jacobian = vec![0.0; rows];
    let mut trace = Vec::with_capacity(settings.iterations);
    for iteration in 0..settings.iterations {
        let (columns_before, sparse_before) = (columns.to_vec(), sparse.to_vec());
        let gradient = residual_gradient(problem, columns, sparse);
        let objective =
            sum_of_squares(&gradient) / 4.0 + f64::from(problem.lambda) * sum_of_magnitudes(sparse);
        if !objective.is_finite() {
            return Err(CogdError::NotFinite { what: "an iterate" });
        }
        let length = sum_of_squares(&gradient).sqrt();
        let partner_gradients =
            sparse.iter().map(|&x| f64::from(x.abs()) * length).collect::<Vec<_>>();

        for (x, column) in sparse.iter_mut().zip(columns.chunks_exact(rows)) {
            let slope = single(inner_product(column, &gradient));
            *x = soft_threshold(*x - settings.rate * slope, settings.rate * problem.lambda);
        }
        for (column, &x) in columns.chunks_exact_mut(rows).zip(&sparse_before) {
            for (a, g) in column.iter_mut().zip(&gradient) {
                *a -= settings.rate * x * g;
            }
            project_to_unit_ball(column);
        }

        let mut factors = vec![0.0; sparse.len()];
        if let Some((projection, kernel, schedule)) = settings.cogradient {
            let sizes: Vec<f32> = sparse.iter().map(|x| x.abs()).collect();
            let norms: Vec<f32> =
                columns.chunks_exact(rows).map(|a| single(sum_of_squares(a).sqrt())).collect();
            let fraction = schedule.fraction(iteration, settings.iterations);
            let open = gate.select(&sizes, &norms, fraction);
            for j in (0..sparse.len()).filter(|&j| open[j]) {
                let column = j * rows..(j + 1) * rows;
                let step = sparse[j] - sparse_before[j];
                let (now, before) = (&columns[column.clone()], &columns_before[column]);
                if settings.jacobian.difference(now, before, step, &mut jacobian) {
                    factors[j] = projection.factor(kernel.evaluate(&gradient, &jacobian));
                    sparse[j] += factors[j] * sparse_before[j];
                }
            }
        }
        trace.push(BilinearStep { objective, partner_gradients, sparse: sparse.to_vec(), factors });
    }
    Ok(trace)
}

/// `g = 2 (A x − b)`.
fn residual_gradient(problem: &BilinearProblem, columns: &[f32], sparse: &[f32]) -> Vec<f32> {
    let mut gradient: Vec<f32> = problem.data.iter().map(|b| -2.0 * b).collect();
    for (column, x) in columns.chunks_exact(problem.data.len()).zip(sparse) {
        for (g, a) in gradient.iter_mut().zip(column) {
            *g += 2.0 * x * a;
        }
    }
    gradient
}

#[cfg(test)]
mod tests;
