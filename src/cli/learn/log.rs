//! How learning goes: a bar on a terminal, lines on standard error in a pipe.

use std::io::Write as _;

use indicatif::{ProgressBar, ProgressStyle};

use super::course::Step;

pub(super) struct Log {
    bar: ProgressBar,
    total: usize,
}

impl Log {
    /// For a run of at most `total` iterations.
    pub(super) fn new(total: usize) -> Self {
        // Draws to standard error, and only if that is a terminal.
        let bar = ProgressBar::new(total as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} {msg} {eta}") {
            bar.set_style(style);
        }
        Self { bar, total }
    }

    /// After iteration number `iteration`.
    pub(super) fn step(&self, iteration: usize, step: &Step) {
        let figures = format!("objective {:.6}, PSNR {:.2} dB", step.objective, step.psnr);
        self.bar.set_position(iteration as u64);
        if self.bar.is_hidden() {
            self.say(&format!("{iteration}/{}: {figures}", self.total));
        } else {
            self.bar.set_message(figures);
        }
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
