//! What a service meets in a day: pictures of every size, and files that are none.

use crate::imaging::{
    ColorModel, EncodeOptions, ImageFormat, ImagingError, Metadata, Picture, Raster, Samples,
    encode,
};
use crate::numerics::Random;

use super::MaskKind;

/// How large a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SizeClass {
    /// Up to 256 pixels a side.
    Small,
    /// Up to 768.
    Medium,
    /// Up to 1280.
    Large,
}

impl SizeClass {
    /// Every class, the smallest first.
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }

    /// Sides of its pictures.
    fn sides(self) -> &'static [usize] {
        match self {
            Self::Small => &[64, 128, 192, 256],
            Self::Medium => &[400, 512, 768],
            Self::Large => &[1024, 1280],
        }
    }

    /// One of a hundred requests in this mix is for a class, this many.
    pub const MIX: [(Self, u8); 3] = [(Self::Small, 70), (Self::Medium, 25), (Self::Large, 5)];
}

/// A request that a client may make.
#[derive(Clone, Debug)]
pub struct LoadCase {
    /// What it is, for tables.
    pub name: &'static str,
    /// How large it is; none if it is hostile.
    pub class: Option<SizeClass>,
    /// Where it goes.
    pub path: &'static str,
    /// The parts of its form.
    pub parts: Vec<(&'static str, Vec<u8>)>,
}

/// Everything that clients of one measurement send.
#[derive(Clone, Debug)]
pub struct LoadCases {
    /// Requests that are to be answered with a picture.
    pub sound: Vec<LoadCase>,
    /// Requests that are to be refused.
    pub hostile: Vec<LoadCase>,
}

impl LoadCases {
    /// Draws pictures, masks and hostile files from a seed.
    ///
    /// # Errors
    /// [`ImagingError`] if one of them cannot be encoded.
    pub fn drawn(seed: u64) -> Result<Self, ImagingError> {
        let mut random = Random::seeded(seed);
        let mut sound = Vec::new();
        for class in SizeClass::ALL {
            for (index, &side) in class.sides().iter().enumerate() {
                let kind = [MaskKind::Scratches, MaskKind::Text, MaskKind::Random(0.3)][index % 3];
                let (model, format) = if index % 2 == 0 {
                    (ColorModel::Rgb, ImageFormat::Jpeg)
                } else {
                    (ColorModel::Grey, ImageFormat::Png)
                };
                let image = picture(side, model, format, &mut random)?;
                let mask = mask(side, kind, random.bits())?;
                let (parts, class) = (vec![("image", image.clone()), ("mask", mask)], Some(class));
                sound.push(LoadCase { name: "inpaint", class, path: "/v1/inpaint", parts });
                let parts = vec![("image", image), ("sigma", b"10".to_vec())];
                sound.push(LoadCase { name: "reconstruct", class, path: "/v1/reconstruct", parts });
            }
        }
        Ok(Self { sound, hostile: hostile(&mut random)? })
    }

    /// One of the sound requests, by the mix of the classes.
    pub fn pick(&self, random: &mut Random) -> &LoadCase {
        let mut dice = random.below(100);
        let class = SizeClass::MIX.iter().find(|(_, share)| {
            let is_it = dice < usize::from(*share);
            dice = dice.saturating_sub(usize::from(*share));
            is_it
        });
        let class = class.map(|(class, _)| *class);
        let of_class: Vec<_> = self.sound.iter().filter(|case| case.class == class).collect();
        of_class[random.below(of_class.len())]
    }
}

/// Files and parameters that lie, are cut off, or are too much.
fn hostile(random: &mut Random) -> Result<Vec<LoadCase>, ImagingError> {
    let image = picture(256, ColorModel::Grey, ImageFormat::Png, random)?;
    let jpeg = picture(256, ColorModel::Rgb, ImageFormat::Jpeg, random)?;
    let holes = mask(256, MaskKind::Scratches, 1)?;
    let noise: Vec<u8> = (0..4096).map(|_| random.bits().to_le_bytes()[0]).collect();
    let mut damaged = image.clone();
    for _ in 0..64 {
        let at = 64 + random.below(damaged.len() - 64);
        damaged[at] ^= 0xff;
    }
    let cut = |file: &[u8]| file[..file.len() / 2].to_vec();
    let case = |name, parts| LoadCase { name, class: None, path: "/v1/inpaint", parts };
    Ok(vec![
        case("no image", vec![("image", noise), ("mask", holes.clone())]),
        case("empty image", vec![("image", Vec::new()), ("mask", holes.clone())]),
        case("cut off PNG", vec![("image", cut(&image)), ("mask", holes.clone())]),
        case("cut off JPEG", vec![("image", cut(&jpeg)), ("mask", holes.clone())]),
        case("damaged PNG", vec![("image", damaged), ("mask", holes.clone())]),
        case("header of billions", vec![("image", enormous()), ("mask", holes.clone())]),
        case(
            "mask of another size",
            vec![("image", image.clone()), ("mask", mask(64, MaskKind::Text, 1)?)],
        ),
        case("no mask", vec![("image", image.clone())]),
        case(
            "wrong parameter",
            vec![("image", image), ("mask", holes), ("iterations", b"-1e99".to_vec())],
        ),
    ])
}

/// A PNG whose header claims 60000×60000 pixels of 16 bits, and that has none.
fn enormous() -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    for side in [60_000_u32; 2] {
        file.extend(side.to_be_bytes());
    }
    file.extend([16, 6, 0, 0, 0]);
    file.extend(crc32(&file[12..]).to_be_bytes());
    file.extend(b"\0\0\0\0IEND\xae\x42\x60\x82");
    file
}

