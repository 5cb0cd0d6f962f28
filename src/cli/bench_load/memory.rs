//! The memory of a service while it is kept busy, as its metrics tell it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::target::Target;
use crate::cli::connection::Connection;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);
const METRIC: &str = "process_resident_memory_bytes ";
const MEBIBYTE: f64 = (1 << 20) as f64;

/// Resident bytes at every look, by minute from 1.
#[derive(Debug, Default)]
pub(super) struct Memory(BTreeMap<u64, Vec<f64>>);

impl Memory {
    /// Looks until the time is over.
    pub(super) fn watch(target: &Target, began: Instant, time: Duration) -> Self {
        let mut memory = Self::default();
        while began.elapsed() < time {
            // A look that fails is one fewer; that requests are answered is judged elsewhere.
            if let Some(bytes) = look(target) {
                memory.0.entry(began.elapsed().as_secs() / 60 + 1).or_default().push(bytes);
            }
            sleep(LOOK);
        }
        memory
    }

    /// Mean and highest of every minute, and the last beside the second.
    pub(super) fn table(&self) -> String {
        if self.0.is_empty() {
            return "The service shows no metrics, so its memory is not known.\n".to_owned();
        }
        let mut text = "| minute | resident MiB, mean | highest |\n|---:|---:|---:|\n".to_owned();
        for (minute, looks) in &self.0 {
            let highest = looks.iter().copied().fold(0.0, f64::max) / MEBIBYTE;
            let mean = mean(looks) / MEBIBYTE;
            writeln!(text, "| {minute} | {mean:.1} | {highest:.1} |").expect("a string takes it");
        }
        let (second, last) = (self.0.get(&2), self.0.iter().next_back());
        if let (Some(second), Some((minute, last))) = (second, last)
            && *minute > 2
        {
            let change = (mean(last) / mean(second) - 1.0) * 100.0;
            writeln!(text, "\nThe last minute's mean lies {change:+.1} % from the second's.")
                .expect("a string takes it");
        }
        text
    }
}

fn mean(looks: &[f64]) -> f64 {
    looks.iter().sum::<f64>() / looks.len() as f64
}

fn look(target: &Target) -> Option<f64> {
    let connection = Connection::open(target.address).ok()?;
    let mut connection = connection.with_patience(Duration::from_secs(5)).ok()?;
    let reply = connection.ask(&target.plain("GET", "/metrics")).ok()?;
    let text = std::str::from_utf8(reply.body).ok()?;
    text.lines().find_map(|line| line.strip_prefix(METRIC))?.parse().ok()
}
