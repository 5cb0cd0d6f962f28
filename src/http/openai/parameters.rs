//! What an edit is asked for with, apart from its pictures.

use serde_json::Value;

use crate::engines::Options;
use crate::http::error::ApiError;
use crate::http::problem::FieldError;
use crate::http::upload::{RESTORATION_FORM, Wishes};
use crate::imaging::{ImageFormat, MaskChannel};

/// The most pictures that one answer holds.
pub(super) const MOST_RESULTS: u64 = 10;
/// The most partial images of a stream.
pub(super) const MOST_PARTIALS: u64 = 3;

/// Parameters of ours that may be given beside those of `OpenAI`, whose `quality` means another
/// thing.
pub(super) const OURS: [&str; 8] = [
    "engine",
    "iterations",
    "dictionary",
    "mask_channel",
    "mask_invert",
    "mask_dilate",
    "mask_feather",
    "metadata",
];

/// What an edit is asked for with, apart from its pictures.
#[derive(Debug)]
pub(super) struct Parameters {
    /// The model as it was named.
    pub(super) model: Option<String>,
    /// How often each picture is to come back.
    pub(super) copies: u64,
    /// Width and height that the picture must have.
    pub(super) size: Option<(usize, usize)>,
    /// An address is to come back in place of the picture.
    pub(super) by_url: bool,
    /// Events are to come back.
    pub(super) stream: bool,
    /// Drafts before the result.
    pub(super) partials: u64,
    /// Whether it was said what counts as a hole.
    pub(super) has_channel: bool,
    /// How pictures are restored.
    pub(super) options: Options,
}

/// Parameters while they are read, and all that is wrong with them.
#[derive(Debug)]
pub(super) struct Draft {
    parameters: Parameters,
    wishes: Wishes,
    compression: u64,
    faults: Vec<FieldError>,
}

impl Draft {
    pub(super) fn new() -> Self {
        let mut wishes = Wishes::default();
        wishes.options.output.format = Some(ImageFormat::Png);
        Self {
            parameters: Parameters {
                model: None,
                copies: 1,
                size: None,
                by_url: false,
                stream: false,
                partials: 0,
                has_channel: false,
                options: Options::default(),
            },
            wishes,
            compression: 100,
            faults: Vec::new(),
        }
    }

    /// Takes a parameter; one that means nothing here is passed over.
    pub(super) fn take(&mut self, name: &str, value: Value) {
        // SDKs write null for what was not given.
        if value.is_null() {
            return;
        }
        let read = match name {
            "model" => text(&value).map(|model| {
                self.parameters.model = Some(model).filter(|model| !model.is_empty());
            }),
            "n" => number(&value, 1, MOST_RESULTS).map(|n| self.parameters.copies = n),
            "size" => size(&value).map(|size| self.parameters.size = size),
            "response_format" => choice(&value, &[("b64_json", false), ("url", true)])
                .map(|by_url| self.parameters.by_url = by_url),
            "output_format" => {
                let formats = [
                    ("png", ImageFormat::Png),
                    ("jpeg", ImageFormat::Jpeg),
                    ("webp", ImageFormat::WebP),
                ];
                choice(&value, &formats)
                    .map(|format| self.wishes.options.output.format = Some(format))
            }
            "output_compression" => {
                number(&value, 0, 100).map(|compression| self.compression = compression)
            }
            "stream" => choice(&value, &[("true", true), ("false", false)])
                .map(|stream| self.parameters.stream = stream),
            "partial_images" => {
                number(&value, 0, MOST_PARTIALS).map(|n| self.parameters.partials = n)
            }
            name if OURS.contains(&name) => {
                self.parameters.has_channel |= name == "mask_channel";
                RESTORATION_FORM.set(&mut self.wishes, name, value).map_err(Fault::from)
            }
            _ => Ok(()),
        };
        if let Err(fault) = read {
            self.faults.push(fault.of(name));
        }
    }

    /// Takes note of something wrong.
    pub(super) fn fault(&mut self, field: &str, message: &str) {
        self.faults.push(Fault::from(message).of(field));
    }

    /// All parameters.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(super) fn finish(mut self) -> Result<Parameters, ApiError> {
        if self.parameters.stream && self.parameters.copies > 1 {
            self.fault("n", "must be 1 where `stream` is true");
        }
        if self.parameters.stream && self.parameters.by_url {
            self.fault("response_format", "must be `b64_json` where `stream` is true");
        }
        if !self.faults.is_empty() {
            return Err(ApiError::invalid(self.faults));
        }
        let mut options = self.wishes.options;
        // Their lowest quality is 0, and ours is 1.
        options.output.quality = u8::try_from(self.compression.max(1)).unwrap_or(100);
        Ok(Parameters { options, ..self.parameters })
    }
}

/// What is wrong with a value.
struct Fault {
    message: String,
    limit: Option<(u64, f64)>,
}

