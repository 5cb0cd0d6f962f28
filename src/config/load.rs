//! Gathers the settings from their sources, weakest first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::error::nearest;
use super::kinds::{Bytes, Kind as _};
use super::{Config, ConfigErrors, Fault, SETTINGS, Setting, Source};

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
    gathering.take_secret_files(&inputs.environment);
    for (setting, value) in &inputs.flags {
        gathering.set(setting, Source::Flag, value);
    }
    gathering.find_conflicts();
    let Gathering { effective, faults } = gathering;
    if faults.is_empty() { Ok(effective) } else { Err(ConfigErrors(faults)) }
}

#[derive(Default)]
struct Gathering {
    effective: Effective,
    faults: Vec<Fault>,
}

impl Gathering {
    fn set(&mut self, setting: &'static Setting, source: Source, value: &str) {
        if (setting.read)(&mut self.effective.config, value).is_some() {
            self.effective.sources.insert(setting.name, source);
        } else {
            let value = if setting.is_secret() { "***" } else { value };
            self.faults.push(Fault::Value {
                setting: setting.name,
                value: value.to_owned(),
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
            match (value, Setting::find(&name)) {
                (value, Some(setting)) => {
                    self.set(setting, Source::File(path.to_owned()), &as_text(value));
                }
                (Value::Table(section), None) if prefix.is_empty() => {
                    self.take_table(path, &format!("{key}."), section);
                }
                (_, None) => self.faults.push(Fault::Unknown {
                    suggestion: nearest(&name, SETTINGS.iter().map(|known| known.name.to_owned())),
                    source_name: path.display().to_string(),
                    name,
                }),
            }
        }
    }

    fn take_environment(&mut self, environment: &[(String, String)]) {
        for (name, value) in environment.iter().filter(|(name, _)| name.starts_with("COGD_")) {
            match SETTINGS.iter().find(|setting| setting.variable() == *name) {
                Some(setting) => self.set(setting, Source::Environment, value),
                None if name == FILE_VARIABLE => {}
                None if secret_in_file(name).is_some() => {}
                None => self.faults.push(Fault::Unknown {
                    name: name.clone(),
                    source_name: "environment".to_owned(),
                    suggestion: nearest(name, SETTINGS.iter().map(Setting::variable)),
                }),
            }
        }
    }

    /// Secrets in files, as container platforms hand them out. They win over those in variables.
    fn take_secret_files(&mut self, environment: &[(String, String)]) {
        for (name, path) in environment {
            let Some(setting) = secret_in_file(name) else { continue };
            match std::fs::read_to_string(path) {
                Ok(text) => self.set(setting, Source::Environment, text.trim_end()),
                Err(error) => {
                    let problem = format!("{error} ({name})");
                    self.faults.push(Fault::File { path: PathBuf::from(path), problem });
                }
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

/// The setting whose value is in the file that this variable names.
fn secret_in_file(variable: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.file_variable().as_deref() == Some(variable))
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
