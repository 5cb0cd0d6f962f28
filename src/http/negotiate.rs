//! Which of the things we can answer with a client would rather have (RFC 9110, section 12.5.1).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

use super::error::ApiError;
use super::problem::ProblemCode;
use crate::imaging::ImageFormat;

/// The shape of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Representation {
    /// The image itself.
    Image(ImageFormat),
    /// A JSON object with the image in base64 and the report.
    Json(ImageFormat),
}

impl Representation {
    /// The format of the image, bare or inside JSON.
    pub(super) fn format(self) -> ImageFormat {
        match self {
            Self::Image(format) | Self::Json(format) => format,
        }
    }
}

/// The media ranges a client accepts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Accept(Vec<Range>);

#[derive(Clone, Debug, PartialEq)]
struct Range {
    kind: String,
    subtype: String,
    quality: f32,
}

/// How much a client wants a media type; the higher the better.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
struct Wish {
    quality: f32,
    /// Whether it was asked for at all, or only admitted by `*/*`.
    meant: bool,
}

impl Accept {
    /// Reads the header. What cannot be read in it is passed over.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        Self(values.flat_map(|value| value.split(',')).filter_map(Range::parse).collect())
    }

    /// Chooses for an image whose file came as `input`.
    ///
    /// An `asked` format stands; `Accept` then only chooses between the bare image and JSON.
    ///
    /// # Errors
    /// `not-acceptable` if nothing we can produce is accepted.
    pub(super) fn choose(
        &self,
        input: ImageFormat,
        asked: Option<ImageFormat>,
    ) -> Result<Representation, ApiError> {
        let mut best = (asked.unwrap_or(input), self.wish("image", media_subtype(input)));
        for format in ImageFormat::ALL {
            let wish = self.wish("image", media_subtype(format));
            if wish > best.1 {
                best = (asked.unwrap_or(format), wish);
            }
        }
        let json = self.wish("application", "json");
        let (format, image) = best;
        if json > image {
            Ok(Representation::Json(asked.unwrap_or(input)))
        } else if image.quality > 0.0 || asked.is_some() {
            Ok(Representation::Image(format))
        } else {
            Err(ApiError::new(
                ProblemCode::NotAcceptable,
                "Accept admits neither an image type nor application/json",
            ))
        }
    }

    /// Whether an image of this format is liked better than JSON, the default.
    ///
    /// # Errors
    /// `not-acceptable` if neither is accepted.
    pub(super) fn prefers_image_to_json(&self, format: ImageFormat) -> Result<bool, ApiError> {
        if self.0.is_empty() {
            return Ok(false);
        }
        let image = self.wish("image", media_subtype(format));
        let json = self.wish("application", "json");
        if image.quality.max(json.quality) > 0.0 {
            Ok(image > json)
        } else {
            let detail = format!("Accept admits neither {} nor JSON", format.media_type());
            Err(ApiError::new(ProblemCode::NotAcceptable, detail))
        }
    }

    /// Chooses JSON, for an answer that needs more than an image.
    ///
    /// # Errors
    /// `not-acceptable` if JSON is not accepted.
    pub(super) fn choose_json(
        &self,
        input: ImageFormat,
        asked: Option<ImageFormat>,
    ) -> Result<Representation, ApiError> {
        if self.wish("application", "json").quality > 0.0 {
            return Ok(Representation::Json(asked.unwrap_or(input)));
        }
        let detail = "Accept admits no JSON, which `report=full` and `compare` are answered with";
        Err(ApiError::new(ProblemCode::NotAcceptable, detail))
    }

    /// The media type that is liked best; of those that are liked alike, the first.
    ///
    /// # Errors
    /// `not-acceptable` if none of them is accepted.
    pub(super) fn prefer<T: Copy>(&self, types: &[(&str, T)]) -> Result<T, ApiError> {
        let wished = types.iter().map(|(name, value)| {
            let (kind, subtype) = name.split_once('/').unwrap_or((name, "*"));
            (self.wish(kind, subtype), *value)
        });
        let wished = wished.filter(|(wish, _)| wish.quality > 0.0);
        let best = wished.reduce(|best, other| if other.0 > best.0 { other } else { best });
        best.map(|(_, value)| value).ok_or_else(|| {
            let names: Vec<_> = types.iter().map(|(name, _)| *name).collect();
            let detail = format!("Accept admits none of {}", names.join(", "));
            ApiError::new(ProblemCode::NotAcceptable, detail)
        })
    }

    /// The wish of the most specific range that matches.
    fn wish(&self, kind: &str, subtype: &str) -> Wish {
        if self.0.is_empty() {
            // No header accepts everything; the bare image is the default.
            return Wish { quality: 1.0, meant: kind == "image" };
        }
        let find = |kind: &str, subtype: &str| {
            self.0.iter().find(|range| range.kind == kind && range.subtype == subtype)
        };
        let meant = find(kind, subtype).or_else(|| find(kind, "*"));
        let quality = meant.or_else(|| find("*", "*")).map_or(0.0, |range| range.quality);
        Wish { quality, meant: meant.is_some() }
    }
}

fn media_subtype(format: ImageFormat) -> &'static str {
    format.media_type().trim_start_matches("image/")
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let quality = parts
            .find_map(|parameter| parameter.strip_prefix("q="))
            .map_or(Some(1.0), |quality| quality.parse().ok())
            .filter(|quality| (0.0..=1.0).contains(quality))?;
        Some(Self {
            kind: kind.to_ascii_lowercase(),
            subtype: subtype.to_ascii_lowercase(),
            quality,
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn choose(accept: &'static str, asked: Option<ImageFormat>) -> Option<Representation> {
        let mut headers = HeaderMap::new();
        if !accept.is_empty() {
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
        }
        Accept::of(&headers).choose(ImageFormat::Jpeg, asked).ok()
    }

    #[test]
    fn the_answer_follows_what_is_accepted() {
        use ImageFormat::{Jpeg, Png, WebP};
        use Representation::{Image, Json};
        for (accept, expected) in [
            ("", Some(Image(Jpeg))),
            ("*/*", Some(Image(Jpeg))),
            ("image/*", Some(Image(Jpeg))),
            ("image/png", Some(Image(Png))),
            ("image/png;q=0.5, image/webp;q=0.9", Some(Image(WebP))),
            ("IMAGE/PNG", Some(Image(Png))),
            ("image/png, */*;q=0.1", Some(Image(Png))),
            ("application/json", Some(Json(Jpeg))),
            ("application/json, text/plain, */*", Some(Json(Jpeg))),
            ("application/json;q=0.5, image/*", Some(Image(Jpeg))),
            ("application/json, image/*", Some(Image(Jpeg))),
            ("image/*;q=0, application/*", Some(Json(Jpeg))),
            ("image/jpeg;q=0, image/*", Some(Image(Png))),
            ("text/html", None),
            ("*/*;q=0", None),
            ("image/png;q=2", Some(Image(Jpeg))),
            ("nonsense", Some(Image(Jpeg))),
        ] {
            assert_eq!(choose(accept, None), expected, "Accept: {accept}");
        }
    }

    #[test]
    fn an_asked_format_stands_whatever_images_are_accepted() {
        let asked = Some(ImageFormat::Bmp);
        for (accept, expected) in [
            ("", Representation::Image(ImageFormat::Bmp)),
            ("image/png", Representation::Image(ImageFormat::Bmp)),
            ("application/json", Representation::Json(ImageFormat::Bmp)),
        ] {
            assert_eq!(choose(accept, asked), Some(expected), "Accept: {accept}");
        }
    }
}
