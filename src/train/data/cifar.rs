//! CIFAR-10 (Krizhevsky 2009, "Learning multiple layers of features from tiny images"): small
//! pictures in colour, of ten classes.

use crate::numerics::Random;
use crate::train::objective::{Batch, Task};
use crate::train::{Block, TrainError};

use super::of_step;

/// Classes of CIFAR-10.
pub const CIFAR_CLASSES: usize = 10;
/// Rows and columns of a picture.
pub const CIFAR_SIDE: usize = 32;

const AREA: usize = CIFAR_SIDE * CIFAR_SIDE;
const CHANNELS: usize = 3;
/// Mean and standard deviation of the training pictures by channel, of full range.
const MEAN: [f32; CHANNELS] = [0.4914, 0.4822, 0.4465];
const DEVIATION: [f32; CHANNELS] = [0.2470, 0.2435, 0.2616];
/// Pictures are moved by up to so many pixels.
const SHIFT: usize = 4;

/// Pictures of 32×32 pixels and their classes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labelled {
    /// 3072 bytes a picture: red, green and blue of every pixel, row by row.
    pixels: Vec<u8>,
    labels: Vec<usize>,
}

impl Labelled {
    /// From the bytes of pictures, pixel after pixel, and their classes.
    ///
    /// # Errors
    /// [`TrainError::Data`] if their numbers do not fit or there is no such class.
    pub fn new(pixels: Vec<u8>, labels: Vec<usize>) -> Result<Self, TrainError> {
        if pixels.len() != labels.len() * AREA * CHANNELS {
            return Err(TrainError::Data(format!(
                "there are {} labels for {} pictures",
                labels.len(),
                pixels.len() / (AREA * CHANNELS),
            )));
        }
        if let Some(label) = labels.iter().find(|label| **label >= CIFAR_CLASSES) {
            return Err(TrainError::Data(format!("there is no class {label} of {CIFAR_CLASSES}")));
        }
        Ok(Self { pixels, labels })
    }

    /// More of the same.
    pub fn append(&mut self, mut more: Self) {
        self.pixels.append(&mut more.pixels);
        self.labels.append(&mut more.labels);
    }

    /// Pictures.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The first pictures only.
    #[must_use]
    pub fn first(mut self, count: usize) -> Self {
        self.labels.truncate(count);
        self.pixels.truncate(count * AREA * CHANNELS);
        self
    }

    /// Appends a picture, normalised, moved by rows and columns, mirrored; what comes in from the
    /// side is of the mean colour.
    fn picture(&self, index: usize, moved: [usize; 2], mirrored: bool, to: &mut Vec<f32>) {
        let pixels = &self.pixels[index * AREA * CHANNELS..][..AREA * CHANNELS];
        for channel in 0..CHANNELS {
            for row in 0..CIFAR_SIDE {
                for column in 0..CIFAR_SIDE {
                    let column = if mirrored { CIFAR_SIDE - 1 - column } else { column };
                    let y = (row + moved[0]).checked_sub(SHIFT).filter(|y| *y < CIFAR_SIDE);
                    let x = (column + moved[1]).checked_sub(SHIFT).filter(|x| *x < CIFAR_SIDE);
                    to.push(match (y, x) {
                        (Some(y), Some(x)) => {
                            let byte = pixels[(y * CIFAR_SIDE + x) * CHANNELS + channel];
                            (f32::from(byte) / 255.0 - MEAN[channel]) / DEVIATION[channel]
                        }
                        _ => 0.0,
                    });
                }
            }
        }
    }

    fn batch(&self, chosen: &[usize], mut random: Option<&mut Random>) -> Batch {
        let mut values = Vec::with_capacity(chosen.len() * AREA * CHANNELS);
        for &index in chosen {
            let (moved, mirrored) = match &mut random {
                Some(random) => {
                    let shift = [random.below(2 * SHIFT + 1), random.below(2 * SHIFT + 1)];
                    (shift, random.below(2) == 1)
                }
                None => ([SHIFT; 2], false),
            };
            self.picture(index, moved, mirrored, &mut values);
        }
        Batch::Classes {
            input: Block { shape: [chosen.len(), CHANNELS, CIFAR_SIDE, CIFAR_SIDE], values },
            labels: chosen.iter().map(|&index| self.labels[index]).collect(),
        }
    }
}

