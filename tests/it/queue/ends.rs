//! How attempts and jobs end.

use std::sync::Arc;
use std::time::Duration;

use cogd::jobs::{Job, JobState};
use cogd::storage::{Beat, Cancel, Forget, JobQueue, NewJob, Recorded};

use super::on_every_engine;
use crate::support::world::{LEASE, World, add, claim, completion, failure, job};

on_every_engine!(
    a_job_that_succeeds_has_a_result_and_an_end,
    a_failed_attempt_is_repeated_after_its_wait,
    a_failure_without_another_attempt_is_the_end,
    a_released_job_has_lost_no_attempt,
    a_queued_job_is_cancelled_at_once,
    the_worker_of_a_cancelled_job_is_told,
    a_cancelled_job_is_never_tried_again,
    only_a_job_that_has_ended_can_be_forgotten,
    a_job_expires_after_its_time_and_gives_its_files,
);

fn written(recorded: Recorded) -> Job {
    match recorded {
        Recorded::Yes(job) => *job,
        Recorded::Lost => panic!("the claim was lost"),
    }
}

async fn a_job_that_succeeds_has_a_result_and_an_end(world: Arc<World>) {
    let queue = world.queue().await;
    let new = NewJob { webhook: Some("https://example.org/hook".to_owned()), ..job("a") };
    let id = add(&queue, &new).await;
    world.advance(Duration::from_secs(1));
    let held = claim(&queue).await;
    assert_eq!((&held.job.spec, &held.job.inputs), (&new.spec, &new.inputs));
    world.advance(Duration::from_secs(1));
    let done = written(queue.succeed(&held, &completion(id)).await.unwrap());
    assert_eq!(queue.find("a", id).await.unwrap().unwrap(), done);
    assert_eq!((done.state, &done.completion), (JobState::Succeeded, &Some(completion(id))));
    assert_eq!(done.webhook, new.webhook);
    let times = done.times;
    assert_eq!(times.started.unwrap().since(times.created), Duration::from_secs(1));
    assert_eq!(times.finished.unwrap().since(times.created), Duration::from_secs(2));
    assert_eq!(times.expires.unwrap().since(times.finished.unwrap()), world.config.retention);
    assert!(queue.claim("worker", LEASE).await.unwrap().is_none());
}

async fn a_failed_attempt_is_repeated_after_its_wait(world: Arc<World>) {
    let queue = world.queue().await;
    let id = add(&queue, &job("a")).await;
    let held = claim(&queue).await;
    let wait = Duration::from_secs(5);
    let again =
        written(queue.fail(&held, &failure(), Some(world.now().after(wait))).await.unwrap());
    assert_eq!((again.state, again.times.finished), (JobState::Queued, None));
    assert_eq!(again.error, Some(failure().problem));
    world.advance(wait.saturating_sub(Duration::from_millis(1)));
    assert!(queue.claim("worker", LEASE).await.unwrap().is_none());
    world.advance(Duration::from_millis(1));
    let held = claim(&queue).await;
    assert_eq!((held.job.id, held.job.attempts), (id, 2));
    let done = written(queue.succeed(&held, &completion(id)).await.unwrap());
    assert_eq!(done.error, None);
}

async fn a_failure_without_another_attempt_is_the_end(world: Arc<World>) {
    let queue = world.queue().await;
    for (max_attempts, retry_at) in [(3, None), (1, Some(world.now()))] {
        add(&queue, &NewJob { max_attempts, ..job("a") }).await;
        let held = claim(&queue).await;
        let done = written(queue.fail(&held, &failure(), retry_at).await.unwrap());
        assert_eq!((done.state, done.error), (JobState::Failed, Some(failure().problem)));
        assert_eq!(done.times.finished, Some(world.now()));
    }
}

async fn a_released_job_has_lost_no_attempt(world: Arc<World>) {
    let queue = world.queue().await;
    add(&queue, &NewJob { max_attempts: 1, ..job("a") }).await;
    for _ in 0..3 {
        let held = claim(&queue).await;
        assert_eq!(held.job.attempts, 1);
        let wait = Duration::from_secs(2);
        let free = written(queue.release(&held, world.now().after(wait)).await.unwrap());
        assert_eq!((free.state, free.attempts), (JobState::Queued, 0));
        assert!(queue.claim("worker", LEASE).await.unwrap().is_none());
        world.advance(wait);
    }
    assert!(queue.claim("worker", LEASE).await.unwrap().is_some());
}

