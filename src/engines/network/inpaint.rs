//! Fills the holes of a picture by a network.

use super::Network;
use super::convert::{Conversion, Piece};
use super::fit::{Fit, Sizes};
use super::pieces;
use crate::engines::error::EngineError;
use crate::engines::inpaint::Summary;
use crate::engines::regions::Work;
use crate::fillers::harmonic;
use crate::imaging::{Mask, Raster, Region};
use crate::numerics::{Control, Plane, Progress, resample};

/// Replaces the pixels of `raster` where `mask` has weight; the others keep every bit, and so does
/// the alpha channel. The flag says whether the network worked on a smaller copy somewhere.
///
/// # Errors
/// [`EngineError::NothingKnown`] if no pixel is known, [`EngineError::Network`] by the network,
/// [`EngineError::Cancelled`] when `control` says so, which is asked before every run.
pub(in crate::engines) fn inpaint(
    raster: &mut Raster,
    mask: &Mask,
    network: &dyn Network,
    control: &dyn Control,
) -> Result<(Summary, bool), EngineError> {
    if mask.is_full() {
        return Err(EngineError::NothingKnown);
    }
    let (conversion, sizes) = (Conversion::of(network)?, Sizes::of(network)?);
    let strategy = network.manifest().hd_strategy;
    let all = pieces::around_holes(mask, &sizes, strategy, &network.name())?;
    let mut was_shrunk = false;
    for (index, work) in all.iter().enumerate() {
        tell(control, index, all.len())?;
        let fit = sizes.fit((work.read.height, work.read.width));
        was_shrunk |= fit.shrunk != (work.read.height, work.read.width);
        let piece = show(raster, Some(mask), work.read, &fit);
        let filled = conversion.run(piece)?;
        for (channel, plane) in filled.iter().enumerate() {
            let plane = window(plane, &fit, work);
            raster.write_where(channel, work.write, &plane, |y, x| mask.weight(y, x));
        }
    }
    tell(control, all.len(), all.len())?;
    Ok((Summary { regions: all.len(), ..Summary::default() }, was_shrunk))
}

/// Reports that so many runs of all are done, and asks whether to go on.
pub(super) fn tell(control: &dyn Control, done: usize, all: usize) -> Result<(), EngineError> {
    let progress = Progress { iteration: done, total: all, residual: 0.0 };
    control.report(progress).map_err(|_| EngineError::Cancelled)
}

/// What a network is shown of a region: hidden samples replaced by what the known ones suggest,
/// then shrunk and filled up. What stands in hidden samples has no influence on any number of it.
pub(super) fn show(raster: &Raster, mask: Option<&Mask>, region: Region, fit: &Fit) -> Piece {
    let hidden = Plane::from_fn(region.height, region.width, |y, x| {
        mask.is_some_and(|mask| mask.weight(region.top + y, region.left + x) > 0)
    });
    let (height, width) = fit.shrunk;
    let is_whole = fit.shrunk == (region.height, region.width);
    let channels = (0..raster.model().color_channels()).map(|channel| {
        let mut plane = raster.read(channel, region);
        if is_whole {
            harmonic::fill(&mut plane, &hidden);
        } else {
            let (mut means, empty) = resample::shrink(&plane, &hidden, height, width);
            harmonic::fill(&mut means, &empty);
            plane = means;
        }
        fit.pad(&plane, 0.0)
    });
    let channels = channels.collect();
    let hidden = if is_whole { hidden } else { resample::shrink_hidden(&hidden, height, width) };
    Piece { channels, hidden: fit.pad(&hidden, false) }
}

/// The part of a result that is written, at the size of the picture.
fn window(result: &Plane<f32>, fit: &Fit, work: &Work) -> Plane<f32> {
    let Work { read, write } = *work;
    let (top, left) = (write.top - read.top, write.left - read.left);
    let (height, width) = fit.shrunk;
    let cut = Plane::from_fn(height, width, |y, x| result.at(y, x));
    let size = (read.height, read.width);
    resample::enlarge(&cut, size, top..top + write.height, left..left + write.width)
}
