//! The tables of the paper: Fruit and City, reconstruction and inpainting.

use std::fmt::Write as _;

use cpu_time::ProcessTime;
use serde::Serialize;

use crate::cogd::Kernel;
use crate::csc::learn::{
    Acceleration, Coupling, CouplingForm, LearnParameters, Learner, Sparsity, TrainingImage,
};
use crate::csc::{Dct8, InpaintParams, inpaint};
use crate::imaging::quality::{psnr, ssim};
use crate::numerics::{Plane, Threads, Unobserved};

use super::comparison::{Comparison, ImageSet, Method};
use super::experiment::{Assignment, BenchError, mask_images};
use super::published_metric::{published_psnr, published_ssim};

/// CPU seconds of an outer iteration of the authors' code in Octave, at the paper's size.
pub const OCTAVE_SECONDS: f64 = 43.0;

/// What the paper claims, by its own measures: (set, assignment, method, dB, SSIM).
pub const CLAIMED: [(&str, Assignment, &str, f64, f64); 8] = [
    ("fruit", Assignment::Reconstruction, "FFCSC", 26.70, 0.960),
    ("fruit", Assignment::Reconstruction, "CoGD", 27.60, 0.964),
    ("city", Assignment::Reconstruction, "FFCSC", 26.98, 0.962),
    ("city", Assignment::Reconstruction, "CoGD", 28.10, 0.964),
    ("fruit", Assignment::Inpainting, "FFCSC", 23.65, 0.900),
    ("fruit", Assignment::Inpainting, "CoGD", 25.31, 0.931),
    ("city", Assignment::Inpainting, "FFCSC", 24.31, 0.920),
    ("city", Assignment::Inpainting, "CoGD", 25.58, 0.931),
];

/// The size of an experiment.
#[derive(Clone, Debug)]
pub struct PaperPlan {
    /// Number of filters.
    pub filters: usize,
    /// Side of the filters.
    pub support: usize,
    /// Outer iterations.
    pub iterations: usize,
    /// Weight of the sparsity term, in units of the contrast-normalised signal.
    pub lambda: f32,
    /// Seeds of first filters and masks.
    pub seeds: Vec<u64>,
}

impl Default for PaperPlan {
    fn default() -> Self {
        Self { filters: 100, support: 11, iterations: 20, lambda: 0.2, seeds: vec![1, 2, 3] }
    }
}

/// The fixed-frame solver on the inpainting assignment: the best setting known.
#[derive(Clone, Debug, Serialize)]
pub struct BestSetting {
    /// Name of the image set.
    pub set: String,
    /// PSNR in dB, one a seed, mean over the images.
    pub psnr: Vec<f64>,
    /// SSIM, likewise.
    pub ssim: Vec<f64>,
    /// The paper's PSNR, likewise.
    pub published_psnr: Vec<f64>,
    /// The paper's SSIM, likewise.
    pub published_ssim: Vec<f64>,
    /// CPU seconds for all images, likewise.
    pub cpu_s: Vec<f64>,
}

/// All measurements for the paper's tables.
#[derive(Clone, Debug, Serialize)]
pub struct PaperReport {
    /// One for every set and assignment.
    pub comparisons: Vec<Comparison>,
    /// One for every set.
    pub best: Vec<BestSetting>,
}

impl PaperPlan {
    /// The learners that are compared; plain descent comes first.
    pub fn methods(&self) -> Vec<Method> {
        let base = LearnParameters {
            filters: self.filters,
            support: self.support,
            iterations: self.iterations,
            sparsity: Sparsity::L1 { lambda: self.lambda },
            acceleration: Acceleration::WithinBlock,
            ..LearnParameters::default()
        };
        let coupled = |form, kernel| LearnParameters {
            coupling: Some(Coupling::new(form, kernel)),
            ..base.clone()
        };
        let carried =
            |parameters| LearnParameters { acceleration: Acceleration::Carried, ..parameters };
        let maps = CouplingForm::MapsWithFilters;
        let methods = [
            ("plain", base.clone()),
            ("CoGD, linear kernel", coupled(maps, Kernel::Linear)),
            ("CoGD, polynomial kernel", coupled(maps, Kernel::Polynomial { degree: 2 })),
            ("control: random factors", coupled(CouplingForm::RandomControl, Kernel::Linear)),
            ("control: sign only", coupled(CouplingForm::SignControl, Kernel::Linear)),
            ("plain, momentum carried on", carried(base.clone())),
            ("CoGD, linear, momentum carried on", carried(coupled(maps, Kernel::Linear))),
        ];
        methods.map(|(name, parameters)| Method { name: name.to_owned(), parameters }).to_vec()
    }

