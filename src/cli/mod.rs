//! The command line: one file per command.

mod bench;
mod bench_batches;
mod bench_device;
mod bench_learning;
mod bench_load;
mod bench_prune;
mod bench_queue;
mod bench_restore;
mod bench_serve;
mod config;
mod connection;
mod dictionary;
mod evaluate;
mod export;
mod files;
mod healthcheck;
mod keys;
mod learn;
mod log;
mod migrate;
mod networks;
mod openapi;
mod progress;
mod prune;
mod reference;
mod restore;
mod serve;
mod session;
mod status;
mod train;
mod worker;

use std::ffi::OsString;
use std::io::Write as _;

use clap::{Parser, Subcommand};

use crate::config::ConfigErrors;
use crate::telemetry::BuildInfo;

pub use reference::reference_page;
pub use status::ExitStatus;

/// Repairs images: holes, scratches, dust, missing or noisy pixels.
#[derive(Debug, Parser)]
#[command(name = "cogd", version = version(), max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Worker(worker::Worker),
    Restore(Box<restore::Restore>),
    Evaluate(evaluate::Evaluate),
    Bench(bench::Bench),
    Learn(learn::Learn),
    Dictionary(dictionary::Dictionaries),
    Train(train::Train),
    Prune(prune::Prune),
    Export(export::Export),
    Keys(keys::Keys),
    Migrate(migrate::Migrate),
    Config(config::ShowConfig),
    Openapi(openapi::PrintOpenApi),
    Healthcheck(healthcheck::CheckHealth),
}

/// Which build this is, as `cogd --version` prints it.
fn version() -> String {
    let build = BuildInfo::CURRENT;
    format!("{} ({})", build.version, build.commit)
}

/// Does what the arguments say; the first is the name of the program.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitStatus {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(message) => return status::explain(&message),
    };
    let done = match cli.command {
        Command::Serve(command) => command.run(),
        Command::Worker(command) => command.run(),
        Command::Restore(command) => command.run(),
        Command::Evaluate(command) => command.run(),
        Command::Bench(command) => command.run(),
        Command::Learn(command) => command.run(),
        Command::Dictionary(command) => command.run(),
        Command::Train(command) => command.run(),
        Command::Prune(command) => command.run(),
        Command::Export(command) => command.run(),
        Command::Keys(command) => command.run(),
        Command::Migrate(command) => command.run(),
        Command::Config(command) => command.run(),
        Command::Openapi(command) => command.run(),
        Command::Healthcheck(command) => command.run(),
    };
    match done {
        Ok(()) => ExitStatus::Success,
        Err(error) => {
            // If standard error is gone there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "cogd: {error:#}");
            if error.is::<ConfigErrors>() { ExitStatus::UserError } else { ExitStatus::Failure }
        }
    }
}

/// Writes to standard output; a reader that has seen enough is no error.
fn print(text: &str) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
