//! Logs.

use super::Setting;
use super::macros::setting;
use crate::config::kinds::{Expects as _, Kind as _, Text};

pub(super) const LOG: &[Setting] = &[
    setting!(
        "log.format",
        log.format,
        Text("`human` or `json`"),
        "Shape of the log lines on standard error."
    ),
    setting!(
        "log.filter",
        log.filter,
        Text("a level, or `target=level` pairs separated by commas"),
        "What is logged, such as `info` or `warn,cogd::worker=debug`."
    ),
];
