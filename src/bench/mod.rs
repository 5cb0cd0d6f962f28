//! Measured tables: what `cogd bench` prints.

mod inpaint;
mod masks;

pub use inpaint::{InpaintBench, InpaintRow, markdown, mask_seed, measure, to_grey};
pub use masks::MaskKind;
