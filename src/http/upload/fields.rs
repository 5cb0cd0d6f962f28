//! The parameters of a restoration: one table for reading them and for describing them.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::PartialSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{RefOr, schema::KnownFormat, schema::SchemaFormat};

use super::{FeatureFormat, Wishes};
use crate::engines::{
    EngineChoice, ExplainOptions, LearnSpec, NetworkName, ReportDetail, RestoreSpec, Task,
    dictionary_names,
};
use crate::imaging::{ImageFormat, MaskChannel, MaskOptions, MetadataPolicy};
use crate::jobs::Priority;
use crate::worker::LONGEST_TARGET;

/// A parameter as it arrives.
#[derive(Debug)]
pub(super) enum Given {
    /// In a part of a multipart body, where everything is text.
    Text(String),
    /// In JSON, where it has a type.
    Json(Value),
}

impl Given {
    /// The value as a `T`. Text may spell a string, or a number or truth value as JSON does.
    fn read<T: DeserializeOwned>(self) -> Option<T> {
        match self {
            // Leaving a parameter out is how to not set it; null is no value of any.
            Self::Json(Value::Null) => None,
            Self::Json(value) => serde_json::from_value(value).ok(),
            Self::Text(text) => {
                let parsed = serde_json::from_str(&text).ok();
                let string = serde_json::from_value(Value::String(text)).ok();
                string.or_else(|| Self::Json(parsed?).read())
            }
        }
    }
}

/// One parameter.
pub(in crate::http) struct Field {
    /// Its name in JSON and in multipart.
    pub(in crate::http) name: &'static str,
    /// What it does.
    pub(in crate::http) help: &'static str,
    /// What its value may be.
    pub(in crate::http) schema: fn() -> Object,
    /// Puts a value where it belongs; the error says what was expected.
    pub(super) read: fn(&mut Wishes, Given) -> Result<(), &'static str>,
    /// The only task that takes it, if not all do.
    pub(in crate::http) only: Option<Task>,
}

impl fmt::Debug for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Field").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Ties a name to a field of [`Wishes`].
macro_rules! field {
    ($name:literal => $($path:ident).+, $expects:literal, $schema:expr, $help:literal) => {
        field!($name => $($path).+, $expects, $schema, $help, None)
    };
    ($name:literal => $($path:ident).+, $expects:literal, $schema:expr, $help:literal, $only:expr) => {
        Field {
            name: $name,
            help: $help,
            schema: || $schema,
            read: |wishes, given| {
                wishes.$($path).+ = given.read().ok_or($expects)?;
                Ok(())
            },
            only: $only,
        }
    };
}

/// What can be asked of a restoration, in the order of the documentation.
pub(super) const RESTORATION: &[Field] = &[
    field!(
        "engine" => options.restore.engine, "must be the name of an engine",
        object(Type::String)
            .pattern(Some(EngineChoice::PATTERN))
            .examples(["auto", "csc", "lama", "lama:2"])
            .build(),
        "Which engine to use: `auto`, which is always `csc`, `csc`, or a network by its name, with \
         `:VERSION` if it is not to be the newest."
    ),
    field!(
        "iterations" => options.restore.iterations, "must be a whole number",
        whole(1, RestoreSpec::MAX_ITERATIONS),
        "Iterations of the solver; more take longer and may repair better."
    ),
    field!(
        "dictionary" => options.restore.dictionary, "must be a string",
        object(Type::String).pattern(Some(NAME_PATTERN)).examples(dictionary_names()).build(),
        "Name of the dictionary of filters: one of the program's, or one that you had learned."
    ),
    field!(
        "sigma" => options.restore.sigma, "must be a number",
        object(Type::Number).minimum(Some(0.0)).maximum(Some(RestoreSpec::MAX_SIGMA)).build(),
        "Standard deviation of the noise in 8-bit units; estimated if not given.",
        Some(Task::Reconstruct)
    ),
    field!(
        "mask_channel" => options.mask.channel, "must be `luma`, `alpha` or `auto`",
        names::<MaskChannel>(),
        "Which channel of the mask says what is hidden. `auto` takes transparent for hidden where \
         anything is transparent, else bright."
    ),
    field!(
        "mask_invert" => options.mask.invert, "must be true or false",
        object(Type::Boolean).build(),
        "Dark (or transparent) is hidden, instead of bright (or opaque)."
    ),
    field!(
        "mask_dilate" => options.mask.dilate, "must be a whole number",
        whole(0, MaskOptions::MAX_DILATE),
        "Grows the hidden region by so many pixels."
    ),
    field!(
        "mask_feather" => options.mask.feather, "must be a whole number",
        whole(0, MaskOptions::MAX_FEATHER),
        "Blends over so many pixels around the hidden region."
    ),
    field!(
        "output_format" => options.output.format, "must be one of png, jpeg, webp, tiff, bmp",
        names::<ImageFormat>(),
        "Format of the answer; else by the Accept header, else as the image came."
    ),
    field!(
        "quality" => options.output.quality, "must be a whole number from 1 to 100",
        whole(1, 100),
        "JPEG quality."
    ),
    field!(
        "metadata" => options.output.metadata, "must be `keep` or `strip`",
        names::<MetadataPolicy>(),
        "What becomes of the colour profile and the EXIF block."
    ),
];

