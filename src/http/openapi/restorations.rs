//! What restorations take and give, from the table of parameters.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::IntoResponses;
use utoipa::openapi::content::{Content, ContentBuilder};
use utoipa::openapi::encoding::EncodingBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat,
    SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr, Required, Response, ResponseBuilder};

use crate::engines::Task;
use crate::http::tensor_file::{NPY, SAFETENSORS};
use crate::http::upload::{
    BATCH_FORM, FEATURES_FORM, Field, Form, LEARNING_FORM, RESTORATION_FORM,
};
use crate::imaging::ImageFormat;
use crate::worker::DICTIONARY_MEDIA_TYPE;

/// A grey image of 4 x 4 pixels, and a mask that hides one of them.
const IMAGE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAAAAACMmsGiAAAAGElEQVR42mNg0AioYBCxSekBMRYwABlbAC1kBaGOX9/AAAAAAElFTkSuQmCC";
/// A grey image of 8 x 8 pixels.
const PHOTOGRAPH: &str = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAASklEQVR42mNgENdzjSnuWsig6RCe1zpn8ymGoMyG6euO3vnMUD1p5YHr71hlGJbsvvQSpI7h7JPfQiB1DN94VaxB6hjkzXxTQOoANQQeASdahUYAAAAASUVORK5CYII=";
const MASK: &str = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAAAAACMmsGiAAAADklEQVR42mNgQID/UBoACAwBAEAw27sAAAAASUVORK5CYII=";

/// What a restoration is asked for with.
pub(super) fn restoration(task: Task) -> RequestBody {
    let example = json!({ "image": IMAGE, "mask": MASK, "output_format": "png" });
    body(
        RESTORATION_FORM,
        Some(task),
        ("A grey image of 4 x 4 pixels, one of them hidden", example),
    )
}

/// What restorations of many images are asked for with.
pub(super) fn batch() -> RequestBody {
    let example = json!({ "image": [IMAGE, IMAGE], "mask": MASK });
    body(BATCH_FORM, None, ("Two images and the mask of both", example))
}

/// What a dictionary is asked for with.
pub(super) fn learning() -> RequestBody {
    let example = json!({ "name": "mine", "image": [PHOTOGRAPH] });
    body(LEARNING_FORM, None, ("One image to learn from", example))
}

/// What a network is shown an image with.
pub(super) fn features() -> RequestBody {
    let example = json!({ "model": "encoder", "image": IMAGE });
    body(FEATURES_FORM, None, ("A small image", example))
}

fn body(form: Form, task: Option<Task>, (summary, example): (&str, Value)) -> RequestBody {
    let file_types = ImageFormat::ALL.map(ImageFormat::media_type).join(", ");
    let encoding = || EncodingBuilder::new().content_type(Some(file_types.clone())).build();
    let mut parts = ContentBuilder::new()
        .schema(Some(members(form, task, &file).property("params", params(form, task)).build()))
        .encoding("image", encoding());
    if form.masks {
        parts = parts.encoding("mask", encoding());
    }
    let example = ExampleBuilder::new().summary(summary).value(Some(example)).build();
    let json = ContentBuilder::new()
        .schema(Some(members(form, task, &base64).build()))
        .examples_from_iter([("small", example)])
        .build();
    RequestBodyBuilder::new()
        .description(Some("The pictures and the parameters, in any order"))
        .content("multipart/form-data", parts.build())
        .content("application/json", json)
        .required(Some(Required::True))
        .build()
}

/// The members of a form as an object, with the files described by `file`.
fn members(form: Form, task: Option<Task>, file: &dyn Fn(&str) -> Object) -> ObjectBuilder {
    let picture = |description: &str| -> Schema {
        if form.many {
            let each = ArrayBuilder::new().items(file(description)).min_items(Some(1));
            each.description(Some(description)).build().into()
        } else {
            file(description).into()
        }
    };
    let formats = "PNG, JPEG, WebP, TIFF or BMP, whatever it is called.";
    let mut object = closed();
    object = if form.many {
        object.property("image", picture(&format!("An image. {formats}")))
    } else {
        object.property("image", picture(&format!("The image. {formats}")))
    };
    if form.masks && form.many {
        let each = "What is hidden: one mask for all images, or one for each, in their order.";
        object = object.property("mask", picture(each));
    } else if form.masks {
        object = object.property("mask", picture("What is hidden: an image of the same size."));
    }
    object = object.required("image");
    if task == Some(Task::Inpaint) {
        object = object.required("mask");
    }
    object = form.needs.iter().fold(object, |object, name| object.required(*name));
    with_fields(object, form, task)
}

