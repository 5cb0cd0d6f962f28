//! The settings as flags of the command line, made from the table.

use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, value_parser};

use super::{Config, ConfigErrors, Effective, Inputs, Setting, load};

/// The settings given on the command line, not yet checked.
#[derive(Clone, Debug, Default)]
pub struct ConfigFlags {
    file: Option<PathBuf>,
    flags: Vec<(&'static Setting, String)>,
    secret_files: Vec<(&'static Setting, PathBuf)>,
}

impl ConfigFlags {
    /// Reads the settings from these flags, the environment of the process, and the file.
    ///
    /// # Errors
    /// [`ConfigErrors`] with everything that is wrong.
    pub fn load(self) -> Result<Effective, ConfigErrors> {
        // A name or value that is not Unicode is kept recognisable, to be refused by name.
        let environment = std::env::vars_os()
            .map(|(name, value)| {
                (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
            })
            .collect();
        let Self { file, flags, secret_files } = self;
        load(&Inputs { file, environment, flags, secret_files })
    }
}

impl Args for ConfigFlags {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("File of settings in TOML [env: COGD_CONFIG]");
        let defaults = Config::default();
        command.next_help_heading("Settings").arg(file).args(Setting::all().flat_map(|setting| {
            [Some(flag(setting, &defaults)), file_flag(setting)].into_iter().flatten()
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn flag(setting: &'static Setting, defaults: &Config) -> Arg {
    let (variable, default) = (setting.variable(), setting.show(defaults));
    let default = if default.is_empty() { "none".to_owned() } else { default };
    Arg::new(setting.name)
        .long(setting.flag())
        .visible_aliases(setting.alias())
        .value_name("VALUE")
        .value_parser(ValueParser::string())
        // A negative number is a wrong value to report, not another flag.
        .allow_hyphen_values(true)
        .help(format!("{} [env: {variable}] [default: {default}]", setting.help))
}

/// The flag that names a file with a secret, which other users of the machine cannot see.
fn file_flag(setting: &'static Setting) -> Option<Arg> {
    let (name, variable) = (setting.file_flag()?, setting.file_variable()?);
    let help = format!("File that holds {} [env: {variable}]", setting.name);
    let value = value_parser!(PathBuf);
    Some(Arg::new(name.clone()).long(name).value_name("FILE").value_parser(value).help(help))
}

impl FromArgMatches for ConfigFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.file = matches.get_one("config").cloned();
        let given = |setting: &Setting| matches.get_one::<String>(setting.name).cloned();
        self.flags =
            Setting::all().filter_map(|setting| Some((setting, given(setting)?))).collect();
        let file = |setting: &Setting| matches.get_one::<PathBuf>(&setting.file_flag()?).cloned();
        self.secret_files =
            Setting::all().filter_map(|setting| Some((setting, file(setting)?))).collect();
        Ok(())
    }
}