    /// Runs everything; about 15 CPU minutes at full size.
    ///
    /// # Errors
    /// [`BenchError`] if a run fails.
    pub fn run(&self, sets: &[ImageSet]) -> Result<PaperReport, BenchError> {
        let (mut comparisons, mut best) = (Vec::new(), Vec::new());
        for set in sets {
            for assignment in [Assignment::Reconstruction, Assignment::Inpainting] {
                comparisons.push(Comparison::run(set, assignment, &self.methods(), &self.seeds)?);
            }
            best.push(best_setting(set, &self.seeds)?);
        }
        Ok(PaperReport { comparisons, best })
    }
}

/// Fills the holes of the same masks with the restoration solver.
fn best_setting(set: &ImageSet, seeds: &[u64]) -> Result<BestSetting, BenchError> {
    let mut best = BestSetting {
        set: set.name.clone(),
        psnr: Vec::new(),
        ssim: Vec::new(),
        published_psnr: Vec::new(),
        published_ssim: Vec::new(),
        cpu_s: Vec::new(),
    };
    for &seed in seeds {
        let masked = mask_images(&set.images, Assignment::Inpainting, seed);
        // One filter: only its normalisation is used.
        let single = LearnParameters { filters: 1, ..LearnParameters::default() };
        let learner = Learner::new(&masked, single, &Threads::single())?;
        let (mut sums, mut cpu_s) = ([0.0; 4], 0.0);
        for (index, (truth, image)) in set.images.iter().zip(&masked).enumerate() {
            let start = ProcessTime::now();
            let restored = fill(image)?;
            cpu_s += start.elapsed().as_secs_f64();
            let (expected, signal) =
                (learner.normalize(index, truth), learner.normalize(index, &restored));
            sums[0] += psnr(truth, &restored)?;
            sums[1] += ssim(truth, &restored)?;
            sums[2] += published_psnr(&expected, &signal);
            sums[3] += published_ssim(&expected, &signal);
        }
        let [psnr, ssim, published_psnr, published_ssim] =
            sums.map(|sum| sum / set.images.len() as f64);
        best.psnr.push(psnr);
        best.ssim.push(ssim);
        best.published_psnr.push(published_psnr);
        best.published_ssim.push(published_ssim);
        best.cpu_s.push(cpu_s);
    }
    Ok(best)
}

fn fill(image: &TrainingImage) -> Result<Plane<f32>, BenchError> {
    let samples = &image.samples;
    let hidden = image.known.as_ref().map_or_else(
        || Plane::filled(samples.height(), samples.width(), false),
        |known| known.map(|known| !known),
    );
    let mut planes = [samples.clone()];
    let parameters = InpaintParams::with_iterations(2 * InpaintParams::DEFAULT_ITERATIONS);
    inpaint(&mut planes, &hidden, &Dct8, &Dct8, &parameters, &Threads::single(), &Unobserved)?;
    let [plane] = planes;
    Ok(plane.map(|v| v.clamp(0.0, 1.0)))
}

impl PaperReport {
    /// The tables as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for comparison in &self.comparisons {
            let (set, assignment) = (&comparison.set, comparison.assignment);
            let _ = writeln!(text, "### {set}, {}\n", name(assignment));
            text.push_str(&comparison.markdown());
            if let Some(best) = self.best.iter().find(|best| best.set == *set)
                && assignment == Assignment::Inpainting
            {
                let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
                let _ = writeln!(
                    text,
                    "| best setting: restoration solver | | **{:.2}** | {:.4} | {:.2} | {:.3} | \
                     {:.1} | | | | |",
                    mean(&best.psnr),
                    mean(&best.ssim),
                    mean(&best.published_psnr),
                    mean(&best.published_ssim),
                    mean(&best.cpu_s),
                );
            }
            let claims = CLAIMED.iter().filter(|c| c.0 == set && c.1 == assignment);
            for (_, _, method, decibels, similarity) in claims {
                let _ = writeln!(
                    text,
                    "| claimed by the paper: {method} | | | | {decibels:.2} | {similarity:.3} | \
                     {:.0} | | | | |",
                    OCTAVE_SECONDS * 20.0
                );
            }
            text.push('\n');
        }
        text
    }
}

/// The name of an assignment in tables and file names.
pub(super) fn name(assignment: Assignment) -> &'static str {
    match assignment {
        Assignment::Reconstruction => "reconstruction",
        Assignment::Inpainting => "inpainting",
    }
}