async fn a_queued_job_is_cancelled_at_once(world: Arc<World>) {
    let queue = world.queue().await;
    let id = add(&queue, &job("a")).await;
    let Cancel::Cancelled(job) = queue.cancel("a", id).await.unwrap() else { panic!() };
    assert_eq!((job.state, job.times.finished), (JobState::Cancelled, Some(world.now())));
    assert!(queue.claim("worker", LEASE).await.unwrap().is_none());
    assert!(matches!(queue.cancel("a", id).await.unwrap(), Cancel::Finished(_)));
}

async fn the_worker_of_a_cancelled_job_is_told(world: Arc<World>) {
    let queue = world.queue().await;
    let id = add(&queue, &job("a")).await;
    let held = claim(&queue).await;
    let Cancel::Requested(job) = queue.cancel("a", id).await.unwrap() else { panic!() };
    assert_eq!((job.state, job.cancel_requested), (JobState::Running, true));
    held.stop().cancelled().await;
    assert!(matches!(queue.cancel("a", id).await.unwrap(), Cancel::Requested(_)));
    let beat = queue.heartbeat(&held, None, LEASE).await.unwrap();
    assert_eq!(beat, Beat::Held { cancel_requested: true });
    let done = written(queue.cancelled(&held).await.unwrap());
    assert_eq!((done.state, done.times.finished), (JobState::Cancelled, Some(world.now())));

    // Another process hears of it with its next heartbeat, if not before.
    let other = world.queue().await;
    let id = add(&queue, &self::job("a")).await;
    let held = claim(&other).await;
    queue.cancel("a", id).await.unwrap();
    let beat = other.heartbeat(&held, None, LEASE).await.unwrap();
    assert_eq!(beat, Beat::Held { cancel_requested: true });
    assert!(held.stop().is_cancelled());
}

async fn a_cancelled_job_is_never_tried_again(world: Arc<World>) {
    let queue = world.queue().await;
    let cancelled = async |queue: &JobQueue| {
        let id = add(queue, &job("a")).await;
        let held = claim(queue).await;
        queue.cancel("a", id).await.unwrap();
        held
    };
    let held = cancelled(&queue).await;
    let done = written(queue.fail(&held, &failure(), Some(world.now())).await.unwrap());
    assert_eq!((done.state, done.times.finished), (JobState::Cancelled, Some(world.now())));
    let held = cancelled(&queue).await;
    let done = written(queue.release(&held, world.now()).await.unwrap());
    assert_eq!((done.state, done.times.finished), (JobState::Cancelled, Some(world.now())));
    let held = cancelled(&queue).await;
    world.advance(LEASE);
    assert!(queue.claim("worker", LEASE).await.unwrap().is_none());
    let done = queue.find("a", held.job.id).await.unwrap().unwrap();
    assert_eq!((done.state, done.error), (JobState::Cancelled, None));
}

async fn only_a_job_that_has_ended_can_be_forgotten(world: Arc<World>) {
    let queue = world.queue().await;
    let id = add(&queue, &job("a")).await;
    let forget = async || queue.forget("a", id).await.unwrap();
    assert_eq!(forget().await, Forget::Unfinished(JobState::Queued));
    let held = claim(&queue).await;
    assert_eq!(forget().await, Forget::Unfinished(JobState::Running));
    queue.succeed(&held, &completion(id)).await.unwrap();
    let keys = vec![format!("jobs/{id}/image"), format!("jobs/{id}/result")];
    assert_eq!(forget().await, Forget::Forgotten(keys));
    assert_eq!(forget().await, Forget::Unknown);
    assert_eq!(queue.find("a", id).await.unwrap(), None);
}

async fn a_job_expires_after_its_time_and_gives_its_files(world: Arc<World>) {
    let queue = world.queue().await;
    let id = add(&queue, &job("a")).await;
    let waits = add(&queue, &job("a")).await;
    let held = claim(&queue).await;
    queue.succeed(&held, &completion(id)).await.unwrap();
    world.advance(world.config.retention.saturating_sub(Duration::from_millis(1)));
    assert_eq!(queue.expire(10).await.unwrap(), []);
    world.advance(Duration::from_millis(1));
    let expired = queue.expire(10).await.unwrap();
    assert_eq!(expired.len(), 1);
    assert_eq!(expired[0].id, id);
    assert_eq!(expired[0].blobs, [format!("jobs/{id}/image"), format!("jobs/{id}/result")]);
    let there = queue.exists(&[id, waits]).await.unwrap();
    assert_eq!(there.into_iter().collect::<Vec<_>>(), [waits]);
}
