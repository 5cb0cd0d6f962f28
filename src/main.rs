//! The `cogd` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    cogd::cli::run(std::env::args_os()).into()
}
