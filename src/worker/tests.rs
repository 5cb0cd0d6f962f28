//! The pool with closures for work: what it promises, whatever the work is.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use super::{JobFailure, Overload, Pool, Refused, ThreadCount, Watch, WorkerConfig};
use crate::engines::{Observer, Stage};
use crate::numerics::{Control, Progress};
use crate::telemetry::{Load, Metrics};

const MINUTE: Duration = Duration::from_mins(1);

fn pool(queue_length: usize, deadline: Duration) -> (Pool, Arc<Metrics>) {
    let metrics = Arc::new(Metrics::default());
    let config = WorkerConfig {
        threads: ThreadCount::Exactly(NonZeroUsize::MIN),
        queue_length,
        pixels_in_flight: 1000,
        deadline,
        ..WorkerConfig::default()
    };
    (Pool::start(&config, Arc::clone(&metrics)).unwrap(), metrics)
}

/// Iterates until told to stop; says when it began and how many iterations it made.
fn endless() -> (impl FnOnce(&Watch) -> usize + Send + 'static, Receiver<usize>) {
    let (iterated, count): (Sender<usize>, _) = mpsc::channel();
    let work = move |watch: &Watch| {
        let mut iteration = 0;
        loop {
            iteration += 1;
            let stopped = watch.report(Progress { iteration, total: 0, residual: 0.0 }).is_err();
            let _ = iterated.send(iteration);
            if stopped {
                return iteration;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    (work, count)
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().build().unwrap().block_on(future)
}

fn wait_until(condition: impl Fn() -> bool) {
    while !condition() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_result_comes_back_with_the_time_of_each_stage() {
    let (pool, _) = pool(1, MINUTE);
    let nap = Duration::from_millis(3);
    let ticket = pool.submit(1, move |watch: &Watch| {
        watch.enter(Stage::Decode);
        watch.enter(Stage::Solve);
        std::thread::sleep(nap);
        watch.enter(Stage::Encode);
        "done"
    });
    let finished = block_on(ticket.unwrap().wait()).unwrap();
    assert_eq!(finished.value, "done");
    assert!(finished.timings.solve >= nap);
    assert!(finished.timings.decode < finished.timings.solve);
}

#[test]
fn a_full_queue_refuses_at_once_and_says_what_is_full() {
    let (pool, metrics) = pool(1, MINUTE);
    let (work, began) = endless();
    let _running = pool.submit(1, work).unwrap();
    began.recv().unwrap();
    let _waiting = pool.submit(1, |_: &Watch| ()).unwrap();
    assert!(matches!(
        pool.submit(1, |_: &Watch| ()),
        Err(Refused::Full(Overload::Queue { limit: 1, queued: 1, .. }))
    ));
    assert!(metrics.render().contains("cogd_jobs_total{outcome=\"rejected\"} 1"));
}

#[test]
fn a_budget_of_pixels_is_shared_by_all_that_is_in_flight() {
    let (pool, _) = pool(9, MINUTE);
    let (work, began) = endless();
    let running = pool.submit(5000, work).expect("alone, an image may exceed the budget");
    began.recv().unwrap();
    assert!(matches!(
        pool.submit(1, |_: &Watch| ()),
        Err(Refused::Full(Overload::Pixels { limit: 1000, actual: 5001, .. }))
    ));
    drop(running);
    wait_until(|| pool.load() == Load::default());
    assert!(pool.submit(1000, |_: &Watch| ()).is_ok());
}

#[test]
fn dropping_the_ticket_ends_the_work_within_one_iteration() {
    let (pool, metrics) = pool(1, MINUTE);
    let (work, iterations) = endless();
    let ticket = pool.submit(1, work).unwrap();
    iterations.recv().unwrap();
    drop(ticket);
    let made_when_dropped = iterations.try_iter().last().unwrap_or(1);
    wait_until(|| pool.load().running == 0);
    let made_after = iterations.iter().count();
    assert!(made_after <= 2, "{made_after} iterations after iteration {made_when_dropped}");
    assert!(metrics.render().contains("cogd_jobs_total{outcome=\"cancelled\"} 1"));
}

#[test]
fn a_job_nobody_waits_for_never_starts_and_frees_its_place() {
    let (pool, _) = pool(1, MINUTE);
    let (work, began) = endless();
    let running = pool.submit(1, work).unwrap();
    began.recv().unwrap();
    let (started, starts) = mpsc::channel();
    let abandoned = pool.submit(1, move |_: &Watch| started.send(()));
    drop(abandoned);
    let next = pool.submit(1, |_: &Watch| "next").expect("the abandoned place is free");
    drop(running);
    assert_eq!(block_on(next.wait()).unwrap().value, "next");
    assert!(starts.recv().is_err(), "the work was dropped unstarted");
}

#[test]
fn the_deadline_ends_a_job_at_work_and_one_still_queued() {
    let (pool, _) = pool(1, Duration::from_millis(30));
    let (work, _iterations) = endless();
    let running = pool.submit(1, work).unwrap();
    let (started, starts) = mpsc::channel();
    let queued = pool.submit(1, move |_: &Watch| started.send(())).unwrap();
    assert!(matches!(block_on(running.wait()), Err(JobFailure::Expired { .. })));
    // It is either out of time or at last started, depending on which came first.
    let (outcome, ran) = (block_on(queued.wait()), starts.recv().is_ok());
    assert_eq!(outcome.is_ok(), ran);
}

#[test]
fn a_panic_is_one_failed_job_and_the_pool_lives_on() {
    let (pool, metrics) = pool(1, MINUTE);
    let broken = pool.submit(1, |_: &Watch| panic!("on purpose")).unwrap();
    let ticket: Result<super::Finished<()>, _> = block_on(broken.wait());
    assert_eq!(ticket, Err(JobFailure::Panicked));
    let sound = pool.submit(1, |_: &Watch| 7).unwrap();
    assert_eq!(block_on(sound.wait()).unwrap().value, 7);
    assert!(metrics.render().contains("cogd_jobs_total{outcome=\"panicked\"} 1"));
}

#[test]
fn draining_finishes_what_was_accepted_and_takes_nothing_new() {
    let (pool, _) = pool(1, MINUTE);
    let (go, gate) = mpsc::channel::<()>();
    let running = pool.submit(1, move |_: &Watch| gate.recv().is_ok()).unwrap();
    let queued = pool.submit(1, |_: &Watch| 2).unwrap();
    pool.close();
    assert!(matches!(pool.submit(1, |_: &Watch| 3), Err(Refused::Draining)));
    go.send(()).unwrap();
    assert_eq!(pool.drain(MINUTE), 0);
    assert!(block_on(running.wait()).unwrap().value);
    assert_eq!(block_on(queued.wait()).unwrap().value, 2);
}

#[test]
fn draining_cancels_what_the_grace_does_not_cover() {
    let (pool, _) = pool(1, MINUTE);
    let (work, began) = endless();
    let running = pool.submit(1, work).unwrap();
    began.recv().unwrap();
    let queued = pool.submit(1, |_: &Watch| ()).unwrap();
    assert_eq!(pool.drain(Duration::ZERO), 2);
    assert_eq!(block_on(running.wait()).err(), Some(JobFailure::Cancelled));
    assert_eq!(block_on(queued.wait()).err(), Some(JobFailure::Cancelled));
}
