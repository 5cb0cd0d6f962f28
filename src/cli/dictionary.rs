//! `cogd dictionary`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Subcommand;

use crate::csc::dictionary::Dictionary;
use crate::engines::{DictionaryChoice, dictionary_names, draw_sheet};

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
        files::write(path, &draw_sheet(&dictionary)?)
    }
}

/// The dictionary that an argument means: one of the program's, or else a file.
pub(super) fn choose(argument: &str) -> anyhow::Result<DictionaryChoice> {
    let path = Path::new(argument);
    if dictionary_names().any(|name| name == argument) || !path.exists() {
        return Ok(argument.to_owned().into());
    }
    let dictionary = Dictionary::from_bytes(&files::read(path)?).context(argument.to_owned())?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(DictionaryChoice::Given { name, dictionary: Arc::new(dictionary) })
}
