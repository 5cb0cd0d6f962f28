//! Synthesises a picture again from its sparse code, tile by tile, which removes noise.

use crate::csc::{self, Transform8};
use crate::imaging::{Mask, Raster};
use crate::numerics::{Plane, Threads};

use super::color;
use super::context::Observer;
use super::error::EngineError;
use super::inpaint::{Place, Summary, write_back};
use super::regions::{self, Work};

/// Tiles that the noise is estimated on at most; they are spread over the picture.
const SAMPLED_TILES: usize = 9;

/// Removes white noise from every colour channel; alpha keeps every bit.
///
/// `sigmas` has a standard deviation for every plane of the solver, full range being 1.
pub(super) fn reconstruct(
    raster: &mut Raster,
    sigmas: &[f32],
    transform: &Transform8,
    rounds: usize,
    threads: &Threads,
    observer: &dyn Observer,
) -> Result<Summary, EngineError> {
    // Tiles look at each other's noisy pixels, so results go to a copy.
    let noisy = raster.clone();
    let work = regions::everywhere(raster.height(), raster.width());
    let mut summary = Summary::default();
    for (index, &Work { read, write }) in work.iter().enumerate() {
        let control = Place::new(observer, &work, index);
        let mut planes = color::read(&noisy, read);
        summary.include(csc::denoise(&mut planes, sigmas, transform, rounds, threads, &control)?);
        write_back(raster, planes, read, |y, x| {
            let inside = (write.top..write.top + write.height).contains(&y)
                && (write.left..write.left + write.width).contains(&x);
            if inside { 255 } else { 0 }
        });
    }
    Ok(summary)
}

/// The standard deviation of the noise in a colour channel that `sigmas` amount to: the axes of
/// the solver are orthonormal.
pub(super) fn sigma_of(sigmas: &[f32]) -> f32 {
    let power = sigmas.iter().map(|sigma| sigma * sigma).sum::<f32>() / sigmas.len() as f32;
    power.sqrt()
}

/// Estimates the noise of every plane of the solver from known pixels; `None` if too few are known.
pub(super) fn estimate(raster: &Raster, mask: Option<&Mask>) -> Option<Vec<f32>> {
    let tiles = regions::everywhere(raster.height(), raster.width());
    let step = tiles.len().div_ceil(SAMPLED_TILES);
    let mut found: Vec<Vec<f32>> = Vec::new();
    for Work { write, .. } in tiles.into_iter().step_by(step) {
        let hidden = mask.map(|mask| {
            Plane::from_fn(write.height, write.width, |y, x| {
                mask.weight(write.top + y, write.left + x) > 0
            })
        });
        let planes = color::read(raster, write);
        let sigmas: Option<Vec<f32>> =
            planes.iter().map(|plane| csc::estimate_sigma(plane, hidden.as_ref())).collect();
        found.extend(sigmas);
    }
    let planes = found.first()?.len();
    let median = |plane: usize| {
        let mut values: Vec<f32> = found.iter().map(|sigmas| sigmas[plane]).collect();
        values.sort_by(f32::total_cmp);
        values[values.len() / 2]
    };
    Some((0..planes).map(median).collect())
}
