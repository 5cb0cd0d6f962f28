//! Who is told what, and how soon. The clocks and polls of these worlds stand still, so whatever
//! is found was told.

use std::sync::Arc;
use std::time::Duration;

use cogd::storage::{JobQueue, QueueConfig};

use super::on_every_engine;
use crate::support::world::{Engine, LEASE, World, add, claim, completion, failure, job};

on_every_engine!(
    a_new_job_wakes_a_worker_of_its_process,
    a_new_job_wakes_a_worker_of_another_process,
    a_job_that_was_given_back_wakes_a_worker,
    a_watcher_hears_of_changes_in_its_process,
    a_watcher_hears_of_changes_in_another_process,
    a_worker_in_another_process_is_told_to_stop,
    a_connection_that_was_cut_loses_no_wake,
);

mod without_its_broker {
    use crate::support::world::{Engine, run};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_job_whose_token_was_lost_is_found_in_the_table() {
        run(Engine::Nats, super::a_job_whose_token_was_lost_is_found_in_the_table).await;
    }
}

/// Longer than any test has patience.
const LONG: Duration = Duration::from_hours(1);

/// A worker that has found nothing, and claims when it is told to.
fn waiting(queue: &JobQueue) -> tokio::task::JoinHandle<cogd::storage::Claim> {
    let queue = queue.clone();
    tokio::spawn(async move {
        loop {
            if let Some(claim) = queue.claim("worker", LEASE).await.unwrap() {
                return claim;
            }
            queue.wait_for_work(LONG).await;
        }
    })
}

async fn a_new_job_wakes_a_worker_of_its_process(world: Arc<World>) {
    let queue = world.queue().await;
    let workers = [waiting(&queue), waiting(&queue)];
    for _ in 0..2 {
        tokio::task::yield_now().await;
        add(&queue, &job("a")).await;
    }
    for worker in workers {
        worker.await.unwrap();
    }
}

async fn a_new_job_wakes_a_worker_of_another_process(world: Arc<World>) {
    let (here, there) = (world.queue().await, world.queue().await);
    for _ in 0..3 {
        let worker = waiting(&there);
        let id = add(&here, &job("a")).await;
        let held = worker.await.unwrap();
        assert_eq!(held.job.id, id);
        there.succeed(&held, &completion(id)).await.unwrap();
    }
}

async fn a_job_that_was_given_back_wakes_a_worker(world: Arc<World>) {
    let (here, there) = (world.queue().await, world.queue().await);
    add(&here, &job("a")).await;
    let held = claim(&here).await;
    let worker = waiting(&there);
    here.release(&held, world.now()).await.unwrap();
    let held = worker.await.unwrap();
    let worker = waiting(&here);
    there.fail(&held, &failure(), Some(world.now())).await.unwrap();
    assert_eq!(worker.await.unwrap().job.attempts, 2);
}

async fn a_watcher_hears_of_changes_in_its_process(world: Arc<World>) {
    let queue = world.queue().await;
    hear(&world, &queue, &queue).await;
}

async fn a_watcher_hears_of_changes_in_another_process(world: Arc<World>) {
    let (here, there) = (world.queue().await, world.queue().await);
    hear(&world, &here, &there).await;
}

/// Every change that `writer` makes reaches a watcher of `reader`.
async fn hear(world: &World, writer: &JobQueue, reader: &JobQueue) {
    let id = add(writer, &job("a")).await;
    let mut changes = reader.changes();
    let mut seen = reader.find("a", id).await.unwrap().unwrap().revision;
    let mut next = async || loop {
        let revision = reader.find("a", id).await.unwrap().unwrap().revision;
        if revision > seen {
            seen = revision;
            return;
        }
        changes.of(id).await;
    };
    let held = claim(writer).await;
    next().await;
    writer.heartbeat(&held, None, LEASE).await.unwrap();
    next().await;
    writer.release(&held, world.now()).await.unwrap();
    next().await;
    writer.cancel("a", id).await.unwrap();
    next().await;
}

async fn a_worker_in_another_process_is_told_to_stop(world: Arc<World>) {
    if world.engine == Engine::Sqlite {
        // There, the next heartbeat tells.
        return;
    }
    let (here, there) = (world.queue().await, world.queue().await);
    let id = add(&here, &job("a")).await;
    let held = claim(&there).await;
    here.cancel("a", id).await.unwrap();
    held.stop().cancelled().await;
}

async fn a_connection_that_was_cut_loses_no_wake(world: Arc<World>) {
    if world.engine == Engine::Sqlite {
        // It has no connections.
        return;
    }
    let (here, there) = (world.queue().await, world.queue().await);
    for _ in 0..3 {
        let worker = waiting(&there);
        // After the first time, those who were cut may have yet to come back.
        while world.cut_listeners().await == 0 {
            tokio::task::yield_now().await;
        }
        let id = add(&here, &job("a")).await;
        let held = worker.await.unwrap();
        assert_eq!(held.job.id, id);
        there.succeed(&held, &completion(id)).await.unwrap();
    }
}

async fn a_job_whose_token_was_lost_is_found_in_the_table(world: Arc<World>) {
    let config = QueueConfig { poll: Duration::from_millis(100), ..world.config.clone() };
    let (here, there) = (world.queue().await, world.queue_with(&config).await);
    assert!(world.delete_stream().await);
    // The request is accepted all the same.
    let id = add(&here, &job("a")).await;
    let held = waiting(&there).await.unwrap();
    assert_eq!(held.job.id, id);
    there.succeed(&held, &completion(id)).await.unwrap();
}
