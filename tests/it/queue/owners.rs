//! What owners ask for and see.

use std::sync::Arc;

use cogd::jobs::{BatchId, JobKind, JobState, Priority};
use cogd::storage::{
    Cancel, Enqueued, EnqueuedAll, Forget, Idempotency, JobFilter, Limits, NewJob, Share,
    StorageError,
};

use super::on_every_engine;
use crate::support::world::{World, add, claim, completion, job};

on_every_engine!(
    a_repeated_request_gives_the_job_it_made,
    a_key_belongs_to_one_request_of_one_owner,
    of_requests_at_the_same_time_only_one_makes_a_job,
    a_batch_is_added_whole_or_not_at_all,
    a_repeated_batch_gives_the_jobs_it_made,
    pages_go_from_the_newest_to_the_oldest,
    filters_leave_out_what_does_not_fit,
    owners_see_and_touch_only_their_own,
    more_unfinished_jobs_than_the_limits_are_refused,
    the_queue_says_what_it_holds,
);

fn keyed(owner: &str, key: &str, fingerprint: &str) -> NewJob {
    let idempotency = Idempotency { key: key.to_owned(), fingerprint: fingerprint.to_owned() };
    NewJob { idempotency: Some(idempotency), ..job(owner) }
}

async fn a_repeated_request_gives_the_job_it_made(world: Arc<World>) {
    let queue = world.queue().await;
    let first = add(&queue, &keyed("a", "key", "body")).await;
    // Even when there is no room for another one, and after it has ended.
    let none = Limits { all: 0, owner: 0 };
    let again = queue.enqueue(&keyed("a", "key", "body"), none).await.unwrap();
    assert!(matches!(&again, Enqueued::Existing(job) if job.id == first), "{again:?}");
    let held = claim(&queue).await;
    queue.succeed(&held, &completion(first)).await.unwrap();
    let again = queue.enqueue(&keyed("a", "key", "body"), none).await.unwrap();
    assert!(matches!(&again, Enqueued::Existing(job) if job.state == JobState::Succeeded));
    queue.forget("a", first).await.unwrap();
    assert_ne!(add(&queue, &keyed("a", "key", "body")).await, first);
}

async fn a_key_belongs_to_one_request_of_one_owner(world: Arc<World>) {
    let queue = world.queue().await;
    add(&queue, &keyed("a", "key", "body")).await;
    let other = queue.enqueue(&keyed("a", "key", "another body"), Limits::NONE).await.unwrap();
    assert_eq!(other, Enqueued::KeyReused);
    add(&queue, &keyed("b", "key", "another body")).await;
    // Requests without a key are never the same.
    add(&queue, &job("a")).await;
    add(&queue, &job("a")).await;
    assert_eq!(queue.stats().await.unwrap().queued[1], (Priority::Normal, 4));
}

async fn of_requests_at_the_same_time_only_one_makes_a_job(world: Arc<World>) {
    let queues = [world.queue().await, world.queue().await];
    let requests = (0..16).map(|number: usize| {
        let queue = queues[number % 2].clone();
        tokio::spawn(async move {
            queue.enqueue(&keyed("a", "key", "body"), Limits::NONE).await.unwrap()
        })
    });
    let (mut made, mut names) = (0, Vec::new());
    for request in requests.collect::<Vec<_>>() {
        match request.await.unwrap() {
            Enqueued::New(job) => {
                made += 1;
                names.push(job.id);
            }
            Enqueued::Existing(job) => names.push(job.id),
            Enqueued::KeyReused => panic!("the requests are the same"),
        }
    }
    names.dedup();
    assert_eq!((made, names.len()), (1, 1));
}

async fn a_batch_is_added_whole_or_not_at_all(world: Arc<World>) {
    let queue = world.queue().await;
    let mut jobs: Vec<NewJob> = (0..5).map(|_| job("a")).collect();
    // The same name twice: the database refuses the last row.
    jobs[4].id = jobs[0].id;
    let refused = queue.enqueue_all(&jobs, Limits::NONE).await.unwrap_err();
    assert!(matches!(refused, StorageError::Conflict { .. }), "{refused:?}");
    assert_eq!(queue.list("a", &JobFilter::default(), None, 10).await.unwrap(), []);
    jobs.pop();
    let added = queue.enqueue_all(&jobs, Limits::NONE).await.unwrap();
    assert!(matches!(added, EnqueuedAll::New(added) if added.len() == 4));
}

