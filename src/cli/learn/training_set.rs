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
/// Largest memory that the codes of all crops may take.
const CODE_BYTES: usize = 3 << 30;
/// Bytes for every filter and pixel of a crop: three maps and two half spectra.
const BYTES_PER_CODE: usize = 20;
/// Blocks taken from an image in one pass.
const BLOCKS: usize = 4000;

/// Image files, with a mask for each if any are masked.
pub(super) struct TrainingSet {
    images: Vec<(PathBuf, Option<PathBuf>)>,
    /// Side of the atoms that all images are large enough for.
    side: usize,
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
        Ok(Self { images, side, shortest, fingerprint })
    }

    /// Number of images, at least one.
    pub(super) fn len(&self) -> usize {
        self.images.len()
    }

    /// SHA-256 of all files in order.
    pub(super) fn fingerprint(&self) -> &[u8] {
        &self.fingerprint
    }

    /// A crop of every image at a random place, all of one size, for `filters` filters.
    pub(super) fn crops(
        &self,
        filters: usize,
        random: &mut Random,
    ) -> anyhow::Result<Vec<TrainingImage>> {
        let side = CROP.min(self.shortest);
        let pixels = self.len() * (side + self.side).pow(2);
        let bytes = pixels.saturating_mul(BYTES_PER_CODE * filters);
        ensure!(
            bytes <= CODE_BYTES,
            "{filters} filters on {} images would take {} MiB, more than {} MiB: use fewer of either",
            self.len(),
            bytes >> 20,
            CODE_BYTES >> 20
        );
        (0..self.len()).map(|index| self.crop(index, side, random)).collect()
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

    fn crop(
        &self,
        index: usize,
        side: usize,
        random: &mut Random,
    ) -> anyhow::Result<TrainingImage> {
        /// Places tried before an image counts as hidden.
        const TRIES: usize = 100;
        let image = self.grey(index)?;
        let known = self.known(index, &image)?;
        for _ in 0..TRIES {
            let (top, left) = corner(&image, side, random);
            let samples = Plane::from_fn(side, side, |y, x| image.at(top + y, left + x));
            let Some(known) = &known else { return Ok(TrainingImage { samples, known: None }) };
            let known = Plane::from_fn(side, side, |y, x| known.at(top + y, left + x));
            if known.as_slice().contains(&true) {
                return Ok(TrainingImage { samples, known: Some(known) });
            }
        }
        anyhow::bail!("the mask of {} hides (nearly) all of it", self.images[index].0.display())
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
