//! The table of settings, by section.

mod door;
mod keeping;
mod log;
mod macros;
mod models;
mod working;

use super::Config;

/// One thing that can be set.
#[derive(Debug)]
pub struct Setting {
    /// Name in the file: `section.key`, or `key` alone at its top.
    pub name: &'static str,
    /// What it means, in a sentence or two.
    pub help: &'static str,
    /// Whether it may be read from a file of its own, named by `_FILE`, and is never shown.
    pub is_secret: bool,
    pub(super) expects: fn() -> String,
    pub(super) show: fn(&Config) -> String,
    pub(super) show_toml: fn(&Config) -> String,
    pub(super) read: fn(&mut Config, &str) -> Option<()>,
}

/// The sections, in the order of the reference.
const SECTIONS: [&[Setting]; 11] = [
    door::SERVICE,
    door::HTTP,
    door::AUTH,
    keeping::STORAGE,
    keeping::WEBHOOKS,
    working::IMAGE,
    working::WORKER,
    models::MODELS,
    working::JOBS,
    log::LOG,
    log::TRACE,
];

impl Setting {
    /// Every setting, in the order of the reference.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        SECTIONS.into_iter().flatten()
    }

    /// The setting of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        Self::all().find(|setting| setting.name == name)
    }

    /// Its environment variable, such as `COGD_HTTP_MAX_BODY_BYTES`.
    pub fn variable(&self) -> String {
        format!("COGD_{}", self.name.replace('.', "_").to_uppercase())
    }

    /// Its flag without the dashes, such as `http-max-body-bytes`.
    pub fn flag(&self) -> String {
        self.name.replace(['.', '_'], "-")
    }

    /// A second flag, where people know it from other services.
    pub fn alias(&self) -> Option<&'static str> {
        (self.name == "http.root_path").then_some("root-path")
    }

    /// Its environment variable for the name of a file that holds it, if it is a secret.
    pub fn file_variable(&self) -> Option<String> {
        self.is_secret.then(|| format!("{}_FILE", self.variable()))
    }

    /// Its flag for the name of a file that holds it, if it is a secret.
    pub fn file_flag(&self) -> Option<String> {
        self.is_secret.then(|| format!("{}-file", self.flag()))
    }

    /// The secret setting whose name in the file of settings, with `_file`, this is.
    pub(super) fn find_by_file_name(name: &str) -> Option<&'static Self> {
        name.strip_suffix("_file").and_then(Self::find).filter(|setting| setting.is_secret)
    }

    /// Section and key in the file; the section is empty at the top.
    pub fn section_and_key(&self) -> (&'static str, &'static str) {
        self.name.split_once('.').unwrap_or(("", self.name))
    }

    /// What a value looks like, range included.
    pub fn expects(&self) -> String {
        (self.expects)()
    }

    /// Its value in `config`, as it could be given by a flag.
    pub fn show(&self, config: &Config) -> String {
        (self.show)(config)
    }
}
