//! Networks.

use super::Setting;
use super::macros::setting;
use crate::config::kinds::{
    Bytes, Count, Expects as _, Kind as _, Optional, OptionalPath, Seconds, Switch, Text,
};

const GIB: u64 = 1 << 30;

pub(super) const MODELS: &[Setting] = &[
    setting!(
        "models.dir",
        models.dir,
        OptionalPath("the path of a folder"),
        "Folder of models, `NAME/VERSION/model.onnx` each."
    ),
    setting!(
        "models.builtin",
        models.builtin,
        Switch,
        "Whether the models that come with the program can be asked for. A model of the same name in the folder takes its place; each is loaded by the first request for it."
    ),
    setting!(
        "models.url",
        models_url,
        Optional("`s3://BUCKET/PREFIX`"),
        "Bucket of models instead of a folder, by the `storage.s3_*` settings. The folder `models` of `data_dir` follows it."
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
        "models.instances",
        models.instances,
        Count(1..=64),
        "Sessions of one model that run requests side by side. Each takes memory of its own; on a processor one with all threads is the fastest."
    ),
    setting!(
        "models.threads",
        models.threads,
        Count(0..=1024),
        "Threads of one session. 0 shares as many as this process may use among the sessions of a model."
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
];
