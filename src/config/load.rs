//! Gathers the settings from their sources, weakest first.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::error::nearest;
use super::kinds::{Bytes, Kind as _, REDACTED};
use super::{Config, ConfigErrors, Fault, Setting, Source};

/// Names the file of settings; the only variable that is not itself a setting.
const FILE_VARIABLE: &str = "COGD_CONFIG";

/// What the settings are read from.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The file named by `--config`; else the one named by `COGD_CONFIG`, if any.
    pub file: Option<PathBuf>,
    /// Environment variables; those that do not begin with `COGD_` do not matter.
    pub environment: Vec<(String, String)>,
    /// Values of flags.
    pub flags: Vec<(&'static Setting, String)>,
    /// Files that flags name for secrets.
    pub secret_files: Vec<(&'static Setting, PathBuf)>,
}

/// The settings in force, and where each came from.
#[derive(Clone, Debug, Default)]
pub struct Effective {
    /// The settings.
    pub config: Config,
    sources: BTreeMap<&'static str, Source>,
}

impl Effective {
    /// Where the value of a setting came from.
    pub fn source(&self, setting: &Setting) -> Source {
        self.sources.get(setting.name).cloned().unwrap_or_default()
    }
}

/// Reads and checks all settings.
///
/// # Errors
/// [`ConfigErrors`] with everything that is wrong, not only the first thing.
pub fn load(inputs: &Inputs) -> Result<Effective, ConfigErrors> {
    let mut gathering = Gathering::default();
    gathering.take_file(inputs);
    gathering.take_environment(&inputs.environment);
    for (setting, value) in &inputs.flags {
        gathering.set(setting, Source::Flag, value);
    }
    for (setting, path) in &inputs.secret_files {
        gathering.set_from_file(setting, &Source::Flag, path);
    }
    gathering.find_conflicts();
    let Gathering { effective, faults, .. } = gathering;
    if faults.is_empty() { Ok(effective) } else { Err(ConfigErrors(faults)) }
}

#[derive(Default)]
struct Gathering {
    effective: Effective,
    faults: Vec<Fault>,
    /// What was given, and in which place.
    given: BTreeSet<(&'static str, Source)>,
}

impl Gathering {
    fn set(&mut self, setting: &'static Setting, source: Source, value: &str) {
        self.note(setting, &source);
        self.read(setting, source, value);
    }

    /// Takes the value from a file that holds nothing else, but for the end of its line.
    fn set_from_file(&mut self, setting: &'static Setting, source: &Source, path: &Path) {
        self.note(setting, source);
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let source = Source::SecretFile(path.to_owned());
                self.read(setting, source, text.trim_end_matches(['\r', '\n']));
            }
            Err(error) => {
                let problem =
                    format!("{error} ({}, named by {})", setting.name, source.of(setting));
                self.faults.push(Fault::File { path: path.to_owned(), problem });
            }
        }
    }

    /// One place may give a setting once: itself or by the name of a file.
    fn note(&mut self, setting: &'static Setting, source: &Source) {
        if !self.given.insert((setting.name, source.clone())) {
            let source_name = source.of(setting);
            self.faults.push(Fault::Twice { setting: setting.name, source_name });
        }
    }

    fn read(&mut self, setting: &'static Setting, source: Source, value: &str) {
        if (setting.read)(&mut self.effective.config, value).is_some() {
            self.effective.sources.insert(setting.name, source);
        } else {
            self.faults.push(Fault::Value {
                setting: setting.name,
                value: if setting.is_secret { REDACTED } else { value }.to_owned(),
                source_name: source.of(setting),
                expected: setting.expects(),
            });
        }
    }

    fn take_file(&mut self, inputs: &Inputs) {
        let named = inputs.environment.iter().find(|(name, _)| name == FILE_VARIABLE);
        let Some(path) = inputs.file.clone().or_else(|| Some(PathBuf::from(&named?.1))) else {
            return;
        };
        match read_table(&path) {
            Ok(table) => self.take_table(&path, "", table),
            Err(problem) => self.faults.push(Fault::File { path, problem }),
        }
    }

    fn take_table(&mut self, path: &Path, prefix: &str, table: Table) {
        for (key, value) in table {
            let name = format!("{prefix}{key}");
            if let (Value::String(file), Some(setting)) =
                (&value, Setting::find_by_file_name(&name))
            {
                self.set_from_file(setting, &Source::File(path.to_owned()), Path::new(file));
                continue;
            }
            match (value, Setting::find(&name)) {
                (value, Some(setting)) => {
                    self.set(setting, Source::File(path.to_owned()), &as_text(value));
                }
                (Value::Table(section), None) if prefix.is_empty() => {
                    self.take_table(path, &format!("{key}."), section);
                }
                (_, None) => self.faults.push(Fault::Unknown {
                    suggestion: nearest(&name, Setting::all().map(|known| known.name.to_owned())),
                    source_name: path.display().to_string(),
                    name,
                }),
            }
        }
    }

    fn take_environment(&mut self, environment: &[(String, String)]) {
        for (name, value) in environment.iter().filter(|(name, _)| name.starts_with("COGD_")) {
            let of_file = |setting: &&Setting| setting.file_variable().as_ref() == Some(name);
            if let Some(setting) = Setting::all().find(of_file) {
                self.set_from_file(setting, &Source::Environment, Path::new(value));
                continue;
            }
            match Setting::all().find(|setting| setting.variable() == *name) {
                Some(setting) => self.set(setting, Source::Environment, value),
                None if name == FILE_VARIABLE => {}
                None => self.faults.push(Fault::Unknown {
                    name: name.clone(),
                    source_name: "environment".to_owned(),
                    suggestion: nearest(name, Setting::all().map(Setting::variable)),
                }),
            }
        }
    }

    fn find_conflicts(&mut self) {
        let config = &self.effective.config;
        if config.http.max_body_bytes < config.image.max_bytes {
            let show = |count: &u64| Bytes(0..=u64::MAX).show(count);
            self.faults.push(Fault::Conflict {
                setting: "http.max_body_bytes",
                value: show(&config.http.max_body_bytes),
                other: "image.max_bytes",
                limit: show(&config.image.max_bytes),
                reason: "a body must have room for the largest image",
            });
        }
    }
}

fn read_table(path: &Path) -> Result<Table, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    text.parse::<Table>().map_err(|error| error.to_string())
}

/// The text that a flag would have for this value.
fn as_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Array(items) => items.into_iter().map(as_text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
