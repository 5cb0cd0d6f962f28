//! How learning goes: a bar on a terminal, lines on standard error in a pipe.

use std::io::Write as _;

use indicatif::{ProgressBar, ProgressStyle};

pub(super) struct Log {
    bar: ProgressBar,
}

impl Log {
    /// For a run of at most `total` iterations.
    pub(super) fn new(total: u64) -> Self {
        // Draws to standard error, and only if that is a terminal.
        let bar = ProgressBar::new(total);
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} {msg} {eta}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// After iteration number `iteration`.
    pub(super) fn step(&self, iteration: u64, figures: &str) {
        self.bar.set_position(iteration);
        if self.bar.is_hidden() {
            self.say(&format!("{iteration}/{}: {figures}", self.bar.length().unwrap_or_default()));
        } else {
            self.bar.set_message(figures.to_owned());
        }
    }

    /// Starts anew, for another number of iterations.
    #[cfg(feature = "train")]
    pub(super) fn begin(&self, total: u64) {
        self.bar.reset();
        self.bar.set_length(total);
    }

    /// After an iteration of which there is nothing to say.
    #[cfg(feature = "train")]
    pub(super) fn at(&self, iteration: u64) {
        self.bar.set_position(iteration);
    }

    /// A sentence about the whole run.
    pub(super) fn say(&self, text: &str) {
        self.bar.suspend(|| {
            // If standard error is gone there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "{text}");
        });
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
