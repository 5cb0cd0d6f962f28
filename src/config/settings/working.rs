//! What is computed, and how much at a time.

use super::Setting;
use super::macros::setting;
use crate::config::kinds::{Bytes, Count, Expects as _, Kind as _, Seconds, Text};

const GIB: u64 = 1 << 30;

pub(super) const IMAGE: &[Setting] = &[
    setting!(
        "image.max_bytes",
        image.max_bytes,
        Bytes(64..=4 * GIB),
        "Largest encoded image or mask."
    ),
    setting!(
        "image.max_pixels",
        image.max_pixels,
        Count(1..=4_000_000_000),
        "Largest image, in pixels; read from its header before anything is decoded."
    ),
    setting!(
        "image.max_frames",
        image.max_frames,
        Count(1..=100_000),
        "Pictures a file may hold. Only the first is read; the others are left out of the answer."
    ),
    setting!(
        "image.max_allocation",
        image.max_allocation,
        Bytes(1 << 20..=64 * GIB),
        "Memory that the decoder of one image may allocate."
    ),
];

pub(super) const WORKER: &[Setting] = &[
    setting!(
        "worker.threads",
        worker.threads,
        Text("`auto` or a number from 1 to 1024"),
        "Requests that are computed at the same time. `auto` follows the CPU quota of the container."
    ),
    setting!(
        "worker.compute_threads",
        worker.compute_threads,
        Text("`auto` or a number from 1 to 1024"),
        "Threads that all running requests share for their inner loops. `auto` as above."
    ),
    setting!(
        "worker.queue_length",
        worker.queue_length,
        Count(0..=1_000_000),
        "Requests that may wait for a worker. More are answered 429 at once."
    ),
    setting!(
        "worker.pixels_in_flight",
        worker.pixels_in_flight,
        Count(1..=1_000_000_000_000),
        "Pixels that may wait and be computed together. One larger image passes when it is alone."
    ),
    setting!(
        "worker.deadline",
        worker.deadline,
        Seconds(0.001..=86_400.0),
        "Longest time from the acceptance of a request to its answer."
    ),
];

pub(super) const JOBS: &[Setting] = &[
    setting!(
        "jobs.lease",
        queue.lease,
        Seconds(2.0..=3600.0),
        "How long a worker may be silent before its job is given to another one."
    ),
    setting!(
        "jobs.poll",
        queue.poll,
        Seconds(0.1..=300.0),
        "Longest time until idle workers look for jobs that nobody told them of. With SQLite at most 0.5s."
    ),
    setting!(
        "jobs.retention",
        queue.retention,
        Seconds(0.0..=31_536_000.0),
        "How long a job, its files and its result are kept after its end."
    ),
    setting!(
        "jobs.queue_length",
        queue.limits.all,
        Count(1..=100_000_000),
        "Unfinished jobs of all clients together. More are answered 429 at once."
    ),
    setting!(
        "jobs.queue_length_per_owner",
        queue.limits.owner,
        Count(1..=100_000_000),
        "Unfinished jobs of one client. More are answered 429 at once."
    ),
    setting!(
        "jobs.heartbeat",
        jobs.heartbeat,
        Seconds(0.05..=60.0),
        "Time between two signs of life of a running job, and of its progress. Well below the lease."
    ),
    setting!(
        "jobs.deadline",
        jobs.deadline,
        Seconds(1.0..=604_800.0),
        "Longest time that one attempt of a job may take."
    ),
    setting!(
        "jobs.max_attempts",
        jobs.retry.max_attempts,
        Count(1..=100),
        "Attempts of a job whose workers are lost. A job that fails by itself is not tried again."
    ),
    setting!(
        "jobs.sweep",
        jobs.sweep,
        Seconds(0.1..=86_400.0),
        "Time between two sweeps for jobs past their time and for files that belong to no job."
    ),
    setting!(
        "jobs.orphan_age",
        jobs.orphan_age,
        Seconds(60.0..=604_800.0),
        "Age from which a file that belongs to no job is deleted. Longer than any upload takes."
    ),
];
