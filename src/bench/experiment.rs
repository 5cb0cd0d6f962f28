//! One run of dictionary learning, measured as it goes.

use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};

use crate::csc::learn::{LearnError, LearnParameters, Learner, TrainingImage};
use crate::imaging::ImagingError;
use crate::imaging::quality::{psnr, ssim};
use crate::numerics::{Plane, Random, Threads};

use super::published_metric::{published_psnr, published_ssim};

/// What is asked of the learner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignment {
    /// All pixels are known; the code has to explain them.
    Reconstruction,
    /// Three quarters of the pixels are known and kept; the code fills in the rest.
    Inpainting,
}

impl Assignment {
    /// Share of the pixels that are known in [`Self::Inpainting`].
    pub const KEPT: f32 = 0.75;
}

/// Measurements after some outer iteration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Outer iterations done.
    pub iteration: usize,
    /// CPU seconds spent on learning so far, over all threads, without measuring.
    pub cpu_s: f64,
    /// The objective.
    pub objective: f64,
    /// Share of the coefficients that are not zero.
    pub density: f64,
    /// Mean PSNR over the images in dB: range 1, known pixels restored when inpainting.
    pub psnr: f64,
    /// Mean SSIM over the images; only at the last point, for its cost.
    pub ssim: Option<f64>,
    /// Mean PSNR of the paper's code on the normalised signal, in dB.
    pub published_psnr: f64,
    /// Mean SSIM of the paper's code on the normalised signal.
    pub published_ssim: f64,
}

/// A measurement that could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// Learning failed.
    #[error("dictionary learning failed")]
    Learn(#[from] LearnError),
    /// Two pictures could not be compared.
    #[error("the result could not be compared with the truth")]
    Compare(#[from] ImagingError),
    /// The restoration solver failed.
    #[error("the restoration solver failed")]
    Restore(#[from] crate::csc::CscError),
    /// A figure could not be drawn.
    #[error("the figure could not be drawn: {reason}")]
    Figure {
        /// What the plotting library said.
        reason: String,
    },
}

/// The images with a mask for each, drawn from `seed`.
pub fn mask_images(images: &[Plane<f32>], assignment: Assignment, seed: u64) -> Vec<TrainingImage> {
    let mut random = Random::seeded(seed);
    let hide = |image: &Plane<f32>| TrainingImage {
        samples: image.clone(),
        known: (assignment == Assignment::Inpainting).then(|| {
            Plane::from_fn(image.height(), image.width(), |_, _| random.unit() < Assignment::KEPT)
        }),
    };
    images.iter().map(hide).collect()
}

/// Learns on masked images with one thread and measures against the whole ones after every outer iteration.
///
/// # Errors
/// [`BenchError`] if learning or comparing fails.
pub fn measure_learning(
    images: &[Plane<f32>],
    masked: &[TrainingImage],
    parameters: &LearnParameters,
) -> Result<Vec<Point>, BenchError> {
    let mut spent = 0.0;
    let start = ProcessTime::now();
    let mut learner = Learner::new(masked, parameters.clone(), &Threads::single())?;
    spent += start.elapsed().as_secs_f64();
    let mut points = Vec::with_capacity(parameters.iterations);
    for iteration in 1..=parameters.iterations {
        let start = ProcessTime::now();
        let report = learner.advance()?;
        spent += start.elapsed().as_secs_f64();
        let last = iteration == parameters.iterations;
        let mut point = Point {
            iteration,
            cpu_s: spent,
            objective: report.objective,
            density: report.density,
            psnr: 0.0,
            ssim: last.then_some(0.0),
            published_psnr: 0.0,
            published_ssim: 0.0,
        };
        let share = 1.0 / images.len() as f64;
        for (index, (truth, masked)) in images.iter().zip(masked).enumerate() {
            let (signal, mut image) = learner.reconstruct(index);
            if let Some(known) = &masked.known {
                keep_known(truth, known, &mut image);
            }
            let expected = learner.normalize(index, truth);
            point.psnr += share * psnr(truth, &image)?;
            point.published_psnr += share * published_psnr(&expected, &signal);
            point.published_ssim += share * published_ssim(&expected, &signal);
            if let Some(sum) = &mut point.ssim {
                *sum += share * ssim(truth, &image)?;
            }
        }
        points.push(point);
    }
    Ok(points)
}

fn keep_known(truth: &Plane<f32>, known: &Plane<bool>, image: &mut Plane<f32>) {
    let pairs = truth.as_slice().iter().zip(known.as_slice());
    for (value, (truth, known)) in image.as_mut_slice().iter_mut().zip(pairs) {
        *value = if *known { *truth } else { value.clamp(0.0, 1.0) };
    }
}
