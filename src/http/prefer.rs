//! How long a client wants to wait for its answer (RFC 7240).

use std::time::Duration;

use axum::http::HeaderMap;

/// The longest wait that is granted.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// How a client wants to be answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Prefer {
    respond_async: bool,
    wait: Option<Duration>,
}

impl Prefer {
    /// Reads the header. What cannot be read in it is passed over, as preferences may be.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        let mut prefer = Self::default();
        for preference in values.flat_map(|value| value.split([',', ';'])) {
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "respond-async" => prefer.respond_async = true,
                // Some clients leave the number out and mean: as long as it may be.
                "wait" if value.is_empty() => prefer.wait = Some(LONGEST_WAIT),
                "wait" => {
                    let seconds = value.trim().trim_matches('"').parse().ok();
                    let wait = seconds.map(Duration::from_secs);
                    prefer.wait = wait.map(|wait| wait.min(LONGEST_WAIT)).or(prefer.wait);
                }
                _ => {}
            }
        }
        prefer
    }

    /// Whether the request is to become a job.
    pub(super) fn asks_for_job(self) -> bool {
        self.respond_async || self.wait.is_some()
    }

    /// How long the end of the job is waited for.
    pub(super) fn patience(self) -> Duration {
        self.wait.unwrap_or(Duration::ZERO)
    }

    /// What was granted, for the `Preference-Applied` header.
    pub(super) fn applied(self) -> String {
        match self.wait {
            Some(wait) if self.respond_async => format!("respond-async, wait={}", wait.as_secs()),
            Some(wait) => format!("wait={}", wait.as_secs()),
            None => "respond-async".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &'static str) -> Prefer {
        Prefer::of(&HeaderMap::from_iter([("prefer".parse().unwrap(), value.parse().unwrap())]))
    }

    #[test]
    fn waits_are_read_in_every_spelling_and_bounded() {
        for (value, seconds) in [
            ("wait=5", 5),
            ("respond-async, wait=5", 5),
            ("Wait=\"7\"; foo=1", 7),
            ("wait", 60),
            ("wait=100000", 60),
            ("respond-async", 0),
        ] {
            assert!(of(value).asks_for_job(), "{value}");
            assert_eq!(of(value).patience(), Duration::from_secs(seconds), "{value}");
        }
        for value in ["", "return=minimal", "wait=soon", "wait=-1"] {
            assert_eq!(of(value), Prefer::default(), "{value}");
        }
        assert_eq!(of("wait=90,respond-async").applied(), "respond-async, wait=60");
    }
}
