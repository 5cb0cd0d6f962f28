//! A progress bar on a terminal, nothing in a pipe.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use crate::engines::{Observer, Stage};
use crate::numerics::{Control, Progress, Stopped};

/// Shows how far one image is.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new(image: &Path) -> Self {
        // Draws to standard error, and only if that is a terminal.
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:32} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        let name = image.file_name().unwrap_or(image.as_os_str());
        bar.set_prefix(name.to_string_lossy().into_owned());
        Self(bar)
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Control for Bar {
    fn report(&self, progress: Progress) -> Result<(), Stopped> {
        self.0.set_length(progress.total as u64);
        self.0.set_position(progress.iteration as u64);
        Ok(())
    }
}

impl Observer for Bar {
    fn enter(&self, stage: Stage) {
        self.0.set_message(match stage {
            Stage::Decode => "reading",
            Stage::Solve => "repairing",
            Stage::Encode => "writing",
        });
    }
}
