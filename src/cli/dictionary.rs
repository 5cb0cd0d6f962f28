//! `cogd dictionary`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;

use crate::csc::dictionary::Dictionary;
use crate::imaging::{
    ColorModel, EncodeOptions, ImageFormat, Metadata, Picture, Raster, Samples, encode,
};

use super::files;

/// Look at dictionaries
#[derive(Debug, clap::Args)]
pub(super) struct Dictionaries {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Show(Show),
}

/// Print what a dictionary is and how it was learned
#[derive(Debug, clap::Args)]
struct Show {
    /// The dictionary
    #[arg(value_name = "DICT")]
    dictionary: PathBuf,

    /// Draw all atoms into this file as well
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
}

/// Size of a tap on the sheet, in pixels.
const ZOOM: usize = 4;

impl Dictionaries {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.action {
            Action::Show(command) => command.run(),
        }
    }
}

impl Show {
    fn run(self) -> anyhow::Result<()> {
        let dictionary = Dictionary::from_bytes(&files::read(&self.dictionary)?)
            .with_context(|| self.dictionary.display().to_string())?;
        let summary = serde_json::json!({
            "kind": dictionary.kind(),
            "atoms": dictionary.count(),
            "side": dictionary.side(),
            "record": dictionary.record(),
        });
        super::print(&format!("{}\n", serde_json::to_string_pretty(&summary)?))?;
        let Some(path) = &self.png else { return Ok(()) };
        let sheet = dictionary.sheet(ZOOM);
        let (height, width) = (sheet.height(), sheet.width());
        let model = ColorModel::Grey;
        let mut raster =
            Raster::from_samples(height, width, model, Samples::Eight(vec![0; height * width]))
                .context("one sample a pixel")?;
        let region = raster.region();
        raster.write_where(0, region, &sheet, |_, _| u8::MAX);
        let format = ImageFormat::Png;
        let picture = Picture { raster, metadata: Metadata::default(), format };
        files::write(path, &encode(&picture, &EncodeOptions::new(format))?.bytes)
    }
}
