//! What came of all requests.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::bench::{LoadCase, SizeClass};

/// How a request ended, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// As the service documents.
    Expected(String),
    /// Otherwise.
    Unexpected(String),
}

/// What came of all requests, for all clients.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// By what was asked for, the size, and the ending.
    endings: BTreeMap<(&'static str, Option<SizeClass>, String), u64>,
    /// Times of answers with a picture, in milliseconds.
    times: BTreeMap<(&'static str, SizeClass), Vec<f64>>,
    unexpected: BTreeMap<String, u64>,
    /// What each request was answered first.
    answers: BTreeMap<(&'static str, usize, usize), Vec<u8>>,
}

impl Tally {
    /// Counts a request; its time matters if it has its picture.
    pub(super) fn note(
        &self,
        name: &'static str,
        class: Option<SizeClass>,
        ending: &Ending,
        time: Option<Duration>,
    ) {
        let mut counts = self.counts();
        let said = match ending {
            Ending::Expected(said) => said.clone(),
            Ending::Unexpected(said) => {
                *counts.unexpected.entry(format!("{name}: {said}")).or_default() += 1;
                format!("**{said}**")
            }
        };
        if let (Some(time), Some(class), "200") = (time, class, said.as_str()) {
            let kind = if name == "job" { "jobs" } else { "requests" };
            counts.times.entry((kind, class)).or_default().push(time.as_secs_f64() * 1e3);
        }
        *counts.endings.entry((name, class, said)).or_default() += 1;
    }

    /// Whether a request is answered what it was answered the first time.
    pub(super) fn is_as_before(&self, case: &LoadCase, answer: &[u8]) -> bool {
        // Cases are told apart by their task and by the sizes of their first two parts.
        let size = |index: usize| case.parts.get(index).map_or(0, |(_, part)| part.len());
        let mut counts = self.counts();
        let before = counts.answers.entry((case.name, size(0), size(1)));
        before.or_insert_with(|| answer.to_vec()) == answer
    }

    /// Answers that are not documented.
    pub(super) fn unexpected(&self) -> u64 {
        self.counts().unexpected.values().sum()
    }

    /// All requests by ending, the times by size, and what is not documented.
    pub(super) fn tables(&self, wall: Duration) -> String {
        let counts = self.counts();
        let mut text = "| request | size | ending | requests |\n|---|---|---|---:|\n".to_owned();
        let mut say = |line: String| writeln!(text, "{line}").expect("a string takes it");
        for ((name, class, ending), count) in &counts.endings {
            let class = class.map_or("hostile", SizeClass::name);
            say(format!("| {name} | {class} | {ending} | {count} |"));
        }
        say(
            "\n| answered | size | pictures | a second | p50 ms | p95 ms | p99 ms | slowest ms |\n\
             |---|---|---:|---:|---:|---:|---:|---:|"
                .to_owned(),
        );
        for ((kind, class), times) in &counts.times {
            let mut times = times.clone();
            times.sort_unstable_by(f64::total_cmp);
            let at = |share| percentile(&times, share);
            say(format!(
                "| {kind} | {} | {} | {:.2} | {:.0} | {:.0} | {:.0} | {:.0} |",
                class.name(),
                times.len(),
                times.len() as f64 / wall.as_secs_f64(),
                at(0.5),
                at(0.95),
                at(0.99),
                at(1.0),
            ));
        }
        say(format!("\nNot as documented: {}", counts.unexpected.values().sum::<u64>()));
        for (what, count) in &counts.unexpected {
            say(format!("- {count} × {what}"));
        }
        text
    }

    // Only counts are written under the lock, so a poisoned one holds nothing torn.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The smallest value that so large a share of the sorted values does not pass.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a length is a length"
    )]
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let sorted: Vec<f64> = (1..=200).map(f64::from).collect();
        for (share, value) in [(0.5, 100.0), (0.95, 190.0), (0.99, 198.0), (1.0, 200.0)] {
            assert!((percentile(&sorted, share) - value).abs() < 0.5, "{share}");
        }
        assert!((percentile(&[7.0], 0.5) - 7.0).abs() < 0.5);
        assert!(percentile(&[], 0.5).abs() < 0.5);
    }

    #[test]
    fn what_is_not_documented_is_counted_and_told() {
        let (tally, class) = (Tally::default(), Some(SizeClass::Small));
        let time = Some(Duration::from_millis(20));
        tally.note("inpaint", class, &Ending::Expected("200".to_owned()), time);
        tally.note("inpaint", class, &Ending::Unexpected("500 oh".to_owned()), time);
        assert_eq!(tally.unexpected(), 1);
        let tables = tally.tables(Duration::from_secs(1));
        assert!(tables.contains("| inpaint | small | 200 | 1 |"), "{tables}");
        assert!(tables.contains("- 1 × inpaint: 500 oh"), "{tables}");
        assert!(tables.contains("| requests | small | 1 | 1.00 | 20 |"), "{tables}");
    }
}
