//! The two ways to ask for a restoration say the same, and reject the same.

use serde_json::json;

use super::draft::Draft;
use super::fields::Given;
use super::form::Slot;
use super::{
    BATCH_FORM, FEATURES_FORM, LEARNING_FORM, Parcel, RESTORATION_FORM, json as json_body,
};
use crate::engines::Options;
use crate::http::error::ApiError;
use crate::imaging::{ImageFormat, MaskChannel};

use super::RESTORATION_FORM as FORM;

/// What a multipart body with these text parts asks for.
fn from_text(fields: &[(&str, &str)]) -> Result<Parcel, ApiError> {
    let mut draft = Draft::new(FORM);
    for (name, value) in fields {
        match draft.slot(name).unwrap() {
            Slot::Picture(picture) => draft.picture(picture, (*value).to_owned().into()),
            Slot::Parameter(field) => draft.parameter(field, Given::Text((*value).to_owned())),
        }
    }
    draft.finish()
}

fn from_json(body: &serde_json::Value) -> Result<Parcel, ApiError> {
    json_body::parse(body.to_string().as_bytes(), FORM)
}

fn faulty_fields(error: &ApiError) -> Vec<String> {
    error.problem(None).errors.into_iter().map(|error| error.field).collect()
}

#[test]
fn text_and_json_give_the_same_options() {
    let text = from_text(&[
        ("image", "x"),
        ("engine", "csc"),
        ("iterations", "12"),
        ("dictionary", "12"),
        ("mask_channel", "alpha"),
        ("mask_invert", "true"),
        ("mask_dilate", "3"),
        ("output_format", "webp"),
        ("quality", "70"),
    ]);
    let json = from_json(&json!({
        "image": "eA==", "engine": "csc", "iterations": 12, "dictionary": "12",
        "mask_channel": "alpha", "mask_invert": true, "mask_dilate": 3,
        "output_format": "webp", "quality": 70,
    }));
    let (text, json) = (text.unwrap(), json.unwrap());
    assert_eq!(text.wishes, json.wishes);
    assert_eq!(text.images, json.images);
    assert_eq!(text.wishes.options.restore.iterations, Some(12));
    assert_eq!(text.wishes.options.mask.channel, MaskChannel::Alpha);
    assert_eq!(text.wishes.options.output.format, Some(ImageFormat::WebP));
}

#[test]
fn nothing_given_means_the_defaults() {
    assert_eq!(from_json(&json!({ "image": "" })).unwrap().wishes.options, Options::default());
}

#[test]
fn everything_wrong_is_named_at_once() {
    let error = from_json(&json!({
        "mask": "no base64!", "iterations": "12", "quality": -1, "sigma": null, "nonsense": 1,
    }));
    let mut fields = faulty_fields(&error.unwrap_err());
    fields.sort();
    assert_eq!(fields, ["image", "iterations", "mask", "nonsense", "quality", "sigma"]);
    let error = from_text(&[
        ("image", "x"),
        ("quality", "high"),
        ("mask_invert", "maybe"),
        ("sigma", "null"),
    ]);
    assert_eq!(faulty_fields(&error.unwrap_err()), ["quality", "mask_invert", "sigma"]);
}

#[test]
fn a_member_given_twice_is_rejected() {
    let body = br#"{"image": "", "quality": 1, "quality": 2}"#;
    assert_eq!(faulty_fields(&json_body::parse(body, FORM).unwrap_err()), ["quality"]);
}

#[test]
fn base64_may_be_bare_or_a_data_url_padded_or_not() {
    for image in ["aGk=", "aGk", "data:image/png;base64,aGk=", "data:;base64,aGk"] {
        assert_eq!(from_json(&json!({ "image": image })).unwrap().images, ["hi"], "{image}");
    }
    for image in ["aGk*", "data:image/png,hi", " aGk=", "aGk=\n"] {
        assert!(from_json(&json!({ "image": image })).is_err(), "{image}");
    }
}

#[test]
fn json_that_is_broken_or_absurd_is_an_error_that_does_not_repeat_it() {
    let deep = "[".repeat(100_000);
    let long_name = format!(r#"{{"{}": 1}}"#, "n".repeat(1_000_000));
    let long_text = format!(r#""{}""#, "t".repeat(1_000_000));
    for body in [deep.as_str(), &long_name, &long_text, "", "{", "[]", "{\"image\": \u{1}}"] {
        let problem = json_body::parse(body.as_bytes(), FORM).unwrap_err().problem(None);
        let answer = serde_json::to_string(&problem).unwrap();
        assert!(answer.len() < 1000, "{} bytes", answer.len());
    }
}

#[test]
fn every_parameter_is_read_into_a_field_of_its_own() {
    for form in [RESTORATION_FORM, BATCH_FORM, LEARNING_FORM, FEATURES_FORM] {
        for field in form.fields() {
            let slot = form.slot(field.name);
            assert!(slot.is_some_and(|slot| matches!(slot, Slot::Parameter(_))));
            let twin = form.fields().filter(|other| other.name == field.name);
            assert_eq!(twin.count(), 1, "{}", field.name);
        }
    }
}

#[test]
fn many_images_come_only_where_many_are_taken() {
    let body = br#"{"image": ["eA==", "eQ=="], "mask": "eA=="}"#;
    let parcel = json_body::parse(body, BATCH_FORM).unwrap();
    assert_eq!((parcel.images.len(), parcel.masks.len()), (2, 1));
    assert_eq!(faulty_fields(&json_body::parse(body, FORM).unwrap_err()), ["image"]);
    assert_eq!(faulty_fields(&json_body::parse(body, LEARNING_FORM).unwrap_err()), ["mask"]);
}
