//! `cogd bench paper` and `cogd bench ablation`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::bench::{
    self, Assignment, Comparison, Figure, ImageSet, PaperPlan, ablation_methods,
    comparison_figures, saddle_figure,
};
use crate::imaging::{ImageLimits, decode};

use super::files;

/// Regenerate the tables of the paper: Fruit and City, reconstruction and inpainting
#[derive(Debug, clap::Args)]
pub(super) struct Paper {
    #[command(flatten)]
    size: Size,
}

/// Compare all forms of coupling with plain descent
#[derive(Debug, clap::Args)]
pub(super) struct Ablation {
    #[command(flatten)]
    size: Size,

    /// What to ask of the learners
    #[arg(long, value_enum, value_delimiter = ',', default_value = "inpainting,reconstruction")]
    assignments: Vec<AssignmentName>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum AssignmentName {
    /// Explain images of which every pixel is known
    Reconstruction,
    /// Fill in the quarter of the pixels that is hidden
    Inpainting,
}

#[derive(Debug, clap::Args)]
struct Size {
    /// Folder that holds the folders `fruit` and `city`
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// Images of each set [default: all]
    #[arg(long, value_name = "N")]
    images: Option<usize>,

    /// Outer iterations [default: 20 for the paper, 40 for the ablation]
    #[arg(long, value_name = "N")]
    iterations: Option<usize>,

    /// Seeds of masks and first filters, separated by commas
    #[arg(long, value_name = "SEEDS", value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,

    /// Write all measurements as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write the figures into this folder
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
}

impl Paper {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let plan = PaperPlan::default();
        let iterations = self.size.iterations.unwrap_or(plan.iterations);
        let plan = PaperPlan { iterations, seeds: self.size.seeds.clone(), ..plan };
        let report = plan.run(&self.size.sets()?)?;
        super::print(&report.markdown())?;
        let mut figures = vec![saddle_figure()?];
        for comparison in &report.comparisons {
            figures.extend(comparison_figures(comparison)?);
        }
        self.size.save(&serde_json::to_vec(&report)?, &figures)
    }
}

impl Ablation {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let methods = ablation_methods(self.size.iterations.unwrap_or(40));
        let mut comparisons = Vec::new();
        for set in self.size.sets()? {
            for name in &self.assignments {
                let assignment = match name {
                    AssignmentName::Reconstruction => Assignment::Reconstruction,
                    AssignmentName::Inpainting => Assignment::Inpainting,
                };
                let seeds = &self.size.seeds;
                let comparison = Comparison::run(&set, assignment, &methods, seeds)?;
                super::print(&format!("{}\n", comparison.markdown()))?;
                comparisons.push(comparison);
            }
        }
        self.size.save(&serde_json::to_vec(&comparisons)?, &[])
    }
}

impl Size {
    fn sets(&self) -> anyhow::Result<Vec<ImageSet>> {
        ["fruit", "city"].iter().map(|name| self.set(name)).collect()
    }

    fn set(&self, name: &str) -> anyhow::Result<ImageSet> {
        let files = files::images(&[self.data.join(name)])?;
        let wanted = self.images.unwrap_or(files.len());
        let images = files.iter().take(wanted).map(|path| {
            let picture = decode(&files::read(path)?, &ImageLimits::default())
                .with_context(|| path.display().to_string())?;
            let raster = bench::to_grey(&picture.raster);
            Ok(raster.read(0, raster.region()))
        });
        let images = images.collect::<anyhow::Result<_>>()?;
        Ok(ImageSet { name: name.to_owned(), images })
    }

    fn save(&self, json: &[u8], figures: &[Figure]) -> anyhow::Result<()> {
        if let Some(path) = &self.json {
            files::write(path, json)?;
        }
        let Some(folder) = &self.figures else { return Ok(()) };
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let save = |figure: &Figure| {
            files::write(&Path::join(folder, &figure.file), figure.svg.as_bytes())
        };
        figures.iter().try_for_each(save)
    }
}
