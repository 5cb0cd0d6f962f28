//! The table of settings.

use super::Config;
use super::kinds::{Bytes, Count, Expects, Folder, Kind, List, Seconds, Secret, Text};

/// One thing that can be set.
#[derive(Debug)]
pub struct Setting {
    /// Name in the file: `section.key`, or `key` alone at its top.
    pub name: &'static str,
    /// What it means, in a sentence or two.
    pub help: &'static str,
    pub(super) expects: fn() -> String,
    is_secret: fn() -> bool,
    pub(super) show: fn(&Config) -> String,
    pub(super) show_toml: fn(&Config) -> String,
    pub(super) read: fn(&mut Config, &str) -> Option<()>,
}

/// Ties a name to a field of [`Config`] and to the kind of value it takes.
macro_rules! setting {
    ($name:literal, $($field:ident).+, $kind:expr, $help:literal) => {
        Setting {
            name: $name,
            help: $help,
            expects: || $kind.expects(),
            is_secret: || $kind.is_secret(),
            show: |config| $kind.show(&config.$($field).+),
            show_toml: |config| $kind.show_toml(&config.$($field).+),
            read: |config, text| {
                config.$($field).+ = $kind.read(text)?;
                Some(())
            },
        }
    };
}

const GIB: u64 = 1 << 30;

/// Every setting, in the order of the reference.
pub const SETTINGS: &[Setting] = &[
    setting!(
        "bind",
        http.bind,
        Text("an address and a port, such as 127.0.0.1:8080"),
        "Address to listen on. Port 0 takes any free port. Only this computer can reach the default."
    ),
    setting!(
        "data_dir",
        data_dir,
        Folder,
        "Folder below which the service keeps everything it keeps. Created at the start if missing."
    ),
    setting!(
        "shutdown_grace",
        http.shutdown_grace,
        Seconds(0.0..=3600.0),
        "Time that requests at hand are given to finish after SIGTERM or SIGINT."
    ),
    setting!(
        "http.max_body_bytes",
        http.max_body_bytes,
        Bytes(1024..=4 * GIB),
        "Longest request body, after decompression. Base64 makes an image a third longer."
    ),
    setting!(
        "http.max_connections",
        http.max_connections,
        Count(1..=1_000_000),
        "Connections served at the same time. More wait until one closes."
    ),
    setting!(
        "http.header_timeout",
        http.header_timeout,
        Seconds(0.1..=3600.0),
        "Longest time for the header of a request to arrive."
    ),
    setting!(
        "http.body_timeout",
        http.body_timeout,
        Seconds(0.1..=3600.0),
        "Longest time for the whole body of a request to arrive."
    ),
    setting!(
        "http.cors_origins",
        http.cors_origins,
        List("a list of origins such as https://example.org, or `*`"),
        "Origins whose web pages may call the service."
    ),
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
    setting!(
        "storage.database_url",
        storage.database_url,
        Secret("sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE"),
        "Database of jobs, keys and dictionaries. When not given, the file `cogd.sqlite` below `data_dir`."
    ),
    setting!(
        "storage.queue_url",
        queue.url,
        Secret("nats://HOST:PORT or tls://HOST:PORT, perhaps followed by /STREAM"),
        "NATS JetStream server that hands out jobs. When not given, the database does it."
    ),
    setting!(
        "storage.connections",
        storage.connections,
        Count(1..=1000),
        "Connections to PostgreSQL for requests, and as many for workers; readers of an SQLite file."
    ),
    setting!(
        "storage.timeout",
        storage.timeout,
        Seconds(0.1..=300.0),
        "Longest wait for a connection to the database, and for its locks."
    ),
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
        Count(1..=10_000_000),
        "Unfinished jobs of all clients together. More are answered 429 at once."
    ),
    setting!(
        "jobs.queue_length_per_owner",
        queue.limits.owner,
        Count(1..=10_000_000),
        "Unfinished jobs of one client. More are answered 429 at once."
    ),
    setting!(
        "log.format",
        log.format,
        Text("`human` or `json`"),
        "Shape of the log lines on standard error."
    ),
    setting!(
        "log.filter",
        log.filter,
        Text("a level, or `target=level` pairs separated by commas"),
        "What is logged, such as `info` or `warn,cogd::worker=debug`."
    ),
];

impl Setting {
    /// The setting of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// Its environment variable, such as `COGD_HTTP_MAX_BODY_BYTES`.
    pub fn variable(&self) -> String {
        format!("COGD_{}", self.name.replace('.', "_").to_uppercase())
    }

    /// Its flag without the dashes, such as `http-max-body-bytes`.
    pub fn flag(&self) -> String {
        self.name.replace(['.', '_'], "-")
    }

    /// Whether its value may not be repeated in messages, and may be given as a file.
    pub fn is_secret(&self) -> bool {
        (self.is_secret)()
    }

    /// For a secret, the environment variable that names a file with its value.
    pub fn file_variable(&self) -> Option<String> {
        self.is_secret().then(|| format!("{}_FILE", self.variable()))
    }

    /// Section and key in the file; the section is empty at the top.
    pub fn section_and_key(&self) -> (&'static str, &'static str) {
        self.name.split_once('.').unwrap_or(("", self.name))
    }

    /// What a value looks like, range included.
    pub fn expects(&self) -> String {
        (self.expects)()
    }

    /// Its value in `config`, as it could be given by a flag.
    pub fn show(&self, config: &Config) -> String {
        (self.show)(config)
    }
}
