//! Who gets which job, and who loses it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use cogd::jobs::{Job, JobId, JobProgress, JobState, Priority};
use cogd::storage::{Beat, Claim, JobQueue, Limits, NewJob, Recorded};

use super::on_every_engine;
use crate::support::world::{LEASE, World, add, claim, completion, failure, job};

on_every_engine!(
    more_urgent_jobs_are_claimed_first_and_equal_ones_in_order,
    a_thousand_jobs_of_one_owner_do_not_delay_the_first_of_another,
    owners_take_turns_whatever_was_claimed_before,
    a_lease_that_ran_out_lets_another_worker_take_over,
    a_heartbeat_extends_the_lease_and_keeps_the_progress,
    a_stale_worker_can_write_nothing,
    a_claim_after_a_release_is_not_the_claim_before_it,
    a_job_that_loses_every_worker_ends_as_failed,
    eight_claimers_never_get_the_same_job,
    a_worker_that_comes_back_under_a_new_name_waits_for_its_own_lease,
);

async fn more_urgent_jobs_are_claimed_first_and_equal_ones_in_order(world: Arc<World>) {
    let queue = world.queue().await;
    let mut added = Vec::new();
    for priority in [Priority::Low, Priority::Normal, Priority::High, Priority::Low, Priority::High]
    {
        added.push(add(&queue, &NewJob { priority, ..job("a") }).await);
    }
    let mut claimed = Vec::new();
    while let Some(claim) = queue.claim("worker", LEASE).await.unwrap() {
        claimed.push(claim.job.id);
    }
    let expected = [2, 4, 1, 0, 3].map(|index: usize| added[index]);
    assert_eq!(claimed, expected);
}

async fn a_thousand_jobs_of_one_owner_do_not_delay_the_first_of_another(world: Arc<World>) {
    let queue = world.queue().await;
    let many: Vec<NewJob> = (0..1000).map(|_| job("many")).collect();
    queue.enqueue_all(&many, Limits::NONE).await.unwrap();
    for _ in 0..10 {
        claim(&queue).await;
    }
    add(&queue, &job("one")).await;
    let owners = [claim(&queue).await.job.owner, claim(&queue).await.job.owner];
    assert!(owners.contains(&"one".to_owned()), "{owners:?}");
}

async fn owners_take_turns_whatever_was_claimed_before(world: Arc<World>) {
    let queue = world.queue().await;
    // The turns given so far must not count against whoever comes after an empty queue.
    for _ in 0..20 {
        add(&queue, &job("early")).await;
        claim(&queue).await;
    }
    for owner in ["b", "b", "b", "a", "a", "c"] {
        add(&queue, &job(owner)).await;
    }
    let mut owners = String::new();
    while let Some(claim) = queue.claim("worker", LEASE).await.unwrap() {
        owners.push_str(&claim.job.owner);
    }
    assert_eq!(owners, "bacbab");
}

async fn a_lease_that_ran_out_lets_another_worker_take_over(world: Arc<World>) {
    let (first, second) = (world.queue().await, world.queue().await);
    let id = add(&first, &job("a")).await;
    let lost = first.claim("first", LEASE).await.unwrap().unwrap();
    assert_eq!((lost.job.attempts, lost.job.state), (1, JobState::Running));
    world.advance(LEASE.saturating_sub(Duration::from_millis(1)));
    assert!(second.claim("second", LEASE).await.unwrap().is_none());
    world.advance(LEASE);
    let taken = second.claim("second", LEASE).await.unwrap().unwrap();
    assert_eq!((taken.job.id, taken.job.attempts), (id, 2));
    assert!(taken.job.revision > lost.job.revision);
}

async fn a_heartbeat_extends_the_lease_and_keeps_the_progress(world: Arc<World>) {
    let queue = world.queue().await;
    let id = add(&queue, &job("a")).await;
    let held = claim(&queue).await;
    let progress =
        JobProgress { stage: "solve".to_owned(), iteration: 3, ..JobProgress::default() };
    for _ in 0..4 {
        world.advance(LEASE * 3 / 4);
        let beat = queue.heartbeat(&held, Some(&progress), LEASE).await.unwrap();
        assert_eq!(beat, Beat::Held { cancel_requested: false });
        assert!(queue.claim("other", LEASE).await.unwrap().is_none());
    }
    // A heartbeat that has nothing new to say takes nothing back.
    queue.heartbeat(&held, None, LEASE).await.unwrap();
    let seen = queue.find("a", id).await.unwrap().unwrap();
    assert_eq!(seen.progress, Some(progress));
    assert_eq!(seen.revision, held.job.revision + 5);
}

