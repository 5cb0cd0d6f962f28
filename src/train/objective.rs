//! What a network is to do, and how well it does it.

use serde::{Deserialize, Serialize};

use super::tensors::Block;

/// Data and what they ask of a network.
pub trait Task {
    /// The examples of a step, always the same ones for the same step.
    fn batch(&self, step: u64) -> Batch;

    /// Examples that are never trained on, in batches.
    fn held_out(&self) -> Vec<Batch>;
}

/// Examples that are computed together.
#[derive(Clone, Debug, PartialEq)]
pub enum Batch {
    /// Pictures to restore.
    Pictures {
        /// `(batch, 2, rows, columns)`: the picture with its holes filled somehow, in `[0, 1]`,
        /// and where the holes are, as ones.
        input: Block,
        /// `(batch, 1, rows, columns)`: the whole picture.
        target: Block,
    },
    /// Pictures to tell apart.
    Classes {
        /// `(batch, channels, rows, columns)`.
        input: Block,
        /// The class of each.
        labels: Vec<usize>,
    },
}

/// How well a network does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Score {
    /// Mean PSNR of whole pictures in dB, and that of what the network was given.
    Psnr {
        /// Of the network's output.
        psnr_db: f64,
        /// Of its input.
        start_db: f64,
    },
    /// Share of the pictures whose class was found, in `[0, 1]`.
    Accuracy {
        /// The share.
        accuracy: f64,
    },
}

impl Score {
    /// A number that is larger for a better network.
    pub fn value(self) -> f64 {
        match self {
            Self::Psnr { psnr_db, .. } => psnr_db,
            Self::Accuracy { accuracy } => accuracy,
        }
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Psnr { psnr_db, start_db } => {
                write!(f, "PSNR {psnr_db:.3} dB ({:+.3} dB)", psnr_db - start_db)
            }
            Self::Accuracy { accuracy } => write!(f, "accuracy {:.2} %", 100.0 * accuracy),
        }
    }
}

impl Batch {
    pub(super) fn input(&self) -> &Block {
        match self {
            Self::Pictures { input, .. } | Self::Classes { input, .. } => input,
        }
    }

    /// Adds what is seen of an output to a tally.
    pub(super) fn judge(&self, output: &[f32], tally: &mut Tally) {
        match self {
            Self::Pictures { input, target } => {
                let [_, _, rows, columns] = input.shape;
                let area = rows * columns;
                let pairs =
                    input.values.chunks_exact(2 * area).zip(target.values.chunks_exact(area));
                for ((input, target), output) in pairs.zip(output.chunks_exact(area)) {
                    let (filled, holes) = input.split_at(area);
                    let (mut before, mut after) = (0.0, 0.0);
                    for i in 0..area {
                        let restored = (filled[i] + holes[i] * output[i]).clamp(0.0, 1.0);
                        before += f64::from(filled[i] - target[i]).powi(2);
                        after += f64::from(restored - target[i]).powi(2);
                    }
                    tally.examples += 1;
                    tally.before += psnr(before / area as f64);
                    tally.after += psnr(after / area as f64);
                }
            }
            Self::Classes { labels, .. } => {
                let classes = output.len() / labels.len();
                for (scores, label) in output.chunks_exact(classes).zip(labels) {
                    let best = (0..classes).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
                    tally.examples += 1;
                    tally.right += usize::from(best == Some(*label));
                }
            }
        }
    }

    pub(super) fn score(&self, tally: &Tally) -> Score {
        let count = tally.examples.max(1) as f64;
        match self {
            Self::Pictures { .. } => {
                Score::Psnr { psnr_db: tally.after / count, start_db: tally.before / count }
            }
            Self::Classes { .. } => Score::Accuracy { accuracy: tally.right as f64 / count },
        }
    }
}

/// What was seen of some examples.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    examples: usize,
    right: usize,
    before: f64,
    after: f64,
}

/// PSNR in dB of a mean squared error; the best that can be told apart for none.
fn psnr(mse: f64) -> f64 {
    const BEST: f64 = 100.0;
    (-10.0 * mse.log10()).min(BEST)
}
