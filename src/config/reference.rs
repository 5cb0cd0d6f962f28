//! Renders the reference and the example file from the table.

use std::fmt::Write as _;

use super::{Config, Setting};

/// `docs/configuration.md`.
pub fn reference_page() -> String {
    let defaults = Config::default();
    let mut page = String::from(
        "# Configuration\n\n\
         <!-- Generated from src/config/settings/; UPDATE_GOLDEN=1 cargo test golden rewrites it. -->\n\n\
         Every setting can be given in a TOML file (`--config FILE` or `COGD_CONFIG`), as an\n\
         environment variable, and as a flag. A flag wins over a variable, a variable over the\n\
         file, the file over the default. Unknown names are errors. Everything is checked before\n\
         anything starts, and all faults are reported together. `cogd config` prints the settings\n\
         in force and where each came from, but no secret. A secret can also be given as the name\n\
         of a file that holds it and nothing else: by a variable with `_FILE` at its end, a flag\n\
         with `-file`, or a key of the file with `_file`.\n",
    );
    for setting in Setting::all() {
        let default = setting.show(&defaults);
        let default = if default.is_empty() { "none".to_owned() } else { format!("`{default}`") };
        write!(
            page,
            "\n## `{}`\n\n{}\n\n- flag: `--{}`{}{}\n- variable: `{}`{}\n- value: {}\n- default: {}\n",
            setting.name,
            setting.help,
            setting.flag(),
            setting.alias().map(|alias| format!(", or `--{alias}`")).unwrap_or_default(),
            of_file(setting.file_flag().map(|flag| format!("--{flag}"))),
            setting.variable(),
            of_file(setting.file_variable()),
            setting.expects(),
            default,
        )
        .expect("a string takes all that is written to it");
    }
    page
}

/// The other way to give a secret.
fn of_file(name: Option<String>) -> String {
    name.map(|name| format!(", or `{name}` with the name of a file")).unwrap_or_default()
}

/// `cogd.example.toml`: every setting at its default, as a comment.
pub fn example_file() -> String {
    let defaults = Config::default();
    let mut file =
        String::from("# Every setting of cogd at its default. See docs/configuration.md.\n");
    let mut current = "";
    for setting in Setting::all() {
        let (section, key) = setting.section_and_key();
        if section != current {
            current = section;
            write!(file, "\n[{section}]\n").expect("a string takes all that is written to it");
        }
        let value = (setting.show_toml)(&defaults);
        write!(file, "\n# {}\n# Takes {}.\n# {key} = {value}\n", setting.help, setting.expects())
            .expect("a string takes all that is written to it");
    }
    file
}
