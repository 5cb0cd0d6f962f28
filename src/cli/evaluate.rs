//! `cogd evaluate`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde::Serialize;

use crate::imaging::{ImageLimits, Mask, MaskOptions, decode, quality};

use super::files;

/// Compare restored images with the originals: PSNR and SSIM
#[derive(Debug, clap::Args)]
pub(super) struct Evaluate {
    /// Original image, or a folder of them
    #[arg(value_name = "REFERENCE")]
    reference: PathBuf,

    /// Restored image, or a folder with one of the same name for each
    #[arg(value_name = "RESTORED")]
    restored: PathBuf,

    /// Mask, or a folder of masks: PSNR of the holes alone as well
    #[arg(long, value_name = "FILE|DIR")]
    mask: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How near one image came to its original.
#[derive(Debug, Serialize)]
struct Score {
    image: String,
    /// Decibels over all colour samples; `null` if the images are equal.
    psnr_db: Option<f64>,
    /// Structural similarity of the luma, at most 1.
    ssim: f64,
    /// Decibels over the samples in holes; absent without a mask.
    #[serde(skip_serializing_if = "Option::is_none")]
    psnr_holes_db: Option<f64>,
}

impl Evaluate {
    pub(super) fn run(self) -> anyhow::Result<()> {
        ensure!(
            self.reference.is_dir() == self.restored.is_dir(),
            "compare a file with a file or a folder with a folder"
        );
        let references = files::images(std::slice::from_ref(&self.reference))?;
        let scores = references
            .iter()
            .map(|image| self.score(image).with_context(|| image.display().to_string()))
            .collect::<anyhow::Result<Vec<Score>>>()?;
        let text = if self.json {
            format!("{}\n", serde_json::to_string_pretty(&scores)?)
        } else {
            table(&scores)?
        };
        super::print(&text)
    }

    fn score(&self, reference: &Path) -> anyhow::Result<Score> {
        let limits = ImageLimits::default();
        let open = |path: &Path| -> anyhow::Result<_> {
            let bytes = files::read(path)?;
            Ok(decode(&bytes, &limits).with_context(|| path.display().to_string())?.raster)
        };
        let original = open(reference)?;
        let restored = open(&files::partner(&self.restored, reference)?)?;
        let holes = self
            .mask
            .as_ref()
            .map(|place| -> anyhow::Result<_> {
                let bytes = files::read(&files::partner(place, reference)?)?;
                let (width, height) = (original.width(), original.height());
                let mask = Mask::decode(&bytes, &MaskOptions::default(), &limits, width, height)?;
                Ok(quality::raster_psnr(&original, &restored, Some(&mask))?)
            })
            .transpose()?;
        let psnr = quality::raster_psnr(&original, &restored, None)?;
        Ok(Score {
            image: reference.display().to_string(),
            psnr_db: psnr.is_finite().then_some(psnr),
            ssim: quality::raster_ssim(&original, &restored)?,
            psnr_holes_db: holes.filter(|psnr| psnr.is_finite()),
        })
    }
}

fn table(scores: &[Score]) -> anyhow::Result<String> {
    let decibels = |value: Option<f64>| value.map_or("equal".to_owned(), |v| format!("{v:.2}"));
    let mut text =
        String::from("| image | PSNR dB | SSIM | PSNR of holes dB |\n|---|---|---|---|\n");
    for score in scores {
        let holes = score.psnr_holes_db.map_or(String::new(), |v| format!("{v:.2}"));
        let psnr = decibels(score.psnr_db);
        writeln!(text, "| {} | {psnr} | {:.4} | {holes} |", score.image, score.ssim)?;
    }
    if scores.len() > 1 {
        let finite: Vec<f64> = scores.iter().filter_map(|score| score.psnr_db).collect();
        let mean = (!finite.is_empty()).then(|| finite.iter().sum::<f64>() / finite.len() as f64);
        let ssim = scores.iter().map(|score| score.ssim).sum::<f64>() / scores.len() as f64;
        writeln!(text, "| **mean** | {} | {ssim:.4} | |", decibels(mean))?;
    }
    Ok(text)
}
