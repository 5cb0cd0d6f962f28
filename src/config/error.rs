//! What was wrong with the settings: everything at once, each with its source.

use std::fmt;
use std::path::PathBuf;

use super::Setting;

/// Where a value came from, weakest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Nobody set it.
    #[default]
    Default,
    /// The file of settings.
    File(PathBuf),
    /// An environment variable.
    Environment,
    /// A flag of the command line.
    Flag,
    /// A file that holds a secret and nothing else.
    SecretFile(PathBuf),
}

impl Source {
    /// The place to look at to change `setting`.
    pub fn of(&self, setting: &Setting) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::File(path) | Self::SecretFile(path) => path.display().to_string(),
            Self::Environment => format!("environment {}", setting.variable()),
            Self::Flag => format!("flag --{}", setting.flag()),
        }
    }
}

/// One thing wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The value is not one that the setting takes.
    #[error("{setting} = {value:?} ({source_name}): expected {expected}")]
    Value {
        /// Name of the setting.
        setting: &'static str,
        /// The value as it was given.
        value: String,
        /// Where it was given.
        source_name: String,
        /// What a value looks like, range included.
        expected: String,
    },
    /// Two settings that are each fine do not fit together.
    #[error("{setting} = {value} but {other} = {limit}: {reason}")]
    Conflict {
        /// Name of the setting to change.
        setting: &'static str,
        /// Its value.
        value: String,
        /// Name of the setting it conflicts with.
        other: &'static str,
        /// The value of that.
        limit: String,
        /// Why they do not fit.
        reason: &'static str,
    },
    /// The same secret is given itself and by the name of a file, in one place.
    #[error("{setting} is given twice, itself and as a file ({source_name})")]
    Twice {
        /// Name of the setting.
        setting: &'static str,
        /// Where it was given.
        source_name: String,
    },
    /// There is no such setting.
    #[error("{name} ({source_name}): no such setting{}", did_you_mean(suggestion.as_deref()))]
    Unknown {
        /// The name as it was given.
        name: String,
        /// Where it was given.
        source_name: String,
        /// The nearest name there is.
        suggestion: Option<String>,
    },
    /// The file cannot be read, or is not TOML.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

/// The candidate that differs least from `name`, if any is close.
pub(super) fn nearest(name: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(name, &candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// All that is wrong with the settings, never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<Fault>);

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the settings are not usable:")?;
        self.0.iter().try_for_each(|fault| write!(formatter, "\n  {fault}"))
    }
}