async fn a_repeated_batch_gives_the_jobs_it_made(world: Arc<World>) {
    let queue = world.queue().await;
    let batch = || {
        let batch = Some(BatchId::generate());
        let first = NewJob { batch, ..keyed("a", "key", "bodies") };
        [first, NewJob { batch, ..job("a") }, NewJob { batch, ..job("a") }]
    };
    let jobs = batch();
    queue.enqueue_all(&jobs, Limits::NONE).await.unwrap();
    let again = queue.enqueue_all(&batch(), Limits::NONE).await.unwrap();
    let EnqueuedAll::Existing(again) = again else { panic!("{again:?}") };
    assert!(again.iter().map(|job| job.id).eq(jobs.iter().map(|job| job.id)));
    assert_eq!(queue.list("a", &JobFilter::default(), None, 10).await.unwrap().len(), 3);
}

async fn pages_go_from_the_newest_to_the_oldest(world: Arc<World>) {
    let queue = world.queue().await;
    let mut added = Vec::new();
    for _ in 0..7 {
        added.push(add(&queue, &job("a")).await);
        add(&queue, &job("b")).await;
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = queue.list("a", &JobFilter::default(), after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.iter().map(|job| job.id));
        // What is added meanwhile does not shift the pages.
        add(&queue, &job("a")).await;
    }
    added.reverse();
    assert_eq!(seen, added);
}

async fn filters_leave_out_what_does_not_fit(world: Arc<World>) {
    let queue = world.queue().await;
    let batch = Some(BatchId::generate());
    let first = add(&queue, &NewJob { batch, ..job("a") }).await;
    let second = add(&queue, &NewJob { batch, ..job("a") }).await;
    let third = add(&queue, &job("a")).await;
    queue.cancel("a", second).await.unwrap();
    let list = async |filter: JobFilter| {
        let jobs = queue.list("a", &filter, None, 10).await.unwrap();
        jobs.into_iter().map(|job| job.id).collect::<Vec<_>>()
    };
    let all = JobFilter::default();
    assert_eq!(list(JobFilter { batch, ..all }).await, [second, first]);
    let state = Some(JobState::Queued);
    assert_eq!(list(JobFilter { state, ..all }).await, [third, first]);
    assert_eq!(list(JobFilter { state, batch, ..all }).await, [first]);
    let kind = Some(JobKind::Inpaint);
    assert_eq!(list(JobFilter { kind, ..all }).await, [third, second, first]);
    assert_eq!(list(JobFilter { kind: Some(JobKind::Learn), ..all }).await, []);
}

async fn owners_see_and_touch_only_their_own(world: Arc<World>) {
    let queue = world.queue().await;
    let batch = Some(BatchId::generate());
    let id = add(&queue, &NewJob { batch, ..job("a") }).await;
    assert_eq!(queue.find("b", id).await.unwrap(), None);
    let filter = JobFilter { batch, ..JobFilter::default() };
    assert_eq!(queue.list("b", &filter, None, 10).await.unwrap(), []);
    assert_eq!(queue.cancel("b", id).await.unwrap(), Cancel::Unknown);
    queue.cancel("a", id).await.unwrap();
    assert_eq!(queue.forget("b", id).await.unwrap(), Forget::Unknown);
    assert!(queue.find("a", id).await.unwrap().is_some());
}

async fn more_unfinished_jobs_than_the_limits_are_refused(world: Arc<World>) {
    let queue = world.queue().await;
    let limits = Limits { all: 4, owner: 3 };
    let full = async |owner: &str| match queue.enqueue(&job(owner), limits).await {
        Ok(_) => None,
        Err(StorageError::QueueFull { of, limit, actual }) => Some((of, limit, actual)),
        Err(other) => panic!("{other}"),
    };
    for _ in 0..2 {
        assert_eq!(full("a").await, None);
    }
    // One that is worked on counts as well.
    let held = claim(&queue).await;
    assert_eq!(full("a").await, None);
    assert_eq!(full("a").await, Some((Share::Owner, 3, 4)));
    assert_eq!(full("b").await, None);
    assert_eq!(full("b").await, Some((Share::All, 4, 5)));
    queue.succeed(&held, &completion(held.job.id)).await.unwrap();
    let two = [job("b"), job("b")];
    let refused = queue.enqueue_all(&two, limits).await.unwrap_err();
    assert!(matches!(refused, StorageError::QueueFull { actual: 5, .. }), "{refused:?}");
    assert_eq!(full("b").await, None);
}

async fn the_queue_says_what_it_holds(world: Arc<World>) {
    let queue = world.queue().await;
    assert_eq!(queue.stats().await.unwrap().oldest_queued, None);
    let oldest = world.now();
    for priority in [Priority::Low, Priority::Normal, Priority::Low] {
        add(&queue, &NewJob { priority, ..job("a") }).await;
        world.advance(std::time::Duration::from_secs(1));
    }
    claim(&queue).await;
    let stats = queue.stats().await.unwrap();
    assert_eq!(stats.queued, [(Priority::High, 0), (Priority::Normal, 0), (Priority::Low, 2)]);
    assert_eq!((stats.running, stats.oldest_queued), (1, Some(oldest)));
}