/// All parameters in one JSON part of a multipart body.
fn params(form: Form, task: Option<Task>) -> Object {
    with_fields(
        closed().description(Some(
            "The other parameters as one JSON object. Each is given once: here, or as a part of its own.",
        )),
        form,
        task,
    )
    .build()
}

fn with_fields(object: ObjectBuilder, form: Form, task: Option<Task>) -> ObjectBuilder {
    let applies = |field: &&Field| task.is_none() || field.only.is_none() || field.only == task;
    form.fields().filter(applies).fold(object, |object, field| {
        let mut schema = (field.schema)();
        schema.description = Some(field.help.to_owned());
        object.property(field.name, schema)
    })
}

/// An object that has no other members than the described ones.
fn closed() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::Object))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

fn file(description: &str) -> Object {
    text(description)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
        .content_media_type("application/octet-stream")
        .build()
}

fn base64(description: &str) -> Object {
    text(&format!("{description} In base64, bare or as a data URL."))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Byte)))
        .build()
}

fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).description(Some(description))
}

/// The answer to a restoration that went well.
pub(in crate::http) struct RestorationAnswers;

impl IntoResponses for RestorationAnswers {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let json = ContentBuilder::new().schema(Some(Ref::from_schema_name("Restoration"))).build();
        let mut answer = ResponseBuilder::new()
            .description("The repaired image, or JSON if Accept prefers it")
            .content("application/json", json);
        for format in ImageFormat::ALL {
            answer = answer.content(format.media_type(), bare_image());
        }
        for (name, description, example) in HEADERS {
            answer = answer.header(*name, header(description, example));
        }
        BTreeMap::from([("200".to_owned(), RefOr::T(answer.build()))])
    }
}

/// The results of jobs: what a restoration answers with, or the file of a dictionary.
pub(in crate::http) struct ResultAnswers;

impl IntoResponses for ResultAnswers {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut answers = RestorationAnswers::responses();
        for answer in answers.values_mut() {
            if let RefOr::T(answer) = answer {
                let dictionary = file("The file of a learned dictionary.");
                let dictionary = ContentBuilder::new().schema(Some(dictionary)).build();
                answer.content.insert(DICTIONARY_MEDIA_TYPE.to_owned(), RefOr::T(dictionary));
            }
        }
        answers
    }
}

/// What a network made of an image.
pub(in crate::http) struct FeatureAnswers;

impl IntoResponses for FeatureAnswers {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let summary = Ref::from_schema_name("FeatureSummary");
        let answer = ResponseBuilder::new()
            .description("The outputs of the network, or a summary of them")
            .content("application/json", ContentBuilder::new().schema(Some(summary)).build());
        let tensors = |description: &str| -> Content {
            ContentBuilder::new().schema(Some(file(description))).build()
        };
        let answer = answer
            .content(NPY, tensors("One output, as NumPy writes it."))
            .content(SAFETENSORS, tensors("All outputs, by name."));
        BTreeMap::from([("200".to_owned(), RefOr::T(answer.build()))])
    }
}

fn bare_image() -> Content {
    ContentBuilder::new().schema(Some(file("The image itself."))).build()
}

/// Name, meaning and example of each header of an answer.
const HEADERS: &[(&str, &str, &str)] = &[
    ("X-Request-Id", "Identifies the request in the log", "0192f0c1-7d1e-4c3a-9c53-3f0f3a1f5a11"),
    ("X-Engine", "The engine that did it", "csc"),
    ("X-Dictionary", "The dictionary it used", "dct"),
    ("X-Solver-Iterations", "Iterations of the solver", "40"),
    ("X-Mask-Coverage", "Share of the image that was hidden, 0 to 1", "0.062500"),
    (
        "X-Mask-Interpretation",
        "What counted as a hole: luma (bright), luma-inverted (dark), alpha (opaque) or \
         alpha-inverted (transparent)",
        "luma",
    ),
    (
        "Server-Timing",
        "Milliseconds in the queue, decoding, solving, encoding",
        "queue;dur=0.021, decode;dur=3.4, solve;dur=170.2, encode;dur=9.8",
    ),
];

fn header(description: &str, example: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(text(description).build()))
        .description(Some(description))
        .example(Some(Value::from(example)))
        .build()
}
