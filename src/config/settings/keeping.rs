//! Where things are kept, and who is told.

use super::Setting;
use super::macros::{secret, setting};
use crate::config::kinds::{Count, Expects as _, Hidden, Kind as _, List, Optional, Seconds, Text};

pub(super) const STORAGE: &[Setting] = &[
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
];

pub(super) const WEBHOOKS: &[Setting] = &[
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
];