/// What can be asked to be told beside the result.
pub(super) const EXPLANATION: &[Field] = &[
    field!(
        "report" => options.explain.report, "must be `summary` or `full`",
        names::<ReportDetail>(),
        "`full` adds to the JSON answer every iteration with objective, residual and sparsity, and \
         a map of what the codes do not explain."
    ),
    field!(
        "compare" => options.explain.compare,
        "must be names out of harmonic, telea, with commas between them",
        object(Type::String)
            .pattern(Some("^(harmonic|telea)(,(harmonic|telea))*$"))
            .examples(["harmonic,telea"])
            .build(),
        "Adds to the JSON answer the same picture, of at most 4194304 pixels, filled in simpler \
         ways: `harmonic`, as smooth as can be, and `telea`, fast marching."
    ),
    field!(
        "previews" => options.explain.previews, "must be a whole number from 0 to 32",
        whole(0, ExplainOptions::MOST_PREVIEWS.into()),
        "How many small drafts of the picture, at most, the events of the job show while holes are \
         filled, if this becomes one."
    ),
];

/// What can be asked of a batch beside that.
pub(super) const BATCH: &[Field] = &[field!(
    "task" => task, "must be `inpaint` or `reconstruct`",
    names::<Task>(),
    "What is to be done with every image; `inpaint` if not given."
)];

/// What can be asked when a dictionary is to be learned.
pub(super) const LEARNING: &[Field] = &[
    field!(
        "name" => name, "must be a string",
        object(Type::String).pattern(Some(NAME_PATTERN)).build(),
        "Name to give the dictionary: 1 to 40 lower-case letters, digits and hyphens."
    ),
    field!(
        "passes" => learn.passes, "must be a whole number",
        whole(1, LearnSpec::MAX_PASSES),
        "Passes over all images."
    ),
    field!(
        "seed" => learn.seed, "must be a whole number",
        object(Type::Integer).minimum(Some(0)).maximum(Some(u32::MAX)).build(),
        "Fixes which blocks are looked at."
    ),
];

/// What can be asked when an image is shown to a network.
pub(super) const FEATURES: &[Field] = &[
    field!(
        "model" => features.model, "must be the name of a model, or NAME:VERSION",
        object(Type::String).pattern(Some(NetworkName::PATTERN)).build(),
        "The network, with `:VERSION` if it is not to be the newest."
    ),
    field!(
        "format" => features.format, "must be `json`, `npy` or `safetensors`",
        names::<FeatureFormat>(),
        "What comes back: all outputs as `safetensors`, one of them as `npy`, or their shapes and \
         ranges as `json`; else by the Accept header."
    ),
    field!(
        "output" => features.output, "must be a string",
        object(Type::String).min_length(Some(1)).build(),
        "The output that comes back as `npy`; not needed if there is but one."
    ),
];

/// What can be said about a job.
pub(super) const JOB: &[Field] = &[
    field!(
        "priority" => priority, "must be `low`, `normal` or `high`",
        names::<Priority>(),
        "How urgent the job is, if this becomes one."
    ),
    field!(
        "webhook" => webhook, "must be a string",
        object(Type::String)
            .format(Some(SchemaFormat::Custom("uri".to_owned())))
            .max_length(Some(LONGEST_TARGET))
            .build(),
        "Address that is told when the job has ended. Asks for a job."
    ),
];

/// What names of dictionaries look like.
const NAME_PATTERN: &str = "^[a-z0-9-]{1,40}$";

fn object(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(kind))
}

fn whole(least: u32, most: u32) -> Object {
    object(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
        .minimum(Some(least))
        .maximum(Some(most))
        .build()
}

/// The names of an enumeration.
fn names<T: PartialSchema>() -> Object {
    match T::schema() {
        RefOr::T(Schema::Object(object)) => object,
        _ => unreachable!("an enumeration of names is described by an object"),
    }
}
