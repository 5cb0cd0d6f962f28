//! A service of its own, in another process, so that its memory is its own as well.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

use super::target::Target;

/// A running service with its data. Both go with it.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    greeting: String,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts this very program, at its defaults but for what a measurement needs.
    pub(super) fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let program = crate::config::this_program()?;
        let mut child = Command::new(program)
            .args(["serve", "--bind", "127.0.0.1:0", "--log-filter", "warn", "--data-dir"])
            .arg(folder.path().join("data"))
            .stdout(Stdio::piped())
            .spawn()
            .context("the service does not start")?;
        let output = child.stdout.take().context("the service has no output")?;
        let mut server = Self { child, greeting: String::new(), _folder: folder };
        BufReader::new(output).read_line(&mut server.greeting)?;
        Ok(server)
    }

    pub(super) fn target(&self) -> anyhow::Result<Target> {
        let url = self.greeting.trim().strip_prefix("cogd is listening on ");
        url.context("the service did not start")?.parse()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing of it is needed any more. It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
