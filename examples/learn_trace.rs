//! Learns a dictionary from a start given as JSON and prints objective and CPU time as JSON.
//!
//! This is the half of `benches/peers/sporco_learn.py` that runs cogd: both programs get the same
//! signal, mask, filters and penalty, with periodic edges.

use std::io::Read as _;

use cogd::csc::learn::{
    Boundary, LearnParameters, Learner, Normalization, Sparsity, TrainingImage,
};
use cogd::numerics::{Plane, Threads};
use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Start {
    height: usize,
    width: usize,
    /// Row by row, one image after the other.
    signals: Vec<Vec<f32>>,
    known: Vec<Vec<bool>>,
    /// Shape `(filters, support, support)`.
    taps: Vec<f32>,
    filters: usize,
    support: usize,
    lambda: f32,
    iterations: usize,
}

#[derive(Serialize)]
struct Trace {
    cpu_s: Vec<f64>,
    objective: Vec<f64>,
}

fn main() -> anyhow::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let start: Start = serde_json::from_str(&text)?;
    let plane = |values: &[f32]| Plane::from_vec(start.height, start.width, values.to_vec());
    let mask = |values: &[bool]| Plane::from_vec(start.height, start.width, values.to_vec());
    let pairs = start.signals.iter().zip(&start.known);
    let images = pairs.map(|(signal, known)| {
        Some(TrainingImage { samples: plane(signal)?, known: Some(mask(known)?) })
    });
    let images = images.collect::<Option<Vec<_>>>();
    let images = images.ok_or_else(|| anyhow::anyhow!("a signal has the wrong size"))?;
    let parameters = LearnParameters {
        filters: start.filters,
        support: start.support,
        sparsity: Sparsity::L1 { lambda: start.lambda },
        iterations: start.iterations,
        boundary: Boundary::Periodic,
        normalization: Normalization::None,
        ..LearnParameters::default()
    };
    let clock = ProcessTime::now();
    let mut learner = Learner::new(&images, parameters, &Threads::single())?;
    learner.set_filters(&start.taps)?;
    let mut trace = Trace { cpu_s: Vec::new(), objective: Vec::new() };
    for _ in 0..start.iterations {
        trace.objective.push(learner.advance()?.objective);
        trace.cpu_s.push(clock.elapsed().as_secs_f64());
    }
    serde_json::to_writer(std::io::stdout(), &trace)?;
    Ok(())
}
