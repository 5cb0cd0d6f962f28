//! Colour profiles and EXIF blocks.

use image::metadata::Orientation;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ColorModel, Loss, preview};

/// What becomes of the colour profile and the EXIF block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MetadataPolicy {
    /// They are written again, as far as the format can hold them.
    #[default]
    Keep,
    /// They are left out. Without its profile, a picture in a wide colour space looks different.
    Strip,
}

/// What a file says beside its pixels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The ICC colour profile.
    pub icc: Option<Vec<u8>>,
    /// The EXIF block from its TIFF header on, orientation reset to upright.
    pub exif: Option<Vec<u8>>,
    /// What the file held and could not be taken over.
    pub losses: Vec<Loss>,
}

impl Metadata {
    /// Takes over an EXIF block and gives the orientation that it asked for.
    pub(super) fn set_exif(&mut self, mut exif: Vec<u8>) -> Orientation {
        // The prefix belongs to the JPEG segment; some writers put it into PNG and WebP too.
        if exif.starts_with(b"Exif\0\0") {
            exif.drain(..6);
        }
        let orientation = Orientation::remove_from_exif_chunk(&mut exif);
        if !exif.is_empty() {
            self.exif = Some(exif);
        }
        orientation.unwrap_or(Orientation::NoTransforms)
    }

    /// Takes the small pictures of the picture out of the EXIF block: they show what it was before
    /// it was changed. A block in which they cannot be told from the rest is left out.
    pub fn remove_previews(&mut self) {
        if self.exif.as_mut().is_some_and(|exif| !preview::remove(exif)) {
            self.exif = None;
            self.losses.push(Loss::ExifDropped);
        }
    }

    /// Takes over a colour profile, if it describes samples of this colour model: the profile of
    /// a CMYK file must not be kept for the RGB picture made from it.
    pub(super) fn set_icc(&mut self, profile: Vec<u8>, model: ColorModel) {
        if describes(&profile, model) {
            self.icc = Some(profile);
        } else if !profile.is_empty() {
            self.losses.push(Loss::ProfileDropped);
        }
    }
}

/// Whether an ICC profile is made for samples of this colour model (ICC.1:2022, 7.2.8).
pub(super) fn describes(profile: &[u8], model: ColorModel) -> bool {
    match profile.get(16..20) {
        Some(b"GRAY") => model.color_channels() == 1,
        Some(b"RGB ") => model.color_channels() == 3,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orientation_is_taken_out_of_the_block_with_or_without_its_prefix() {
        let tiff = [
            b'I', b'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0,
            0,
        ];
        for prefix in [&b""[..], b"Exif\0\0"] {
            let mut metadata = Metadata::default();
            let block = [prefix, &tiff].concat();
            assert_eq!(metadata.set_exif(block), Orientation::Rotate90);
            let kept = metadata.exif.unwrap();
            assert_eq!(Orientation::from_exif_chunk(&kept), Some(Orientation::NoTransforms));
        }
    }

    #[test]
    fn a_profile_of_another_colour_model_is_dropped_and_reported() {
        let mut profile = vec![0; 128];
        profile[16..20].copy_from_slice(b"CMYK");
        let mut metadata = Metadata::default();
        metadata.set_icc(profile, ColorModel::Rgb);
        assert_eq!((metadata.icc, metadata.losses), (None, vec![Loss::ProfileDropped]));
    }
}