impl From<&str> for Fault {
    fn from(message: &str) -> Self {
        Self { message: message.to_owned(), limit: None }
    }
}

impl Fault {
    fn of(self, field: &str) -> FieldError {
        let (limit, actual) = self.limit.unzip();
        FieldError::new(field, self.message, limit.map(|limit| limit as f64), actual)
    }
}

fn text(value: &Value) -> Result<String, Fault> {
    value.as_str().map(str::to_owned).ok_or_else(|| Fault::from("must be a string"))
}

/// A whole number, by itself or as text.
fn number(value: &Value, least: u64, most: u64) -> Result<u64, Fault> {
    let given = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    let whole = given.filter(|given| given.fract() == 0.0);
    let message = format!("must be a whole number from {least} to {most}");
    let Some(whole) = whole else { return Err(Fault { message, limit: None }) };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
    let inside = Some(whole as u64).filter(|n| whole >= 0.0 && (least..=most).contains(n));
    let limit = if whole < least as f64 { least } else { most };
    inside.ok_or(Fault { message, limit: Some((limit, whole)) })
}

fn choice<T: Copy>(value: &Value, choices: &[(&str, T)]) -> Result<T, Fault> {
    let given = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let found = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(&given));
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        let names = choices.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>();
        Fault::from(format!("must be one of {}", names.join(", ")).as_str())
    })
}

/// Width and height; `None` for `auto`.
fn size(value: &Value) -> Result<Option<(usize, usize)>, Fault> {
    let message = "must be `auto` or WIDTHxHEIGHT, such as 1024x768";
    let text = value.as_str().ok_or_else(|| Fault::from(message))?;
    if text == "auto" {
        return Ok(None);
    }
    let sides = text.split_once('x');
    let sides = sides.and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    sides.map(Some).ok_or_else(|| Fault::from(message))
}

/// How the mask of an edit is read, unless it was said.
pub(super) fn read_mask_by_rule(parameters: &mut Parameters, has_mask: bool, is_strict: bool) {
    let mask = &mut parameters.options.mask;
    if !has_mask {
        // The image is its own mask, and comes back whole.
        (mask.channel, mask.invert) = (MaskChannel::Alpha, true);
        parameters.options.output.opaque_holes = true;
    } else if !parameters.has_channel && is_strict {
        (mask.channel, mask.invert) = (MaskChannel::Alpha, !mask.invert);
    } else if !parameters.has_channel {
        mask.channel = MaskChannel::Auto;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(given: &[(&str, Value)]) -> Result<Parameters, ApiError> {
        let mut draft = Draft::new();
        for (name, value) in given {
            draft.take(name, value.clone());
        }
        draft.finish()
    }

    #[test]
    fn forms_and_json_say_the_same_and_what_means_nothing_is_passed_over() {
        let form = read(&[
            ("n", json!("2")),
            ("size", json!("24x16")),
            ("output_format", json!("jpeg")),
            ("output_compression", json!("80")),
            ("iterations", json!("9")),
            ("background", json!("auto")),
            ("quality", json!("high")),
        ]);
        let body = read(&[
            ("n", json!(2)),
            ("size", json!("24x16")),
            ("output_format", json!("jpeg")),
            ("output_compression", json!(80)),
            ("iterations", json!(9)),
            ("user", Value::Null),
        ]);
        for parameters in [form.unwrap(), body.unwrap()] {
            assert_eq!((parameters.copies, parameters.size), (2, Some((24, 16))));
            assert_eq!(parameters.options.output.format, Some(ImageFormat::Jpeg));
            assert_eq!(parameters.options.output.quality, 80);
            assert_eq!(parameters.options.restore.iterations, Some(9));
        }
    }

    #[test]
    fn everything_wrong_is_named_at_once_with_its_limit() {
        let error = read(&[
            ("n", json!(11)),
            ("size", json!("large")),
            ("output_format", json!("tiff")),
            ("partial_images", json!(-1)),
            ("stream", json!("perhaps")),
            ("iterations", json!("many")),
        ]);
        let error = error.unwrap_err();
        let named: Vec<_> = error.fields().iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(named, ["n", "size", "output_format", "partial_images", "stream", "iterations"]);
        assert!(error.fields()[0].limit.is_some_and(|limit| (limit.0 - 10.0).abs() < 1e-9));
        assert!(error.fields()[3].limit.is_some_and(|limit| limit.0.abs() < 1e-9));
    }

    #[test]
    fn a_stream_is_of_one_picture_itself() {
        assert!(read(&[("stream", json!(true)), ("n", json!(2))]).is_err());
        assert!(read(&[("stream", json!(true)), ("response_format", json!("url"))]).is_err());
        assert!(read(&[("stream", json!(true)), ("partial_images", json!(3))]).is_ok());
    }
}
