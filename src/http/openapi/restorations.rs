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
    AdditionalProperties, KnownFormat, Object, ObjectBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr, Required, Response, ResponseBuilder};

use crate::engines::Task;
use crate::http::upload::FIELDS;
use crate::imaging::ImageFormat;

/// A grey image of 4 x 4 pixels, and a mask that hides one of them.
const IMAGE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAAAAACMmsGiAAAAGElEQVR42mNg0AioYBCxSekBMRYwABlbAC1kBaGOX9/AAAAAAElFTkSuQmCC";
const MASK: &str = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAAAAACMmsGiAAAADklEQVR42mNgQID/UBoACAwBAEAw27sAAAAASUVORK5CYII=";

/// What a restoration is asked for with.
pub(super) fn body(task: Task) -> RequestBody {
    let file_types = ImageFormat::ALL.map(ImageFormat::media_type).join(", ");
    let encoding = || EncodingBuilder::new().content_type(Some(file_types.clone())).build();
    let parts = ContentBuilder::new()
        .schema(Some(parameters(task, &file).property("params", params(task)).build()))
        .encoding("image", encoding())
        .encoding("mask", encoding())
        .build();
    let members = ContentBuilder::new()
        .schema(Some(parameters(task, &base64).build()))
        .examples_from_iter([(
            "small",
            ExampleBuilder::new()
                .summary("A grey image of 4 x 4 pixels, one of them hidden")
                .value(Some(json!({ "image": IMAGE, "mask": MASK, "output_format": "png" })))
                .build(),
        )])
        .build();
    RequestBodyBuilder::new()
        .description(Some("The image, the mask and the parameters, in any order"))
        .content("multipart/form-data", parts)
        .content("application/json", members)
        .required(Some(Required::True))
        .build()
}

/// The parameters of a task as an object, with the files described by `file`.
fn parameters(task: Task, file: &dyn Fn(&str) -> Object) -> ObjectBuilder {
    let object = closed()
        .property("image", file("The image. PNG, JPEG, WebP, TIFF or BMP, whatever it is called."))
        .property("mask", file("What is hidden: an image of the same size."))
        .required("image");
    let object = if task == Task::Inpaint { object.required("mask") } else { object };
    with_fields(object, task)
}

/// All parameters in one JSON part of a multipart body.
fn params(task: Task) -> Object {
    with_fields(
        closed().description(Some(
            "The other parameters as one JSON object. Each is given once: here, or as a part of its own.",
        )),
        task,
    )
    .build()
}

fn with_fields(object: ObjectBuilder, task: Task) -> ObjectBuilder {
    FIELDS.iter().filter(|field| field.only.is_none_or(|only| only == task)).fold(
        object,
        |object, field| {
            let mut schema = (field.schema)();
            schema.description = Some(field.help.to_owned());
            object.property(field.name, schema)
        },
    )
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
