//! The images to learn from: checked before anything is computed, read when they are needed.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use sha2::{Digest, Sha256};

use crate::bench::to_grey;
use crate::cli::files;
use crate::csc::learn::TrainingImage;
use crate::imaging::{ImageLimits, Mask, MaskOptions, decode, inspect};
use crate::numerics::{Plane, Random};

/// Side of the crop of every image from which filters are learned.
const CROP: usize = 64;
/// Largest memory that learning may take.
const MEMORY: usize = 3 << 30;
/// Blocks taken from an image in one pass.
const BLOCKS: usize = 4000;

/// Image files, with a mask for each if any are masked.
pub(super) struct TrainingSet {
    images: Vec<(PathBuf, Option<PathBuf>)>,
    /// The shortest side of any image.
    shortest: usize,
    fingerprint: Vec<u8>,
}

impl TrainingSet {
    /// Finds the images and reads the header of each.
    pub(super) fn open(
        places: &[PathBuf],
        masks: Option<&Path>,
        side: usize,
    ) -> anyhow::Result<Self> {
        let mut hash = Sha256::new();
        let (mut images, mut shortest) = (Vec::new(), usize::MAX);
        for image in files::images(places)? {
            let bytes = files::read(&image)?;
            let header = inspect(&bytes, &ImageLimits::default())
                .with_context(|| image.display().to_string())?;
            let (height, width) = (header.height, header.width);
            ensure!(
                height.min(width) >= side,
                "{} is {height}x{width}, smaller than the {side}x{side} atoms",
                image.display()
            );
            shortest = shortest.min(height).min(width);
            let mask = masks.map(|masks| files::partner(masks, &image)).transpose()?;
            hash.update(Sha256::digest(&bytes));
            if let Some(mask) = &mask {
                hash.update(Sha256::digest(files::read(mask)?));
            }
            images.push((image, mask));
        }
        let fingerprint = hash.finalize().to_vec();
        Ok(Self { images, shortest, fingerprint })
    }

    /// Number of images, at least one.
    pub(super) fn len(&self) -> usize {
        self.images.len()
    }

    /// SHA-256 of all files in order.
    pub(super) fn fingerprint(&self) -> &[u8] {
        &self.fingerprint
    }

    /// A crop of every image at a random place, all of one size.
    pub(super) fn crops(&self, random: &mut Random) -> anyhow::Result<Vec<TrainingImage>> {
        let crop = |index| anyhow::Ok(self.patches(index, 1, random)?.pop());
        let crops = (0..self.len()).map(crop).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(crops.into_iter().flatten().collect())
    }

    /// Crops of one image at random places, of the same size for all images.
    pub(super) fn patches(
        &self,
        index: usize,
        count: usize,
        random: &mut Random,
    ) -> anyhow::Result<Vec<TrainingImage>> {
        let image = self.grey(index)?;
        let known = self.known(index, &image)?;
        let path = || self.images[index].0.display();
        (0..count)
            .map(|_| {
                let crop = self.crop(&image, known.as_ref(), random);
                crop.with_context(|| format!("the mask of {} hides (nearly) all of it", path()))
            })
            .collect()
    }

    /// Height and width of every crop.
    pub(super) fn crop_size(&self) -> (usize, usize) {
        let side = CROP.min(self.shortest);
        (side, side)
    }

    /// Blocks at random places of an image, one after the other.
    pub(super) fn blocks(
        &self,
        index: usize,
        side: usize,
        random: &mut Random,
    ) -> anyhow::Result<Vec<f32>> {
        let image = self.grey(index)?;
        let mut blocks = Vec::with_capacity(BLOCKS * side * side);
        for _ in 0..BLOCKS {
            let (top, left) = corner(&image, side, random);
            for y in top..top + side {
                blocks.extend_from_slice(&image.row(y)[left..left + side]);
            }
        }
        Ok(blocks)
    }

    /// A crop with known pixels, if chance finds one.
    fn crop(
        &self,
        image: &Plane<f32>,
        known: Option<&Plane<bool>>,
        random: &mut Random,
    ) -> Option<TrainingImage> {
        /// Places tried before an image counts as hidden.
        const TRIES: usize = 100;
        let (side, _) = self.crop_size();
        (0..TRIES).find_map(|_| {
            let (top, left) = corner(image, side, random);
            let samples = Plane::from_fn(side, side, |y, x| image.at(top + y, left + x));
            let Some(known) = known else { return Some(TrainingImage { samples, known: None }) };
            let known = Plane::from_fn(side, side, |y, x| known.at(top + y, left + x));
            known
                .as_slice()
                .contains(&true)
                .then_some(TrainingImage { samples, known: Some(known) })
        })
    }

    fn grey(&self, index: usize) -> anyhow::Result<Plane<f32>> {
        let path = &self.images[index].0;
        let picture = decode(&files::read(path)?, &ImageLimits::default())
            .with_context(|| path.display().to_string())?;
        let raster = to_grey(&picture.raster);
        Ok(raster.read(0, raster.region()))
    }

    fn known(&self, index: usize, image: &Plane<f32>) -> anyhow::Result<Option<Plane<bool>>> {
        let Some(path) = &self.images[index].1 else { return Ok(None) };
        let (height, width) = (image.height(), image.width());
        let (options, limits) = (MaskOptions::default(), ImageLimits::default());
        let mask = Mask::decode(&files::read(path)?, &options, &limits, width, height)
            .with_context(|| path.display().to_string())?;
        Ok(Some(Plane::from_fn(height, width, |y, x| mask.weight(y, x) == 0)))
    }
}

/// Top and left of a square at a random place.
fn corner(image: &Plane<f32>, side: usize, random: &mut Random) -> (usize, usize) {
    (random.below(image.height() - side + 1), random.below(image.width() - side + 1))
}

/// Refuses what would need more memory than learning may take.
pub(super) fn ensure_fits(bytes: usize, what: &str) -> anyhow::Result<()> {
    let (needed, limit) = (bytes >> 20, MEMORY >> 20);
    ensure!(bytes <= MEMORY, "{what} would take {needed} MiB, more than {limit} MiB: use fewer");
    Ok(())
}
