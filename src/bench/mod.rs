//! Measured tables: what `cogd bench` prints.

mod ablation;
mod batches;
mod comparison;
mod experiment;
mod figures;
mod inpaint;
mod load;
mod network;
mod paper;
mod plot;
mod published_metric;
mod restore;

pub use crate::damage::MaskKind;
pub use ablation::ablation_methods;
pub use batches::{BatchBench, BatchMethod, BatchRow};
pub use comparison::{Comparison, ImageSet, Method};
pub use experiment::{Assignment, BenchError, Point, mask_images, measure_learning};
pub use figures::{Figure, comparison_figures, saddle_figure};
pub use inpaint::{InpaintBench, InpaintRow, markdown, mask_seed, measure, to_grey};
pub use load::{LoadCase, LoadCases, SizeClass};
pub use network::convolutions;
pub use paper::{BestSetting, CLAIMED, OCTAVE_SECONDS, PaperPlan, PaperReport};
pub use plot::{Line, Scale, draw};
pub use published_metric::{published_psnr, published_ssim};
pub use restore::{RestoreBench, RestoreRow, compare, side_by_side};
