//! Images of folders as damaged pictures to learn from.

use std::path::Path;

use anyhow::{Context as _, ensure};
use sha2::{Digest, Sha256};

use crate::cli::files;
use crate::cli::log::Log;
use crate::damage::{Damage, DamageKind};
use crate::imaging::{ImageLimits, decode};
use crate::numerics::{Plane, Random, Threads, resample};
use crate::train::data::{Example, Restoration, Start};

use super::course::hexadecimal;
use super::options::{DamageName, PictureData, StartName};

/// Larger photographs are made smaller: at full size they are smooth from pixel to pixel.
const LONGEST_SIDE: usize = 1024;

/// Damaged pictures, and what they were made from.
pub(in crate::cli) struct Prepared {
    pub(in crate::cli) task: Restoration,
    /// SHA-256 of the files and the settings that the pictures were made with.
    pub(in crate::cli) fingerprint: String,
    /// Images that were used, and those that were left out.
    pub(in crate::cli) images: (usize, usize),
}

impl PictureData {
    /// Reads, cuts, damages and fills.
    ///
    /// Kinds of damage take turns, and so do images; the images that are held out are drawn by the
    /// seed.
    pub(in crate::cli) fn prepare(&self, seed: u64, log: &Log) -> anyhow::Result<Prepared> {
        ensure!(
            self.patch <= self.crop,
            "patches of {} pixels do not fit into crops of {}",
            self.patch,
            self.crop
        );
        let threads = Threads::new(self.threads.resolve().get())?;
        let mut paths = files::images(&self.images)?;
        let mut random = Random::seeded(seed);
        for last in (1..paths.len()).rev() {
            paths.swap(last, random.below(last + 1));
        }
        let mut hash = Sha256::new();
        let (mut images, mut left_out) = (Vec::new(), 0);
        for path in &paths {
            match self.image(path, &mut hash) {
                Ok(image) => images.push(image),
                Err(fault) => {
                    left_out += 1;
                    log.say(&format!("left out: {fault:#}"));
                }
            }
        }
        let (crops, held_out) = (self.crops.get(), self.held_out.get());
        // Every picture to judge by from an image of its own, while there are enough.
        let judging = held_out.min(images.len() / 4).max(1);
        ensure!(images.len() > judging, "{} usable images are too few to learn from", images.len());
        let learning = images.split_off(judging);
        let mut cut = |images: &[Plane<f32>], count: usize, first: u64| {
            let cut = |index: usize| {
                let crop = crop(&images[index % images.len()], self.crop, &mut random);
                let kind = self.damage[index % self.damage.len()].kind();
                let damage = Damage::draw(kind, crop.height(), crop.width(), random.bits() ^ first);
                (crop, damage)
            };
            (0..count).map(cut).collect::<Vec<_>>()
        };
        let held_out = cut(&images, held_out, 0);
        let crops = cut(&learning, crops, 1);
        log.say(&format!("preparing {} pictures", crops.len() + held_out.len()));
        let start = self.start();
        let task = Restoration::new(
            fill(crops, start, &threads)?,
            fill(held_out, start, &threads)?,
            self.patch,
            self.batch,
            seed,
        )?;
        let fingerprint = hexadecimal(hash);
        Ok(Prepared { task, fingerprint, images: (images.len() + learning.len(), left_out) })
    }

    /// The settings on which the pictures depend.
    pub(in crate::cli) fn described(&self) -> serde_json::Value {
        let damage: Vec<_> = self.damage.iter().map(|damage| damage.kind()).collect();
        serde_json::json!({
            "damage": damage,
            "start": self.start(),
            "crops": self.crops,
            "crop": self.crop,
            "held_out": self.held_out,
            "patch": self.patch,
            "batch": self.batch,
        })
    }

    fn start(&self) -> Start {
        match self.start {
            StartName::Harmonic => Start::Harmonic,
            StartName::Solver => Start::Solver(self.iterations),
        }
    }

    /// One image as luma.
    fn image(&self, path: &Path, hash: &mut Sha256) -> anyhow::Result<Plane<f32>> {
        let bytes = files::read(path)?;
        let picture =
            decode(&bytes, &ImageLimits::default()).with_context(|| path.display().to_string())?;
        let luma = picture.raster.luma();
        let (height, width) = (luma.height(), luma.width());
        let longest = height.max(width);
        let luma = if longest > LONGEST_SIDE {
            let shorter = |side: usize| (side * LONGEST_SIDE / longest).max(1);
            let nothing = Plane::filled(height, width, false);
            resample::shrink(&luma, &nothing, shorter(height), shorter(width)).0
        } else {
            luma
        };
        let (height, width) = (luma.height(), luma.width());
        ensure!(
            height.min(width) >= self.crop,
            "{}: {height}x{width} is smaller than crops of {} pixels",
            path.display(),
            self.crop
        );
        hash.update(Sha256::digest(&bytes));
        Ok(luma)
    }
}

fn crop(image: &Plane<f32>, side: usize, random: &mut Random) -> Plane<f32> {
    let top = random.below(image.height() - side + 1);
    let left = random.below(image.width() - side + 1);
    Plane::from_fn(side, side, |y, x| image.at(top + y, left + x))
}

/// Makes the starts, side by side.
fn fill(
    pictures: Vec<(Plane<f32>, Damage)>,
    start: Start,
    threads: &Threads,
) -> anyhow::Result<Vec<Example>> {
    let mut examples: Vec<_> = pictures.into_iter().map(|picture| (Some(picture), None)).collect();
    threads.for_each(&mut examples, |_, (picture, example)| {
        if let Some((whole, damage)) = picture.take() {
            *example = Some(Example::new(whole, &damage, start, &Threads::single()));
        }
    });
    Ok(examples.into_iter().filter_map(|(_, example)| example).collect::<Result<_, _>>()?)
}

impl DamageName {
    fn kind(self) -> DamageKind {
        match self {
            Self::Random => DamageKind::Random,
            Self::Text => DamageKind::Text,
            Self::Scratches => DamageKind::Scratches,
            Self::Strokes => DamageKind::Strokes,
            Self::Blocks => DamageKind::Blocks,
            Self::Noise => DamageKind::Noise,
        }
    }
}
