//! Logs and traces.

use super::Setting;
use super::macros::{secret, setting};
use crate::config::kinds::{Expects as _, Hidden, Kind as _, Number, Optional, Text};

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

pub(super) const TRACE: &[Setting] = &[
    setting!(
        "trace.collector",
        log.trace.collector,
        Optional("the address of a collector, such as http://collector:4318"),
        "OpenTelemetry collector that traces are sent to, by OTLP over HTTP. Without one there are none. Takes a build with the feature `otlp`."
    ),
    secret!(
        "trace.headers",
        log.trace.headers,
        Hidden("NAME=VALUE pairs separated by commas"),
        "Headers of all requests to the collector, such as a key."
    ),
    setting!(
        "trace.sample_ratio",
        log.trace.sample_ratio,
        Number(0.0..=1.0),
        "Share of the traces that are sent, of those that begin here. Callers decide for those that they begin."
    ),
    setting!(
        "trace.service_name",
        log.trace.service_name,
        Text("a name"),
        "Name of this service in traces."
    ),
];