async fn a_stale_worker_can_write_nothing(world: Arc<World>) {
    let queue = world.queue().await;
    let id = add(&queue, &job("a")).await;
    let stale = queue.claim("first", LEASE).await.unwrap().unwrap();
    world.advance(LEASE * 2);
    let held = queue.claim("second", LEASE).await.unwrap().unwrap();
    assert_writes_nothing(&queue, &stale, &world, id).await;
    let done = queue.succeed(&held, &completion(id)).await.unwrap();
    assert!(matches!(done, Recorded::Yes(_)));
    // Neither can anyone after the end.
    assert_writes_nothing(&queue, &stale, &world, id).await;
    assert_writes_nothing(&queue, &held, &world, id).await;
}

async fn assert_writes_nothing(queue: &JobQueue, claim: &Claim, world: &World, id: JobId) {
    let before: Job = queue.find("a", id).await.unwrap().unwrap();
    assert_eq!(queue.heartbeat(claim, None, LEASE).await.unwrap(), Beat::Lost);
    assert_eq!(queue.succeed(claim, &completion(id)).await.unwrap(), Recorded::Lost);
    assert_eq!(queue.fail(claim, &failure(), None).await.unwrap(), Recorded::Lost);
    assert_eq!(queue.fail(claim, &failure(), Some(world.now())).await.unwrap(), Recorded::Lost);
    assert_eq!(queue.release(claim, world.now()).await.unwrap(), Recorded::Lost);
    assert_eq!(queue.cancelled(claim).await.unwrap(), Recorded::Lost);
    assert_eq!(queue.find("a", id).await.unwrap().unwrap(), before);
}

async fn a_claim_after_a_release_is_not_the_claim_before_it(world: Arc<World>) {
    let queue = world.queue().await;
    let id = add(&queue, &job("a")).await;
    let stale = claim(&queue).await;
    queue.release(&stale, world.now()).await.unwrap();
    // The same worker, and the same number of attempts.
    let held = claim(&queue).await;
    assert_eq!(held.job.attempts, stale.job.attempts);
    assert_writes_nothing(&queue, &stale, &world, id).await;
}

async fn a_job_that_loses_every_worker_ends_as_failed(world: Arc<World>) {
    let queue = world.queue().await;
    let id = add(&queue, &NewJob { max_attempts: 2, ..job("a") }).await;
    for attempt in 1..=2 {
        assert_eq!(claim(&queue).await.job.attempts, attempt);
        world.advance(LEASE * 2);
    }
    assert!(queue.claim("worker", LEASE).await.unwrap().is_none());
    let seen = queue.find("a", id).await.unwrap().unwrap();
    assert_eq!((seen.state, seen.attempts), (JobState::Failed, 2));
    assert_eq!(seen.error, Some(world.config.lost.clone()));
    assert_eq!(seen.times.finished, Some(world.now()));
    assert_eq!(seen.times.expires, Some(world.now().after(world.config.retention)));
}

async fn eight_claimers_never_get_the_same_job(world: Arc<World>) {
    let (first, second) = (world.queue().await, world.queue().await);
    let jobs: Vec<NewJob> = (0..200).map(|_| job("a")).collect();
    first.enqueue_all(&jobs, Limits::NONE).await.unwrap();
    let claimers = (0..8).map(|number| {
        let queue = if number % 2 == 0 { first.clone() } else { second.clone() };
        tokio::spawn(async move {
            let worker = format!("worker-{number}");
            let mut claimed = Vec::new();
            while let Some(claim) = queue.claim(&worker, LEASE).await.unwrap() {
                claimed.push(claim.job.id);
            }
            claimed
        })
    });
    let mut claimed = Vec::new();
    for claimer in claimers.collect::<Vec<_>>() {
        claimed.extend(claimer.await.unwrap());
    }
    let different: HashSet<_> = claimed.iter().copied().collect();
    assert_eq!(claimed.len(), different.len());
    assert_eq!(different, jobs.iter().map(|job| job.id).collect());
}

async fn a_worker_that_comes_back_under_a_new_name_waits_for_its_own_lease(world: Arc<World>) {
    let before = world.queue().await;
    add(&before, &job("a")).await;
    let (first, second) = (JobQueue::worker_name(), JobQueue::worker_name());
    assert_ne!(first, second);
    let lost = before.claim(&first, LEASE).await.unwrap().unwrap();
    // Killed, and started again.
    drop((lost, before));
    let after = world.queue().await;
    assert!(after.claim(&second, LEASE).await.unwrap().is_none());
    world.advance(LEASE);
    assert_eq!(after.claim(&second, LEASE).await.unwrap().unwrap().job.attempts, 2);
}
