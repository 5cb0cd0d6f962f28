//! `cogd bench`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;

use crate::bench::{self, InpaintBench, MaskKind};
use crate::csc::InpaintParams;
use crate::imaging::{
    ColorModel, EncodeOptions, ImageFormat, ImageLimits, Metadata, Picture, Raster, Samples,
    decode, encode,
};
use crate::numerics::Threads;
use crate::worker::ThreadCount;

use super::bench_batches::Batches;
use super::bench_device::DeviceBench;
use super::bench_learning::{Ablation, Paper};
use super::bench_load::LoadBench;
use super::bench_prune::PruneBench;
use super::bench_queue::QueueBench;
use super::bench_restore::Restore;
use super::bench_serve::ServeBench;
use super::{dictionary, files};

/// Measure quality and speed
#[derive(Debug, clap::Args)]
pub(super) struct Bench {
    #[command(subcommand)]
    table: Table,
}

#[derive(Debug, Subcommand)]
enum Table {
    Inpaint(Inpaint),
    Restore(Restore),
    Paper(Paper),
    Ablation(Ablation),
    Batches(Batches),
    Queue(QueueBench),
    Serve(ServeBench),
    Load(LoadBench),
    Device(DeviceBench),
    Prune(PruneBench),
}

/// Fill holes of every kind in every image of a folder
#[derive(Debug, clap::Args)]
struct Inpaint {
    /// Folder of images; colour is turned into grey
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// Kinds of holes, by name, separated by commas [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    masks: Vec<String>,

    /// Seeds of the masks, separated by commas
    #[arg(long, value_name = "SEEDS", value_delimiter = ',', default_value = "1")]
    seeds: Vec<u64>,

    /// Iterations of the solver
    #[arg(long, value_name = "N", default_value_t = InpaintParams::DEFAULT_ITERATIONS)]
    iterations: usize,

    /// Dictionary for groups of blocks, by name or as a file [default: dct]
    #[arg(long, value_name = "NAME|FILE")]
    dictionary: Option<String>,

    /// Threads to compute with
    #[arg(long, value_name = "N|auto", default_value = "auto")]
    threads: ThreadCount,

    /// Write the figures as JSON as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write the grey images and the masks of the first seed, for other programs to work on
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
}

impl Bench {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.table {
            Table::Inpaint(command) => command.run(),
            Table::Restore(command) => command.run(),
            Table::Paper(command) => command.run(),
            Table::Ablation(command) => command.run(),
            Table::Batches(command) => command.run(),
            Table::Queue(command) => command.run(),
            Table::Serve(command) => command.run(),
            Table::Load(command) => command.run(),
            Table::Device(command) => command.run(),
            Table::Prune(command) => command.run(),
        }
    }
}

impl Inpaint {
    fn run(self) -> anyhow::Result<()> {
        let dictionary = self.dictionary.as_deref().map(dictionary::choose).transpose()?;
        let bench = InpaintBench {
            images: load(&self.data)?,
            kinds: kinds(&self.masks)?,
            seeds: self.seeds,
            transform: dictionary.unwrap_or_default().transform()?,
            params: InpaintParams::with_iterations(self.iterations),
            threads: Threads::new(self.threads.resolve().get())?,
        };
        if let Some(folder) = &self.export {
            return export(folder, &bench);
        }
        let rows = bench::measure(&bench)?;
        super::print(&bench::markdown(&rows))?;
        if let Some(path) = &self.json {
            files::write(path, serde_json::to_string_pretty(&rows)?.as_bytes())?;
        }
        Ok(())
    }
}

pub(super) fn kinds(names: &[String]) -> anyhow::Result<Vec<MaskKind>> {
    if names.is_empty() {
        return Ok(MaskKind::TABLE.to_vec());
    }
    let known = MaskKind::TABLE.map(MaskKind::name).join(", ");
    names
        .iter()
        .map(|name| {
            MaskKind::TABLE
                .into_iter()
                .find(|kind| kind.name() == *name)
                .with_context(|| format!("there is no mask `{name}`; there are {known}"))
        })
        .collect()
}

pub(super) fn load(folder: &Path) -> anyhow::Result<Vec<(String, Raster)>> {
    files::images(&[folder.to_owned()])?
        .into_iter()
        .map(|path| {
            let picture = decode(&files::read(&path)?, &ImageLimits::default())
                .with_context(|| path.display().to_string())?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Ok((name, picture.raster))
        })
        .collect()
}

fn export(folder: &Path, bench: &InpaintBench) -> anyhow::Result<()> {
    let seed = *bench.seeds.first().context("there is no seed")?;
    let save = |kind: &str, name: &str, raster: Raster| -> anyhow::Result<()> {
        let place = folder.join(kind);
        std::fs::create_dir_all(&place)
            .with_context(|| format!("cannot make the folder {}", place.display()))?;
        let format = ImageFormat::Png;
        let picture = Picture { raster, metadata: Metadata::default(), format };
        let bytes = encode(&picture, &EncodeOptions::new(format))?.bytes;
        files::write(&place.join(format!("{name}.png")), &bytes)
    };
    for (index, (name, raster)) in bench.images.iter().enumerate() {
        let grey = bench::to_grey(raster);
        let (height, width) = (grey.height(), grey.width());
        save("images", name, grey)?;
        for kind in &bench.kinds {
            let hidden = kind.draw(height, width, bench::mask_seed(seed, index));
            let samples = hidden.map(|hidden| if hidden { 255 } else { 0 }).into_vec();
            let mask =
                Raster::from_samples(height, width, ColorModel::Grey, Samples::Eight(samples))
                    .context("one sample a pixel")?;
            save(&kind.name(), name, mask)?;
        }
    }
    Ok(())
}
