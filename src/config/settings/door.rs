//! How the service is reached, and by whom.

use super::Setting;
use super::macros::{secret, setting};
use crate::config::kinds::{
    Bytes, Count, Expects as _, Folder, Hidden, Kind as _, List, Number, Optional, OptionalPath,
    Seconds, Switch, Text,
};

const GIB: u64 = 1 << 30;

pub(super) const SERVICE: &[Setting] = &[
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
];

pub(super) const HTTP: &[Setting] = &[
    setting!(
        "http.root_path",
        http.root_path,
        Text("a path such as /tools/repair, of letters, digits and `-._~`"),
        "Path that a proxy serves this service below, the same for servers and workers. Links begin with it; requests may come with it or without."
    ),
    setting!(
        "http.worker_bind",
        http.worker_bind,
        Optional("an address and a port, such as 127.0.0.1:8081"),
        "Address on which `cogd worker` answers /livez, /readyz, /version and /metrics, and nothing else. If not given, it listens nowhere."
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
        "http.write_timeout",
        http.write_timeout,
        Seconds(0.1..=3600.0),
        "Longest time that a client may take nothing of its answer. Then it is cut off."
    ),
    setting!(
        "http.cors_origins",
        http.cors_origins,
        List("a list of origins such as https://example.org, or `*`"),
        "Origins whose web pages may call the service."
    ),
    setting!(
        "http.playground",
        http.playground,
        Switch,
        "Whether there is a page at / to repair pictures with. It is public; what it asks for may need a key."
    ),
    setting!(
        "http.ui_dir",
        http.ui_dir,
        OptionalPath("the path of a folder with an index.html"),
        "Folder of a web page to serve at `/` in place of our own, such as the one of IOPaint."
    ),
    setting!(
        "http.openai_strict_mask",
        http.openai_strict_mask,
        Switch,
        "Whether a mask sent to /v1/images/edits must be transparent somewhere. Else one that is not is read as white on black."
    ),
    secret!(
        "http.url_secret",
        http.url_secret,
        Hidden("a secret of at least 32 characters"),
        "What addresses of results are signed with. Without one, each `data_dir` has its own; services behind one address need the same."
    ),
];

pub(super) const AUTH: &[Setting] = &[
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
];
