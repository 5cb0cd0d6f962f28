//! The figures of the documentation.

use crate::cogd::{Saddle, descend};

use super::comparison::Comparison;
use super::experiment::{BenchError, Point};
use super::paper::name;
use super::plot::{Line, Scale, draw};

/// A drawn figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Name of the file.
    pub file: String,
    /// The picture.
    pub svg: String,
}

/// Objective and PSNR over CPU time, first seed of every method.
///
/// # Errors
/// [`BenchError::Figure`] if there is nothing to draw.
pub fn comparison_figures(comparison: &Comparison) -> Result<Vec<Figure>, BenchError> {
    let stem = format!("{}-{}", comparison.set, name(comparison.assignment));
    let lines = |value: fn(&Point) -> f64| {
        let runs = comparison.methods.iter().zip(&comparison.runs);
        let line = |(method, runs): (&super::Method, &Vec<Vec<Point>>)| Line {
            name: method.name.clone(),
            points: runs.iter().take(1).flatten().map(|p| (p.cpu_s, value(p))).collect(),
        };
        runs.map(line).collect::<Vec<_>>()
    };
    let title = format!("{}, {}", comparison.set, name(comparison.assignment));
    let axes = |vertical| ("CPU seconds", vertical);
    let objective = draw(&title, axes("objective"), Scale::Logarithmic, &lines(|p| p.objective))?;
    let psnr = draw(&title, axes("PSNR (dB)"), Scale::Linear, &lines(|p| p.psnr))?;
    Ok(vec![
        Figure { file: format!("{stem}-objective.svg"), svg: objective },
        Figure { file: format!("{stem}-psnr.svg"), svg: psnr },
    ])
}

/// The worked example of [`crate::cogd`]: the largest partner gradient over the iterations.
///
/// # Errors
/// [`BenchError::Figure`] if the library fails.
pub fn saddle_figure() -> Result<Figure, BenchError> {
    let line = |name: &str, cogradient| {
        let mut start = Saddle::new();
        let settings = Saddle::settings(cogradient);
        let trace = descend(&start.problem, &settings, &mut start.columns, &mut start.sparse)
            .map_err(|error| BenchError::Figure { reason: error.to_string() })?;
        let largest = |gradients: &[f64]| gradients.iter().copied().fold(1e-6, f64::max);
        let points = trace.iter().enumerate();
        let points = points.map(|(t, step)| (t as f64, largest(&step.partner_gradients))).collect();
        Ok::<_, BenchError>(Line { name: name.to_owned(), points })
    };
    let lines = [line("plain gradient descent", false)?, line("Cogradient Descent", true)?];
    let axes = ("iteration", "largest partner gradient");
    let svg = draw("Leaving a saddle", axes, Scale::Logarithmic, &lines)?;
    Ok(Figure { file: "saddle.svg".to_owned(), svg })
}
