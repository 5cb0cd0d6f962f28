//! Several learners on the same images, masks and starts, told apart seed by seed.

use std::fmt::Write as _;

use serde::Serialize;

use crate::csc::learn::LearnParameters;
use crate::numerics::Plane;

use super::experiment::{Assignment, BenchError, Point, mask_images, measure_learning};

/// A named set of images.
#[derive(Clone, Debug)]
pub struct ImageSet {
    /// Its name in tables.
    pub name: String,
    /// Grey images of one size, in `[0, 1]`.
    pub images: Vec<Plane<f32>>,
}

/// A named learner.
#[derive(Clone, Debug, Serialize)]
pub struct Method {
    /// Its name in tables.
    pub name: String,
    /// Its settings; the seed is replaced.
    pub parameters: LearnParameters,
}

/// All runs of all methods on one set and assignment.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Name of the image set.
    pub set: String,
    /// What was asked.
    pub assignment: Assignment,
    /// The methods; every other one is compared with the first.
    pub methods: Vec<Method>,
    /// The seeds; a seed fixes first filters and masks.
    pub seeds: Vec<u64>,
    /// `runs[method][seed]`: measurements after every iteration.
    pub runs: Vec<Vec<Vec<Point>>>,
}

impl Comparison {
    /// Runs every method with every seed.
    ///
    /// # Errors
    /// [`BenchError`] if a run fails.
    pub fn run(
        set: &ImageSet,
        assignment: Assignment,
        methods: &[Method],
        seeds: &[u64],
    ) -> Result<Self, BenchError> {
        let run = |method: &Method| {
            let with_seed = |&seed: &u64| {
                let parameters = LearnParameters { seed, ..method.parameters.clone() };
                measure_learning(
                    &set.images,
                    &mask_images(&set.images, assignment, seed),
                    &parameters,
                )
            };
            seeds.iter().map(with_seed).collect::<Result<Vec<_>, _>>()
        };
        let runs = methods.iter().map(run).collect::<Result<_, _>>()?;
        let (methods, seeds) = (methods.to_vec(), seeds.to_vec());
        Ok(Self { set: set.name.clone(), assignment, methods, seeds, runs })
    }

    /// The table of results: levels of every method, and its differences to the first, at equal
    /// iterations and at the CPU time of the first. Each is the mean over the seeds, with the
    /// standard deviation of the paired differences.
    pub fn markdown(&self) -> String {
        let mut table = String::from(
            "| method | objective | PSNR dB | SSIM | psnr_bt | ssim_bt | CPU s | Δ objective % | \
             Δ PSNR dB | Δ objective %, equal time | Δ PSNR dB, equal time |\n\
             |---|---|---|---|---|---|---|---|---|---|---|\n",
        );
        for (index, (method, runs)) in self.methods.iter().zip(&self.runs).enumerate() {
            let ends: Vec<Point> = runs.iter().filter_map(|run| run.last().copied()).collect();
            let level = |value: fn(&Point) -> f64| spread(ends.iter().map(value)).0;
            let _ = write!(
                table,
                "| {} | {:.2} | {:.2} | {:.4} | {:.2} | {:.3} | {:.1} |",
                method.name,
                level(|p| p.objective),
                level(|p| p.psnr),
                level(|p| p.ssim.unwrap_or(f64::NAN)),
                level(|p| p.published_psnr),
                level(|p| p.published_ssim),
                level(|p| p.cpu_s),
            );
            if index == 0 {
                table.push_str(" | | | |\n");
                continue;
            }
            let pairs = || self.runs[0].iter().zip(runs);
            let columns: [(Vec<f64>, usize); 4] = [
                (pairs().filter_map(|(a, b)| objective_change(a, b, false)).collect(), 2),
                (pairs().filter_map(|(a, b)| psnr_change(a, b, false)).collect(), 3),
                (pairs().filter_map(|(a, b)| objective_change(a, b, true)).collect(), 2),
                (pairs().filter_map(|(a, b)| psnr_change(a, b, true)).collect(), 3),
            ];
            for (values, digits) in columns {
                let (mean, deviation) = spread(values.into_iter());
                let _ = write!(table, " {mean:+.digits$} ± {deviation:.digits$} |");
            }
            table.push('\n');
        }
        table
    }
}

/// Change of the objective in percent, at the end or at the CPU time of the first run.
fn objective_change(first: &[Point], other: &[Point], equal_time: bool) -> Option<f64> {
    let (a, b) = paired(first, other, equal_time, |p| p.objective)?;
    Some(100.0 * (b / a - 1.0))
}

fn psnr_change(first: &[Point], other: &[Point], equal_time: bool) -> Option<f64> {
    let (a, b) = paired(first, other, equal_time, |p| p.psnr)?;
    Some(b - a)
}

/// The two values to compare. At equal time the faster run counts up to the end of the slower,
/// and the slower is interpolated.
fn paired(
    first: &[Point],
    other: &[Point],
    equal_time: bool,
    value: impl Fn(&Point) -> f64,
) -> Option<(f64, f64)> {
    let (first_end, other_end) = (first.last()?, other.last()?);
    if !equal_time {
        return Some((value(first_end), value(other_end)));
    }
    let time = first_end.cpu_s.min(other_end.cpu_s);
    Some((at_time(first, time, &value)?, at_time(other, time, &value)?))
}

fn at_time(run: &[Point], time: f64, value: impl Fn(&Point) -> f64) -> Option<f64> {
    let after = run.iter().position(|point| point.cpu_s >= time)?;
    let late = &run[after];
    let Some(early) = after.checked_sub(1).map(|before| &run[before]) else {
        return Some(value(late));
    };
    let share = (time - early.cpu_s) / (late.cpu_s - early.cpu_s);
    Some(value(early) + share * (value(late) - value(early)))
}

/// Mean and standard deviation (of a sample).
pub(super) fn spread(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    (mean, (squares / (count - 1.0).max(1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::{Point, at_time, objective_change, spread};

    fn run(times: [f64; 3]) -> Vec<Point> {
        let point = |(iteration, cpu_s): (usize, f64)| Point {
            iteration,
            cpu_s,
            objective: 100.0 - 10.0 * iteration as f64,
            density: 0.0,
            psnr: 30.0,
            ssim: None,
            published_psnr: 0.0,
            published_ssim: 0.0,
        };
        times.into_iter().enumerate().map(point).collect()
    }

    #[test]
    fn values_between_iterations_are_interpolated() {
        let value = at_time(&run([1.0, 2.0, 3.0]), 1.5, |p| p.objective);
        assert!((value.unwrap() - 95.0).abs() < 1e-9);
        assert!(at_time(&run([1.0, 2.0, 3.0]), 4.0, |p| p.objective).is_none());
    }

    #[test]
    fn a_slower_run_is_behind_at_equal_time_only() {
        let (fast, slow) = (run([1.0, 2.0, 3.0]), run([1.0, 3.0, 5.0]));
        assert!(objective_change(&fast, &slow, false).unwrap().abs() < 1e-9);
        // At three seconds the fast run stands at 80, the slow one at 90.
        assert!((objective_change(&fast, &slow, true).unwrap() - 12.5).abs() < 1e-9);
    }

    #[test]
    fn the_spread_is_that_of_a_sample() {
        let (mean, deviation) = spread([1.0, 2.0, 3.0].into_iter());
        assert!((mean - 2.0).abs() < 1e-12 && (deviation - 1.0).abs() < 1e-12);
    }
}
