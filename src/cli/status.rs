//! How the program ends.

use std::process::ExitCode;

/// What the exit code tells a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// Everything was done: 0.
    Success,
    /// Something went wrong while it was done: 1.
    Failure,
    /// The arguments or the settings cannot be used, and nothing was done: 2.
    UserError,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        match status {
            ExitStatus::Success => Self::SUCCESS,
            ExitStatus::Failure => Self::FAILURE,
            ExitStatus::UserError => Self::from(2),
        }
    }
}

/// Prints what the parser of arguments has to say: help, the version, or what is wrong.
pub(super) fn explain(message: &clap::Error) -> ExitStatus {
    // There is nobody left to tell if the terminal is gone.
    let _ = message.print();
    if message.use_stderr() { ExitStatus::UserError } else { ExitStatus::Success }
}
