//! The file of this very program.

use std::io;
use std::path::PathBuf;

/// The program that runs, to be started again.
///
/// # Errors
/// If the system does not tell.
pub fn this_program() -> io::Result<PathBuf> {
    std::env::current_exe()
}
