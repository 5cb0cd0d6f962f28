//! Traces: from a caller through the queue and another process to a webhook.

use std::path::Path;
use std::process::{Command, Stdio};

use cogd::telemetry::trace::TraceContext;

use crate::support::app::{grey_png, mask_png};
use crate::support::process::{Process, cogd, exchange, upload};
use crate::support::receiver::{Receiver, SECRET};

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A program of one service, in that folder.
fn program(name: &str, folder: &Path, flags: &[&str]) -> Command {
    let mut command = cogd(&[name, "--data-dir", folder.to_str().unwrap()]);
    command.args(["--webhooks-secret", SECRET, "--webhooks-allow", "127.0.0.0/8"]);
    command.args(flags).stderr(Stdio::null());
    command
}

fn server(folder: &Path, workers: &str, flags: &[&str]) -> Process {
    let mut command = program("serve", folder, flags);
    Process::start(command.args(["--bind", "127.0.0.1:0", "--workers", workers]))
}

/// Has a job be accepted that is told to `hook`, by a caller with a trace of its own or without.
fn order(server: &Process, hook: &str, caller: Option<&str>) {
    let (image, mask) = (grey_png(32, 32, 1), mask_png(32, 32));
    let parts: [(&str, &[u8]); 3] =
        [("image", &image), ("mask", &mask), ("webhook", hook.as_bytes())];
    let headers: Vec<_> = caller.iter().map(|caller| ("traceparent", *caller)).collect();
    let said = exchange(&server.address(), &upload("/v1/inpaint", &headers, &parts)).unwrap();
    assert_eq!(said.status, 202, "{said:?}");
}

/// The place in a trace that a webhook was told.
async fn told(receiver: &mut Receiver) -> TraceContext {
    let (headers, _) = receiver.next().await;
    headers["traceparent"].to_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_of_a_caller_reaches_the_webhook_also_where_nothing_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let mut receiver = Receiver::start(&[]).await;
    let server = server(folder.path(), "0", &[]);
    let _worker = Process::start(&mut program("worker", folder.path(), &[]));
    order(&server, &receiver.url, Some(CALLER));
    assert_eq!(told(&mut receiver).await.to_string(), CALLER);
    // Without a caller's there is one all the same, for the log.
    order(&server, &receiver.url, None);
    let made = told(&mut receiver).await;
    assert!(!made.is_sampled);
    order(&server, &receiver.url, Some("00-what-is-this-01"));
    assert_ne!(told(&mut receiver).await.trace, made.trace);
}

#[cfg(not(feature = "otlp"))]
#[test]
fn a_build_without_traces_says_so_at_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program("serve", folder.path(), &["--trace-collector", "http://127.0.0.1:9"]);
    let failed = command.stderr(Stdio::piped()).output().unwrap();
    assert!(!failed.status.success());
    let report = String::from_utf8(failed.stderr).unwrap();
    assert!(report.contains("trace.collector") && report.contains("`otlp`"), "{report}");
}

#[cfg(feature = "otlp")]
mod recorded {
    use super::{CALLER, Receiver, order, program, server, told};
    use crate::support::collector::{Collector, Span};
    use crate::support::process::Process;

    /// The kinds of spans, as OTLP numbers them.
    const INTERNAL: i32 = 1;
    const SERVER: i32 = 2;
    const CLIENT: i32 = 3;
    const CONSUMER: i32 = 5;

    fn only<'a>(spans: &'a [Span], name: &str) -> &'a Span {
        let found: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
        assert_eq!(found.len(), 1, "{name} in {spans:#?}");
        found[0]
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_trace_crosses_the_queue_into_another_process_and_goes_on_to_the_webhook() {
        let folder = tempfile::tempdir().unwrap();
        let mut receiver = Receiver::start(&[]).await;
        let collector = Collector::start(&[]).await;
        let flags = ["--trace-collector", &collector.url, "--trace-headers", "x-key=sesame"];
        let mut server = server(folder.path(), "0", &flags);
        let mut worker = Process::start(&mut program("worker", folder.path(), &flags));
        order(&server, &receiver.url, Some(CALLER));
        let hook = told(&mut receiver).await;
        // Both send what they have when they stop.
        for process in [&mut server, &mut worker] {
            process.terminate();
        }
        let spans = collector.spans();
        assert!(spans.iter().all(|span| span.trace == CALLER[3..35]), "{spans:#?}");
        let (request, job) = (only(&spans, "POST /v1/inpaint"), only(&spans, "inpaint job"));
        assert_eq!((request.kind, job.kind), (SERVER, CONSUMER));
        assert_eq!(request.parent, CALLER[36..52]);
        assert_eq!(job.parent, request.id);
        let process = |process: &Process| Some(process.child.id().to_string());
        assert_eq!(request.resource.get("process.pid").cloned(), process(&server));
        assert_eq!(job.resource.get("process.pid").cloned(), process(&worker));
        assert_eq!(request.attributes["cogd.job.id"], job.attributes["cogd.job.id"]);
        assert_eq!(request.attributes["http.response.status_code"], "202");
        for stage in ["queue", "decode", "solve", "encode"] {
            let stage = only(&spans, stage);
            assert_eq!((&stage.parent, stage.kind), (&job.id, INTERNAL), "{stage:#?}");
            assert!(stage.start >= job.start && stage.end <= job.end, "{stage:#?}");
        }
        assert_eq!(only(&spans, "solve").attributes["cogd.engine"], "csc");
        let webhook = only(&spans, "tell webhook");
        assert_eq!((&webhook.parent, webhook.kind), (&job.id, CLIENT));
        assert_eq!(hook.to_string(), format!("00-{}-{}-01", webhook.trace, webhook.id));
        assert!(collector.keys().iter().all(|key| key == "sesame"));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_a_caller_does_not_record_nobody_does() {
        let folder = tempfile::tempdir().unwrap();
        let mut receiver = Receiver::start(&[]).await;
        let collector = Collector::start(&[]).await;
        let flags = ["--trace-collector", &collector.url];
        let mut server = server(folder.path(), "1", &flags);
        let unsampled = CALLER.replace("-01", "-00");
        order(&server, &receiver.url, Some(&unsampled));
        let hook = told(&mut receiver).await;
        server.terminate();
        assert_eq!(hook.trace_id(), CALLER[3..35]);
        assert!(!hook.is_sampled);
        assert!(collector.spans().is_empty(), "{:#?}", collector.spans());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_collector_that_is_away_or_refuses_keeps_nobody_waiting() {
        let away = "http://127.0.0.1:9".to_owned();
        let refusing = Collector::start(&[503; 64]).await;
        for url in [&away, &refusing.url] {
            let folder = tempfile::tempdir().unwrap();
            let mut receiver = Receiver::start(&[]).await;
            let flags = ["--trace-collector", url.as_str()];
            let mut server = server(folder.path(), "1", &flags);
            order(&server, &receiver.url, None);
            assert!(told(&mut receiver).await.is_sampled);
            assert!(server.terminate().success());
        }
    }
}
