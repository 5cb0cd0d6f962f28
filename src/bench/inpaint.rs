//! The table of inpainting: how near, how fast, for every kind of damage.

use std::fmt::Write as _;
use std::time::Instant;

use cpu_time::ProcessTime;
use serde::Serialize;

use crate::csc::{InpaintParams, Transform8};
use crate::damage::MaskKind;
use crate::engines::{EngineError, inpaint};
use crate::fillers::harmonic;
use crate::imaging::{ColorModel, Mask, Raster, Samples, quality};
use crate::numerics::{Plane, Threads, Unobserved};

/// What is measured.
#[derive(Clone, Debug)]
pub struct InpaintBench {
    /// Names and pictures; colour is turned into grey.
    pub images: Vec<(String, Raster)>,
    /// Kinds of damage.
    pub kinds: Vec<MaskKind>,
    /// Seeds of the masks: every image has a mask of its own for each.
    pub seeds: Vec<u64>,
    /// The transform of groups of blocks.
    pub transform: Transform8,
    /// Parameters of the solver.
    pub params: InpaintParams,
    /// Threads of the solver.
    pub threads: Threads,
}

/// One row: means over images and seeds.
#[derive(Clone, Debug, Serialize)]
pub struct InpaintRow {
    /// Kind of damage.
    pub mask: String,
    /// Share of the pixels missing.
    pub coverage: f64,
    /// PSNR of the harmonic fill over the whole image, in dB.
    pub harmonic_psnr_db: f64,
    /// PSNR of the solver over the whole image, in dB, of 8-bit results.
    pub psnr_db: f64,
    /// Standard deviation over the seeds of the mean PSNR, in dB; zero for one seed.
    pub psnr_spread_db: f64,
    /// SSIM of the solver over the whole image.
    pub ssim: f64,
    /// CPU seconds an image.
    pub cpu_s: f64,
    /// Seconds an image.
    pub wall_s: f64,
    /// CPU seconds a megapixel.
    pub cpu_s_per_megapixel: f64,
    /// Longest time for one image, in seconds.
    pub slowest_wall_s: f64,
    /// PSNR by image, mean over the seeds, in dB.
    pub psnr_db_by_image: Vec<(String, f64)>,
}

/// Measures every kind of damage on every image.
///
/// # Errors
/// What the engine or the comparison refuses, such as a mask that hides everything.
pub fn measure(bench: &InpaintBench) -> Result<Vec<InpaintRow>, EngineError> {
    let grey: Vec<(&str, Raster)> =
        bench.images.iter().map(|(name, raster)| (name.as_str(), to_grey(raster))).collect();
    bench.kinds.iter().map(|&kind| row(bench, &grey, kind)).collect()
}

fn row(
    bench: &InpaintBench,
    images: &[(&str, Raster)],
    kind: MaskKind,
) -> Result<InpaintRow, EngineError> {
    let runs = (images.len() * bench.seeds.len()) as f64;
    let (mut cpu, mut wall, mut slowest, mut pixels) = (0.0, 0.0, 0.0_f64, 0.0);
    let (mut coverage, mut ssim, mut harmonic_psnr) = (0.0, 0.0, 0.0);
    let mut by_image = vec![0.0; images.len()];
    let mut by_seed = vec![0.0; bench.seeds.len()];
    for (index, (_, original)) in images.iter().enumerate() {
        let (height, width) = (original.height(), original.width());
        for (turn, seed) in bench.seeds.iter().enumerate() {
            let hidden = kind.draw(height, width, mask_seed(*seed, index));
            let mask = Mask::from_holes(height, width, hidden.as_slice().to_vec());
            let mut restored = original.clone();
            let (cpu_start, start) = (ProcessTime::now(), Instant::now());
            inpaint(
                &mut restored,
                &mask,
                &bench.transform,
                &bench.params,
                &bench.threads,
                &Unobserved,
            )?;
            let (used, passed) = (cpu_start.elapsed(), start.elapsed().as_secs_f64());
            cpu += used.as_secs_f64();
            wall += passed;
            slowest = slowest.max(passed);
            pixels += (height * width) as f64;
            coverage += mask.coverage();
            let compare = |restored: &Raster| {
                quality::raster_psnr(original, restored, None).map_err(EngineError::Image)
            };
            let psnr = compare(&restored)?;
            by_image[index] += psnr / bench.seeds.len() as f64;
            by_seed[turn] += psnr / images.len() as f64;
            ssim += quality::raster_ssim(original, &restored).map_err(EngineError::Image)?;
            harmonic_psnr += compare(&harmonic_fill(original, &hidden))?;
        }
    }
    let mean = by_seed.iter().sum::<f64>() / by_seed.len() as f64;
    let spread = by_seed.iter().map(|psnr| (psnr - mean).powi(2)).sum::<f64>();
    Ok(InpaintRow {
        mask: kind.name(),
        coverage: coverage / runs,
        harmonic_psnr_db: harmonic_psnr / runs,
        psnr_db: mean,
        psnr_spread_db: (spread / by_seed.len().saturating_sub(1).max(1) as f64).sqrt(),
        ssim: ssim / runs,
        cpu_s: cpu / runs,
        wall_s: wall / runs,
        cpu_s_per_megapixel: cpu / (pixels / 1e6),
        slowest_wall_s: slowest,
        psnr_db_by_image: images.iter().map(|(name, _)| (*name).to_owned()).zip(by_image).collect(),
    })
}

/// The seed of the mask of one image: others for every image, the same in every run.
pub fn mask_seed(seed: u64, image: usize) -> u64 {
    seed.wrapping_mul(1_000_003).wrapping_add(image as u64)
}

/// The table as Markdown.
pub fn markdown(rows: &[InpaintRow]) -> String {
    let mut text = String::from(
        "| mask | missing | harmonic dB | cogd dB | SSIM | CPU s | wall s | slowest s |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {:.1} % | {:.2} | **{:.2}** ± {:.2} | {:.4} | {:.3} | {:.3} | {:.3} |",
            row.mask,
            100.0 * row.coverage,
            row.harmonic_psnr_db,
            row.psnr_db,
            row.psnr_spread_db,
            row.ssim,
            row.cpu_s,
            row.wall_s,
            row.slowest_wall_s,
        );
    }
    text
}

/// Luma, 8 bits.
pub fn to_grey(raster: &Raster) -> Raster {
    from_plane(&raster.luma())
}

fn harmonic_fill(original: &Raster, hidden: &Plane<bool>) -> Raster {
    let mut plane = original.read(0, original.region());
    harmonic::fill(&mut plane, hidden);
    from_plane(&plane)
}

fn from_plane(plane: &Plane<f32>) -> Raster {
    let (height, width) = (plane.height(), plane.width());
    let blank = Samples::Eight(vec![0; height * width]);
    let mut raster =
        Raster::from_samples(height, width, ColorModel::Grey, blank).expect("one sample a pixel");
    raster.write_where(0, raster.region(), plane, |_, _| 255);
    raster
}