/// The checksum of PNG (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

/// Waves, an edge and some noise.
fn picture(
    side: usize,
    model: ColorModel,
    format: ImageFormat,
    random: &mut Random,
) -> Result<Vec<u8>, ImagingError> {
    let channels = model.channels();
    let phases: Vec<f32> = (0..3 * channels).map(|_| random.unit() * 6.3).collect();
    let slope = random.unit() * 2.0 - 1.0;
    let mut samples = Vec::with_capacity(side * side * channels);
    for y in 0..side {
        for x in 0..side {
            let (v, u) = (y as f32 / side as f32, x as f32 / side as f32);
            let edge = if v > 0.5 + slope * (u - 0.5) { 40.0 } else { -40.0 };
            for phases in phases.chunks(3) {
                let waves = (u * 9.0 + phases[0]).sin()
                    + (v * 13.0 + phases[1]).sin()
                    + ((u + v) * 31.0 + phases[2]).sin();
                let level = 128.0 + 20.0 * waves + edge + 3.0 * random.normal();
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "it is a level of grey after the clamp"
                )]
                samples.push(level.clamp(0.0, 255.0) as u8);
            }
        }
    }
    file(side, model, format, samples)
}

fn mask(side: usize, kind: MaskKind, seed: u64) -> Result<Vec<u8>, ImagingError> {
    let samples = kind.draw(side, side, seed).map(|hidden| if hidden { 255 } else { 0 });
    file(side, ColorModel::Grey, ImageFormat::Png, samples.into_vec())
}

fn file(
    side: usize,
    model: ColorModel,
    format: ImageFormat,
    samples: Vec<u8>,
) -> Result<Vec<u8>, ImagingError> {
    let raster = Raster::from_samples(side, side, model, Samples::Eight(samples));
    let raster = raster.expect("as many samples as the picture has");
    let picture = Picture { raster, metadata: Metadata::default(), format };
    Ok(encode(&picture, &EncodeOptions::new(format))?.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::{ImageLimits, decode, inspect};

    #[test]
    fn sound_files_are_pictures_and_the_same_seed_draws_the_same() {
        let (cases, again) = (LoadCases::drawn(7).unwrap(), LoadCases::drawn(7).unwrap());
        for (case, again) in cases.sound.iter().zip(&again.sound) {
            assert_eq!(case.parts, again.parts);
            inspect(&case.parts[0].1, &ImageLimits::default()).unwrap();
        }
        for class in SizeClass::ALL {
            assert!(cases.sound.iter().any(|case| case.class == Some(class)), "{class:?}");
        }
    }

    #[test]
    fn hostile_files_claim_to_be_pictures_but_are_none() {
        let cases = LoadCases::drawn(7).unwrap();
        let image = |name: &str| {
            let case = cases.hostile.iter().find(|case| case.name == name).unwrap();
            decode(&case.parts[0].1, &ImageLimits::default())
        };
        for name in ["no image", "empty image", "cut off PNG", "cut off JPEG", "damaged PNG"] {
            assert!(image(name).is_err(), "{name}");
        }
        let enormous = image("header of billions").unwrap_err();
        assert!(matches!(enormous, ImagingError::TooManyPixels { .. }), "{enormous}");
    }

    #[test]
    fn every_class_is_picked_about_as_often_as_the_mix_says() {
        let (cases, mut random) = (LoadCases::drawn(7).unwrap(), Random::seeded(1));
        let picked: Vec<_> = (0..2000).map(|_| cases.pick(&mut random).class).collect();
        for (class, share) in SizeClass::MIX {
            let count = picked.iter().filter(|picked| **picked == Some(class)).count();
            let expected = usize::from(share) * 20;
            assert!(count.abs_diff(expected) < 150, "{class:?}: {count} of {expected}");
        }
    }
}
