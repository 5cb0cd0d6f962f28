//! `cogd bench restore`.

use std::path::PathBuf;

use anyhow::ensure;

use crate::bench::{RestoreBench, compare, side_by_side};
use crate::engines::{EngineChoice, Environment, Networks, Task, catalogue};
use crate::imaging::ImageLimits;
use crate::numerics::Threads;
use crate::worker::ThreadCount;

use super::bench::{kinds, load};
use super::{files, networks};

/// Fill holes of every kind in every image of a folder, by several engines side by side
#[derive(Debug, clap::Args)]
pub(super) struct Restore {
    /// Folder of images
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// Engines, by name, separated by commas; gains are told against the first [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    engines: Vec<EngineChoice>,

    /// Folder of models, NAME/VERSION/model.onnx with model.toml beside it
    #[arg(long, value_name = "DIR")]
    models_dir: Option<PathBuf>,

    /// Keep colours; else images are turned into grey
    #[arg(long)]
    colour: bool,

    /// Kinds of holes, by name, separated by commas [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    masks: Vec<String>,

    /// Seeds of the masks, separated by commas
    #[arg(long, value_name = "SEEDS", value_delimiter = ',', default_value = "1")]
    seeds: Vec<u64>,

    /// Threads of the solver; networks take as many as the process may
    #[arg(long, value_name = "N|auto", default_value = "auto")]
    threads: ThreadCount,

    /// Write the figures as JSON as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Restore {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let networks = networks::open(self.models_dir.as_deref())?;
        let engines =
            if self.engines.is_empty() { fillers(&*networks) } else { self.engines.clone() };
        ensure!(!self.seeds.is_empty(), "there is no seed");
        let bench = RestoreBench {
            images: load(&self.data)?,
            in_colour: self.colour,
            kinds: kinds(&self.masks)?,
            seeds: self.seeds,
            engines,
            environment: Environment {
                limits: ImageLimits::default(),
                threads: Threads::new(self.threads.resolve().get())?,
                networks,
            },
        };
        let rows = compare(&bench)?;
        super::print(&side_by_side(&rows))?;
        if let Some(path) = &self.json {
            files::write(path, serde_json::to_string_pretty(&rows)?.as_bytes())?;
        }
        Ok(())
    }
}

/// All engines that fill holes, but for `auto`, which is one of them.
fn fillers(networks: &dyn Networks) -> Vec<EngineChoice> {
    let fillers =
        catalogue(networks).into_iter().filter(|engine| engine.tasks.contains(&Task::Inpaint));
    let choices = fillers.filter_map(|engine| engine.name.parse().ok());
    choices.filter(|choice| *choice != EngineChoice::Auto).collect()
}
