use super::{BilinearProblem, BilinearSettings, BilinearStep, descend, residual_gradient};
use crate::cogd::{CogdError, Jacobian, Kernel, Projection, Saddle, Schedule};
use crate::numerics::Random;

const ROWS: usize = 12;
const COLUMNS: usize = 3;

fn noise(random: &mut Random, len: usize) -> Vec<f32> {
    (0..len).map(|_| 0.3 * random.normal()).collect()
}

/// The matrix, stored column by column.
type Columns = Vec<f32>;

fn random_problem(seed: u64) -> (BilinearProblem, Columns, Vec<f32>) {
    let mut random = Random::seeded(seed);
    let problem = BilinearProblem { data: noise(&mut random, ROWS), lambda: 0.05 };
    let columns = noise(&mut random, ROWS * COLUMNS);
    let sparse = noise(&mut random, COLUMNS);
    (problem, columns, sparse)
}

fn settings(kernel: Option<Kernel>) -> BilinearSettings {
    let cogradient = kernel.map(|k| (Projection::default(), k, Schedule { start: 1.0 }));
    BilinearSettings { iterations: 4, rate: 0.05, cogradient, jacobian: Jacobian::default() }
}

/// One iteration, written from the equations in double precision, index by index.
fn slow_step(
    problem: &BilinearProblem,
    rate: f64,
    kernel: Option<Kernel>,
    columns: &mut [f64],
    sparse: &mut [f64],
    allowed: &dyn Fn(&[f64]) -> Vec<bool>,
) {
    let (a, x) = (columns.to_vec(), sparse.to_vec());
    let mut g = [0.0; ROWS];
    for i in 0..ROWS {
        for j in 0..COLUMNS {
            g[i] += 2.0 * a[j * ROWS + i] * x[j];
        }
        g[i] -= 2.0 * f64::from(problem.data[i]);
    }
    for j in 0..COLUMNS {
        let slope: f64 = (0..ROWS).map(|i| a[j * ROWS + i] * g[i]).sum();
        let moved = x[j] - rate * slope;
        let threshold = rate * f64::from(problem.lambda);
        sparse[j] = moved.signum() * (moved.abs() - threshold).max(0.0);
        let column = &mut columns[j * ROWS..(j + 1) * ROWS];
        for i in 0..ROWS {
            column[i] -= rate * x[j] * g[i];
        }
        let norm = column.iter().map(|v| v * v).sum::<f64>().sqrt().max(1.0);
        for v in column.iter_mut() {
            *v /= norm;
        }
    }
    let Some(kernel) = kernel else { return };
    let open = allowed(sparse);
    for j in 0..COLUMNS {
        let step = sparse[j] - x[j];
        if !open[j] || step.abs() <= f64::from(Jacobian::default().smallest_step) {
            continue;
        }
        let product: f64 =
            (0..ROWS).map(|i| g[i] * (columns[j * ROWS + i] - a[j * ROWS + i]) / step).sum();
        let c = match kernel {
            Kernel::Linear => product,
            Kernel::Polynomial { degree } => product.powi(i32::from(degree)),
        };
        sparse[j] += (-0.3 * c).clamp(-0.9, 0.9) * x[j];
    }
}

#[test]
fn the_projection_agrees_with_a_slow_reference_written_from_the_equations() {
    for kernel in [None, Some(Kernel::Linear), Some(Kernel::Polynomial { degree: 2 })] {
        for seed in 0..20 {
            let (problem, mut columns, mut sparse) = random_problem(seed);
            let mut slow_columns: Vec<f64> = columns.iter().map(|&v| f64::from(v)).collect();
            let mut slow_sparse: Vec<f64> = sparse.iter().map(|&v| f64::from(v)).collect();
            // One iteration with the gate wide open: beyond it, a threshold crossed by one and
            // not by the other would compare decisions, not arithmetic.
            let once = BilinearSettings { iterations: 1, ..settings(kernel) };
            descend(&problem, &once, &mut columns, &mut sparse).unwrap();
            let all = |_: &[f64]| vec![true; COLUMNS];
            let (a, x) = (&mut slow_columns, &mut slow_sparse);
            slow_step(&problem, 0.05_f32.into(), kernel, a, x, &all);
            for (fast, slow) in sparse.iter().zip(&slow_sparse) {
                assert!((f64::from(*fast) - slow).abs() < 1e-5 * (1.0 + slow.abs()), "{seed}");
            }
            for (fast, slow) in columns.iter().zip(&slow_columns) {
                assert!((f64::from(*fast) - slow).abs() < 1e-5, "{seed}");
            }
        }
    }
}

#[test]
fn the_gradient_agrees_with_finite_differences() {
    let (problem, columns, sparse) = random_problem(3);
    let objective = |a: &[f32], x: &[f32]| {
        let g = residual_gradient(&problem, a, x);
        g.iter().map(|&v| f64::from(v) * f64::from(v) / 4.0).sum::<f64>()
    };
    let g = residual_gradient(&problem, &columns, &sparse);
    let step = 1e-2_f32;
    for j in 0..COLUMNS {
        let mut up = sparse.clone();
        let mut down = sparse.clone();
        up[j] += step;
        down[j] -= step;
        let numeric = (objective(&columns, &up) - objective(&columns, &down)) / 0.02;
        let exact: f32 = (0..ROWS).map(|i| columns[j * ROWS + i] * g[i]).sum();
        // The objective is quadratic, so only rounding separates the two.
        assert!((numeric - f64::from(exact)).abs() < 1e-4, "{numeric} {exact}");
    }
}

fn run_saddle(cogradient: bool) -> Vec<BilinearStep> {
    let mut saddle = Saddle::new();
    let settings = Saddle::settings(cogradient);
    descend(&saddle.problem, &settings, &mut saddle.columns, &mut saddle.sparse).unwrap()
}

#[test]
fn plain_descent_starves_the_partner_gradient_and_the_projection_does_not() {
    let (plain, coupled) = (run_saddle(false), run_saddle(true));
    let largest = |step: &BilinearStep| step.partner_gradients.iter().copied().fold(0.0, f64::max);
    // Both start at the same saddle, where hardly any gradient reaches the columns.
    assert!((largest(&plain[0]) - largest(&coupled[0])).abs() < 1e-9);
    assert!(largest(&plain[0]) < 0.003);
    // A tenth of the way on, plain descent is still there.
    assert!(largest(&plain[40]) < 0.05, "{}", largest(&plain[40]));
    assert!(largest(&coupled[40]) > 0.25, "{}", largest(&coupled[40]));
    assert!(coupled[399].objective < 0.75 * plain[399].objective);
}

#[test]
fn wrong_shapes_and_values_are_refused() {
    let (problem, mut columns, mut sparse) = random_problem(1);
    let short = descend(&problem, &settings(None), &mut columns[1..], &mut sparse);
    let (expected, actual) = (ROWS * COLUMNS, ROWS * COLUMNS - 1);
    assert_eq!(short.err(), Some(CogdError::Length { what: "the matrix", expected, actual }));
    sparse[0] = f32::NAN;
    let poisoned = descend(&problem, &settings(None), &mut columns, &mut sparse);
    assert_eq!(poisoned.err(), Some(CogdError::NotFinite { what: "x" }));
}
