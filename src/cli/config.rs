//! `cogd config`.

use crate::config::{ConfigFlags, Setting};

/// Print the settings in force and where each comes from.
#[derive(Debug, clap::Args)]
pub(super) struct ShowConfig {
    #[command(flatten)]
    settings: ConfigFlags,
}

impl ShowConfig {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let effective = self.settings.load()?;
        let lines = Setting::all().map(|setting| {
            let value = setting.show(&effective.config);
            let source = effective.source(setting).of(setting);
            format!("{:<24} {value:<24} # {source}\n", setting.name)
        });
        super::print(&lines.collect::<String>())
    }
}
