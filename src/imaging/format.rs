//! The file formats that are read and written.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A file format that is both read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImageFormat {
    /// Portable Network Graphics; the first picture of an animation.
    Png,
    /// JPEG, baseline and progressive, 8 bits.
    Jpeg,
    /// WebP; lossy and lossless are read, lossless is written.
    WebP,
    /// TIFF and `BigTIFF`, the first page.
    Tiff,
    /// Windows bitmap.
    Bmp,
}

impl ImageFormat {
    /// Every format, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Png, Self::Jpeg, Self::WebP, Self::Tiff, Self::Bmp];

    /// Recognises a format by its first bytes, whatever the file is called.
    pub fn sniff(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            // 42 is classic TIFF, 43 is BigTIFF.
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Self::Tiff),
            // Two letters are not much: the size of the second header has to make sense too.
            [b'B', b'M', rest @ ..] => match rest.get(12..16)? {
                [12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0] => Some(Self::Bmp),
                _ => None,
            },
            _ => None,
        }
    }

    /// The format of that media type.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.media_type() == media_type)
    }

    /// The media type, as in `image/png`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
            Self::Tiff => "image/tiff",
            Self::Bmp => "image/bmp",
        }
    }

    /// The usual file name extension, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::WebP => "webp",
            Self::Tiff => "tiff",
            Self::Bmp => "bmp",
        }
    }

    /// The format of a media type; parameters after `;` and the case of letters are ignored.
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next()?.trim().to_ascii_lowercase();
        match essence.as_str() {
            "image/png" | "image/apng" => Some(Self::Png),
            "image/jpeg" | "image/jpg" | "image/pjpeg" => Some(Self::Jpeg),
            "image/webp" => Some(Self::WebP),
            "image/tiff" => Some(Self::Tiff),
            "image/bmp" | "image/x-bmp" | "image/x-ms-bmp" => Some(Self::Bmp),
            _ => None,
        }
    }

    /// The format of a name such as `png`, `jpg`, `.TIF`: what people type and file names end in.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.trim().trim_start_matches('.').to_ascii_lowercase().as_str() {
            "png" | "apng" => Some(Self::Png),
            "jpg" | "jpeg" | "jpe" | "jfif" => Some(Self::Jpeg),
            "webp" => Some(Self::WebP),
            "tif" | "tiff" => Some(Self::Tiff),
            "bmp" | "dib" => Some(Self::Bmp),
            _ => None,
        }
    }

    /// The longest side that the format can store, in pixels.
    pub(super) fn longest_side(self) -> usize {
        match self {
            Self::Jpeg => 65_535,
            // Of 14 bits; one less than they could hold, as in every reader.
            Self::WebP => 16_383,
            Self::Png | Self::Bmp => 0x7fff_ffff,
            Self::Tiff => 0xffff_ffff,
        }
    }
}

impl std::fmt::Display for ImageFormat {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_again_by_its_names() {
        for format in ImageFormat::ALL {
            assert_eq!(ImageFormat::from_media_type(format.media_type()), Some(format));
            assert_eq!(ImageFormat::from_name(format.extension()), Some(format));
            let json = serde_json::to_string(&format).unwrap();
            assert_eq!(ImageFormat::from_name(json.trim_matches('"')), Some(format));
        }
    }

    #[test]
    fn media_types_may_carry_parameters_and_capitals() {
        let found = ImageFormat::from_media_type("Image/JPEG; charset=binary");
        assert_eq!(found, Some(ImageFormat::Jpeg));
    }

    #[test]
    fn text_that_begins_with_the_letters_of_a_bitmap_is_not_one() {
        assert_eq!(ImageFormat::sniff(b"BMW builds cars, motorcycles and engines"), None);
        assert_eq!(ImageFormat::sniff(b"BM"), None);
        assert_eq!(ImageFormat::sniff(b""), None);
    }
}
