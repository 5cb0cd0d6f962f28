//! The table of settings.

use super::Config;
use super::kinds::{
    Bytes, Count, Expects, Folder, Hidden, Kind, List, Number, Optional, OptionalPath, Seconds,
    Switch, Text,
};

/// One thing that can be set.
#[derive(Debug)]
pub struct Setting {
    /// Name in the file: `section.key`, or `key` alone at its top.
    pub name: &'static str,
    /// What it means, in a sentence or two.
    pub help: &'static str,
    /// Whether it may be read from a file of its own, named by `_FILE`, and is never shown.
    pub is_secret: bool,
    pub(super) expects: fn() -> String,
    pub(super) show: fn(&Config) -> String,
    pub(super) show_toml: fn(&Config) -> String,
    pub(super) read: fn(&mut Config, &str) -> Option<()>,
}

/// Ties a name to a field of [`Config`] and to the kind of value it takes.
macro_rules! setting {
    ($name:literal, $($field:ident).+, $kind:expr, $help:literal) => {
        setting!(@ false, $name, $($field).+, $kind, $help)
    };
    (@ $is_secret:literal, $name:literal, $($field:ident).+, $kind:expr, $help:literal) => {
        Setting {
            name: $name,
            help: $help,
            is_secret: $is_secret,
            expects: || $kind.expects(),
            show: |config| $kind.show(&config.$($field).+),
            show_toml: |config| $kind.show_toml(&config.$($field).+),
            read: |config, text| {
                config.$($field).+ = $kind.read(text)?;
                Some(())
            },
        }
    };
}

/// A setting that is a secret, or has one in it.
macro_rules! secret {
    ($($row:tt)+) => {
        setting!(@ true, $($row)+)
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
        "workers",
        jobs.slots,
        Text("`auto` or a number from 0 to 1024"),
        "Jobs that this process runs at the same time; 0 leaves them to `cogd worker` elsewhere. `auto` keeps one worker thread free for requests that wait."
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
        "auth.mode",
        auth.mode,
        Text("`auto`, `keys` or `open`"),
        "Whether callers need an API key. `auto` asks for one unless `bind` is a loopback address."
    ),
    setting!(
        "auth.requests_per_second",
        auth.requests_per_second,
        Number(0.0..=1e6),
        "Requests that a key may make each second in the long run. 0 sets no limit."
    ),
    setting!(
        "auth.burst",
        auth.burst,
        Count(1..=1_000_000),
        "Requests that a key may make at once after a pause."
    ),
    setting!(
        "auth.open_metrics",
        auth.open_metrics,
        Switch,
        "Whether /metrics is shown without a key. With one, it takes the scope `admin`."
    ),
    secret!(
        "storage.database_url",
        storage.database_url,
        Optional("sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE"),
        "Database of jobs, keys and dictionaries. When not given, the file `cogd.sqlite` below `data_dir`."
    ),
    secret!(
        "storage.queue_url",
        queue.url,
        Optional("nats://HOST:PORT or tls://HOST:PORT, perhaps followed by /STREAM"),
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
        "storage.blobs_url",
        blobs.url,
        Optional("`file:PATH`, `s3://BUCKET/PREFIX` or `memory:`"),
        "Where the files of jobs are kept. If not given, in the folder `blobs` of `data_dir`."
    ),
    setting!(
        "storage.s3_endpoint",
        blobs.s3_endpoint,
        Optional("the URL of a service that speaks S3"),
        "Address of the S3 service. If not given, that of Amazon in the region."
    ),
    setting!(
        "storage.s3_region",
        blobs.s3_region,
        Text("the name of a region, such as eu-central-1"),
        "Region of the bucket. Most services other than Amazon's take any."
    ),
    setting!(
        "storage.s3_access_key_id",
        blobs.s3_access_key_id,
        Optional("the id of an access key"),
        "Access key of the bucket. If not given, the machine is asked for its role."
    ),
    secret!(
        "storage.s3_secret_access_key",
        blobs.s3_secret_access_key,
        Hidden("the secret of the access key"),
        "Secret of the access key."
    ),
    secret!(
        "webhooks.secret",
        webhooks.secret,
        Hidden("`whsec_` and 24 to 64 bytes in base64"),
        "Secret that webhooks are signed with, known to their receivers. Without it there are none."
    ),
    setting!(
        "webhooks.allow",
        webhooks.allow,
        List("a list of hosts, addresses and networks such as hooks.internal or 10.0.0.0/8"),
        "Targets of webhooks that may be called although they are not on the public internet."
    ),
    setting!(
        "webhooks.timeout",
        webhooks.timeout,
        Seconds(0.1..=60.0),
        "Longest time for the receiver of a webhook to answer."
    ),
    setting!(
        "webhooks.attempts",
        webhooks.retry.max_attempts,
        Count(1..=100),
        "How often a webhook is tried, with waits that double from 100 ms to 10 minutes."
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
        "models.dir",
        models.dir,
        OptionalPath("the path of a folder"),
        "Folder of models, `NAME/VERSION/model.onnx` each. Without one there are no models."
    ),
    setting!(
        "models.poll",
        models.poll,
        Seconds(0.0..=86_400.0),
        "Time between two looks at the folder of models. 0 looks at the start and when a model is asked to be loaded."
    ),
    setting!(
        "models.preload",
        models.preload,
        Switch,
        "Whether the newest versions are loaded as they appear, as far as they fit into the budget. Else the first request does it."
    ),
    setting!(
        "models.memory_budget",
        models.memory_budget,
        Bytes(1 << 20..=1024 * GIB),
        "Memory of all loaded models together, estimated from their files. What was not used for the longest time makes room."
    ),
    setting!("models.max_bytes", models.max_bytes, Bytes(64..=64 * GIB), "Largest `model.onnx`."),
    setting!(
        "models.device",
        models.device,
        Text("`auto`, `cpu`, `cuda:N` or `tensorrt:N`"),
        "What models run on. `auto` takes a GPU if one works; a named device is had or the model is not loaded."
    ),
    setting!(
        "models.threads",
        models.threads,
        Count(0..=1024),
        "Threads of one model. 0 takes as many as this process may use."
    ),
    setting!(
        "models.queue_length",
        models.queue_length,
        Count(1..=1_000_000),
        "Requests that may wait for one model. More are answered 429 at once."
    ),
    setting!(
        "models.max_batch",
        models.max_batch,
        Count(1..=65_536),
        "Rows of requests that are run together where the model allows it. Triton's `max_batch_size` of a model counts instead."
    ),
    setting!(
        "models.deadline",
        models.deadline,
        Seconds(0.001..=86_400.0),
        "Longest time from the acceptance of a request for a model to its answer."
    ),
    setting!(
        "models.onnxruntime",
        models.onnxruntime,
        OptionalPath("the path of a library or of its folder"),
        "Library of ONNX Runtime. If not given, `ORT_DYLIB_PATH` is asked, then the places where `scripts/fetch-onnxruntime` puts it."
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

    /// Its environment variable for the name of a file that holds it, if it is a secret.
    pub fn file_variable(&self) -> Option<String> {
        self.is_secret.then(|| format!("{}_FILE", self.variable()))
    }

    /// Its flag for the name of a file that holds it, if it is a secret.
    pub fn file_flag(&self) -> Option<String> {
        self.is_secret.then(|| format!("{}-file", self.flag()))
    }

    /// The secret setting whose name in the file of settings, with `_file`, this is.
    pub(super) fn find_by_file_name(name: &str) -> Option<&'static Self> {
        name.strip_suffix("_file").and_then(Self::find).filter(|setting| setting.is_secret)
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
