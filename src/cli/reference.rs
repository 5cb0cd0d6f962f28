//! Renders the reference of the command line from its definition.

use clap::{Command, CommandFactory as _};

use super::Cli;

/// `docs/cli.md`.
pub fn reference_page() -> String {
    let mut page = String::from(
        "# Command line\n\n\
         <!-- Generated from src/cli; UPDATE_GOLDEN=1 cargo test golden rewrites it. -->\n",
    );
    // A fixed width, so that the page does not depend on the terminal it is made in.
    let mut program = Cli::command().term_width(100).disable_help_subcommand(true);
    program.build();
    describe(&mut program, &mut page);
    page
}

fn describe(command: &mut Command, page: &mut String) {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let help = command.render_long_help().to_string();
    let help = help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    page.extend(["\n## `", &name, "`\n\n```text\n", help.trim_end(), "\n```\n"]);
    command.get_subcommands_mut().for_each(|command| describe(command, page));
}
