//! All metrics of a service, in one registry.
//!
//! Each [`Metrics`] has a registry of its own, so that two services in one process (as in
//! tests) do not count each other's requests.

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::process::ProcessCollector;
use super::{AttemptMetrics, BacklogMetrics, BuildInfo, ModelMetrics, RequestMetrics, WorkMetrics};

/// Upper bounds in seconds: from a header read to a large photograph.
pub(super) const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The metrics of one service. Recording never blocks for long and never fails.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: RequestMetrics,
    work: WorkMetrics,
    attempts: AttemptMetrics,
    backlog: BacklogMetrics,
    models: ModelMetrics,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            requests: RequestMetrics::default(),
            work: WorkMetrics::default(),
            attempts: AttemptMetrics::default(),
            backlog: BacklogMetrics::default(),
            models: ModelMetrics::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let build = BuildInfo::CURRENT;
        let registry = self.registry.sub_registry_with_prefix("cogd");
        registry.register(
            "build",
            "Which build is running",
            Info::new(vec![("version", build.version), ("commit", build.commit)]),
        );
        self.requests.register(registry);
        self.work.register(registry);
        self.attempts.register(registry);
        self.backlog.register(registry);
        self.models.register(registry);
        self.registry.register_collector(Box::new(ProcessCollector));
    }

    /// What is counted of HTTP.
    pub fn requests(&self) -> &RequestMetrics {
        &self.requests
    }

    /// What is counted of the worker pool.
    pub fn work(&self) -> &WorkMetrics {
        &self.work
    }

    /// What is counted of accepted jobs and webhooks.
    pub fn attempts(&self) -> &AttemptMetrics {
        &self.attempts
    }

    /// What is counted of the queue of jobs.
    pub fn backlog(&self) -> &BacklogMetrics {
        &self.backlog
    }

    /// What is counted of models.
    pub fn models(&self) -> &ModelMetrics {
        &self.models
    }

    /// Media type of [`Metrics::render`].
    pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// All metrics in the `OpenMetrics` text format.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing into a string fails only if a metric's own encoder does.
        if let Err(error) = encode(&mut text, &self.registry) {
            tracing::error!(%error, "a metric could not be rendered");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;
    use crate::telemetry::{Load, ModelLabels, OpenConnection, Outcome, Subject};

    /// A service to which everything has happened that is counted.
    fn lived() -> (Metrics, OpenConnection) {
        let metrics = Metrics::default();
        let subject = Subject { task: "inpaint", engine: "csc".to_owned() };
        let time = Duration::from_millis(20);
        metrics.requests().answered("POST", "/v1/inpaint", 200, time);
        metrics.requests().problem("too-busy");
        let open = metrics.requests().connection();
        drop(metrics.requests().connection());
        metrics.work().ended(Outcome::Panicked);
        metrics.work().stages(&subject, [("solve", time)]);
        metrics.work().iterations(&subject, 30);
        metrics.work().threads(4);
        metrics.work().load(Load { queued: 3, running: 2, pixels: 512 });
        metrics.attempts().attempt("inpaint", "failed");
        metrics.attempts().failure("unreadable-image");
        metrics.attempts().webhook("delivered");
        metrics.backlog().set([("high", 2)], 1, time);
        let model = ModelLabels::new("lama", "1");
        metrics.models().loaded([(&model, "CPU", 9)].into_iter());
        metrics.models().queued(&model, 1);
        metrics.models().request(&model, time, Ok(4));
        metrics.models().request(&model, time, Err("expired"));
        (metrics, open)
    }

    #[test]
    fn what_is_recorded_is_rendered_with_its_labels() {
        let (metrics, _open) = lived();
        let text = metrics.render();
        for line in [
            "cogd_http_requests_total{method=\"POST\",route=\"/v1/inpaint\",status=\"200\"} 1",
            "cogd_http_request_duration_seconds_bucket{le=\"0.025\",route=\"/v1/inpaint\"} 1",
            "cogd_http_problems_total{code=\"too-busy\"} 1",
            "cogd_http_connections 1",
            "cogd_jobs_total{outcome=\"panicked\"} 1",
            "cogd_jobs_total{outcome=\"finished\"} 0",
            "cogd_stage_duration_seconds_count{stage=\"solve\",task=\"inpaint\",engine=\"csc\"} 1",
            "cogd_solver_iterations_sum{task=\"inpaint\",engine=\"csc\"} 30.0",
            "cogd_jobs_queued 3",
            "cogd_jobs_running 2",
            "cogd_pixels_in_flight 512",
            "cogd_job_attempts_total{kind=\"inpaint\",ending=\"failed\"} 1",
            "cogd_job_failures_total{code=\"unreadable-image\"} 1",
            "cogd_webhook_attempts_total{ending=\"delivered\"} 1",
            "cogd_model_cache_events_total{event=\"evicted\"} 0",
            "# UNIT process_cpu_seconds seconds",
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    /// One line for each metric that is shown: its name as it is asked for, kind and labels.
    fn shown(text: &str) -> BTreeSet<String> {
        let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let describe = |line: &str| {
            let (name, kind) = line.split_once(' ').unwrap();
            let suffix = match kind {
                "counter" => "_total",
                "info" => "_info",
                _ => "",
            };
            let sample = text.lines().find_map(|line| {
                line.strip_prefix(name)?.strip_prefix(if kind == "histogram" {
                    "_count"
                } else {
                    suffix
                })
            });
            let labels = sample.unwrap().strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let labels = labels.map_or("", |(labels, _)| labels);
            let names = labels.split(',').filter_map(|pair| Some(pair.split_once('=')?.0));
            format!("{name}{suffix} {kind} {}", names.collect::<Vec<_>>().join(", "))
        };
        types.map(describe).collect()
    }

    #[test]
    fn the_table_for_operators_lists_exactly_what_is_shown() {
        let page = include_str!("../../docs/operations.md");
        let rows = page.lines().filter(|line| line.starts_with("| `") && line.contains(" | "));
        let listed: BTreeSet<String> = rows
            .filter_map(|row| {
                let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
                let [name, kind, unit, labels, meaning] = cells[..] else { return None };
                assert!(!unit.is_empty() && !meaning.is_empty(), "{row}");
                let plain = |text: &str| text.replace('`', "");
                Some(format!("{} {kind} {}", plain(name), plain(labels)))
            })
            .collect();
        let shown = shown(&lived().0.render());
        let missing: Vec<_> = shown.difference(&listed).collect();
        let gone: Vec<_> = listed.difference(&shown).collect();
        assert!(
            missing.is_empty() && gone.is_empty(),
            "not listed: {missing:#?}\nnot shown: {gone:#?}"
        );
    }

    #[test]
    fn the_process_is_measured_when_it_is_asked_for() {
        let text = Metrics::default().render();
        let value = |name: &str| -> f64 {
            let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
            line.unwrap_or_else(|| panic!("{name} is not in\n{text}")).parse().unwrap()
        };
        assert!(value("process_cpu_seconds_total") >= 0.0);
        assert!(value("process_resident_memory_bytes") > 1e6);
        assert!(value("process_open_fds") >= 3.0);
        assert!(value("process_threads") >= 1.0);
    }

    #[test]
    fn two_services_in_one_process_do_not_share_counts() {
        let (one, other) = (Metrics::default(), Metrics::default());
        one.work().ended(Outcome::Finished);
        assert!(other.render().contains("cogd_jobs_total{outcome=\"finished\"} 0"));
    }
}
