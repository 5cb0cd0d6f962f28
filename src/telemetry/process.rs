//! What the process takes from the machine.

use std::fmt;

use cpu_time::ProcessTime;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Memory of this process that is in use, in bytes; `None` where the system does not tell.
pub fn resident_bytes() -> Option<u64> {
    let kibibytes: u64 = status("VmRSS:")?.strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Threads of this process.
fn threads() -> Option<u64> {
    status("Threads:")?.parse().ok()
}

/// Files and sockets that this process has open.
fn open_files() -> Option<u64> {
    let listed = std::fs::read_dir("/proc/self/fd").ok()?.count();
    // The folder itself is open while it is read.
    u64::try_from(listed.saturating_sub(1)).ok()
}

/// A line of what Linux says about this process.
fn status(name: &str) -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    Some(status.lines().find_map(|line| line.strip_prefix(name))?.trim().to_owned())
}

/// Asks the system at every scrape. The names are those that all programs use.
#[derive(Debug)]
pub(super) struct ProcessCollector;

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let seconds = ConstCounter::new(ProcessTime::now().as_duration().as_secs_f64());
        let kind = seconds.metric_type();
        let help = "CPU time that this process has taken";
        seconds.encode(encoder.encode_descriptor(
            "process_cpu",
            help,
            Some(&Unit::Seconds),
            kind,
        )?)?;
        for (name, help, unit, value) in [
            (
                "process_resident_memory",
                "Memory of this process",
                Some(Unit::Bytes),
                resident_bytes(),
            ),
            ("process_open_fds", "Files and sockets that are open", None, open_files()),
            ("process_threads", "Threads of this process", None, threads()),
        ] {
            // Other systems than Linux do not tell.
            let Some(value) = value.and_then(|value| i64::try_from(value).ok()) else { continue };
            let gauge = ConstGauge::new(value);
            let kind = gauge.metric_type();
            gauge.encode(encoder.encode_descriptor(name, help, unit.as_ref(), kind)?)?;
        }
        Ok(())
    }
}