/// Pictures to learn from, in another order every epoch, moved and mirrored; and pictures to be
/// judged by, as they are.
#[derive(Clone, Debug)]
pub struct Cifar {
    train: Labelled,
    test: Labelled,
    batch: usize,
    seed: u64,
}

impl Cifar {
    /// Pictures to learn from, `batch` of them a step, and pictures to be judged by.
    ///
    /// # Errors
    /// [`TrainError::Data`] if there are fewer pictures than in a batch.
    pub fn new(
        train: Labelled,
        test: Labelled,
        batch: usize,
        seed: u64,
    ) -> Result<Self, TrainError> {
        if batch == 0 || train.len() < batch {
            let text = format!("{} pictures are too few for batches of {batch}", train.len());
            return Err(TrainError::Data(text));
        }
        Ok(Self { train, test, batch, seed })
    }

    /// Steps until every picture was seen once, but for those that fill no batch.
    pub fn steps_per_epoch(&self) -> u64 {
        (self.train.len() / self.batch) as u64
    }
}

impl Task for Cifar {
    fn batch(&self, step: u64) -> Batch {
        let (epoch, turn) = (step / self.steps_per_epoch(), step % self.steps_per_epoch());
        let mut order: Vec<usize> = (0..self.train.len()).collect();
        let mut shuffling = of_step(self.seed, !epoch);
        for last in (1..order.len()).rev() {
            order.swap(last, shuffling.below(last + 1));
        }
        let first = usize::try_from(turn).unwrap_or_default() * self.batch;
        let mut random = of_step(self.seed, step);
        self.train.batch(&order[first..first + self.batch], Some(&mut random))
    }

    fn held_out(&self) -> Vec<Batch> {
        /// Pictures computed together.
        const AT_ONCE: usize = 100;
        let all: Vec<usize> = (0..self.test.len()).collect();
        all.chunks(AT_ONCE).map(|chosen| self.test.batch(chosen, None)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{AREA, CHANNELS, Cifar, Labelled, MEAN};
    use crate::train::objective::{Batch, Task as _};

    /// Picture `n` is of class `n % 10`, and all of its bytes are `n`.
    fn labelled(count: usize) -> Labelled {
        let pixels = (0_u8..=255).take(count).flat_map(|n| vec![n; AREA * CHANNELS]).collect();
        Labelled::new(pixels, (0..count).map(|n| n % 10).collect()).unwrap()
    }

    #[test]
    fn an_epoch_shows_every_picture_once_with_its_label() {
        let data = Cifar::new(labelled(40), labelled(5), 8, 1).unwrap();
        assert_eq!(data.steps_per_epoch(), 5);
        let mut orders = Vec::new();
        for epoch in 0..2 {
            let mut seen = Vec::new();
            for step in 5 * epoch..5 * (epoch + 1) {
                let Batch::Classes { input, labels } = data.batch(step) else {
                    panic!("no classes")
                };
                assert_eq!(input.shape, [8, 3, 32, 32]);
                for (picture, label) in input.values.chunks(AREA * CHANNELS).zip(labels) {
                    // Its middle is never moved out of it.
                    let middle = picture[AREA / 2 + 16] * 0.2470 + MEAN[0];
                    let n = (0..40).find(|n| (middle * 255.0 - *n as f32).abs() < 0.1).unwrap();
                    assert_eq!(n % 10, label);
                    seen.push(n);
                }
            }
            orders.push(seen.clone());
            seen.sort_unstable();
            assert_eq!(seen, (0..40_usize).collect::<Vec<_>>());
        }
        assert_ne!(orders[0], orders[1]);
    }

    #[test]
    fn held_out_pictures_are_shown_as_they_are() {
        let data = Cifar::new(labelled(8), labelled(3), 8, 1).unwrap();
        let [Batch::Classes { input, labels }] = &data.held_out()[..] else { panic!("one batch") };
        assert_eq!(labels, &[0, 1, 2]);
        let picture = &input.values[AREA * CHANNELS..][..AREA];
        assert!(picture.iter().all(|v| v.to_bits() == picture[0].to_bits()));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Labelled::new(vec![0; 100], vec![0]).is_err());
        assert!(Labelled::new(vec![0; AREA * CHANNELS], vec![10]).is_err());
        assert!(Cifar::new(labelled(3), labelled(3), 4, 1).is_err());
    }
}
