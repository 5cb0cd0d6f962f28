//! Removes noise by a network, in tiles that overlap and are blended.

use super::Network;
use super::convert::Conversion;
use super::fit::{Fit, Size, Sizes};
use super::inpaint::{show, tell};
use super::pieces::Tiles;
use crate::engines::error::EngineError;
use crate::engines::inpaint::Summary;
use crate::imaging::{Mask, Raster, Region};
use crate::numerics::{Control, Plane};

/// Has every colour sample computed anew; alpha keeps every bit. A network that takes masks is
/// told what is hidden; for others there must be no mask.
///
/// # Errors
/// [`EngineError::NothingKnown`] if no pixel is known, [`EngineError::Network`] by the network,
/// [`EngineError::Cancelled`] when `control` says so, which is asked before every run.
pub(in crate::engines) fn denoise(
    raster: &mut Raster,
    mask: Option<&Mask>,
    network: &dyn Network,
    control: &dyn Control,
) -> Result<Summary, EngineError> {
    if mask.is_some_and(Mask::is_full) {
        return Err(EngineError::NothingKnown);
    }
    let (conversion, sizes) = (Conversion::of(network)?, Sizes::of(network)?);
    let (height, width) = (raster.height(), raster.width());
    let (rows, columns) = tiles(&sizes, (height, width));
    let all = rows.starts.len() * columns.starts.len();
    let mut done = 0;
    // Sums over tiles, for the rows that may yet change.
    let channels = raster.model().color_channels();
    let mut sums = vec![Plane::filled(rows.length, width, 0.0_f32); channels];
    for (row, &top) in rows.starts.iter().enumerate() {
        for (column, &left) in columns.starts.iter().enumerate() {
            tell(control, done, all)?;
            let region = Region { top, left, height: rows.length, width: columns.length };
            let fit: Fit = sizes.fit((region.height, region.width));
            let results = conversion.run(show(raster, mask, region, &fit))?;
            for (sum, result) in sums.iter_mut().zip(&results) {
                for y in 0..region.height {
                    let tall = rows.weight(row, top + y);
                    let sums = &mut sum.row_mut(y)[left..left + region.width];
                    for (x, (sum, sample)) in sums.iter_mut().zip(result.row(y)).enumerate() {
                        *sum += tall * columns.weight(column, left + x) * sample;
                    }
                }
            }
            done += 1;
        }
        // The next row of tiles begins here, and reads what is written below as it was.
        let next = rows.starts.get(row + 1).copied().unwrap_or(height);
        for (channel, sum) in sums.iter_mut().enumerate() {
            flush(raster, channel, top, next - top, sum);
        }
    }
    tell(control, all, all)?;
    Ok(Summary { regions: all, ..Summary::default() })
}

/// Writes the first rows of the sums, which are complete, and makes room for as many others.
fn flush(raster: &mut Raster, channel: usize, top: usize, count: usize, sums: &mut Plane<f32>) {
    let (height, width) = (sums.height(), sums.width());
    let complete = Plane::from_fn(count, width, |y, x| sums.at(y, x));
    let region = Region { top, left: 0, height: count, width };
    raster.write_where(channel, region, &complete, |_, _| u8::MAX);
    *sums =
        Plane::from_fn(
            height,
            width,
            |y, x| {
                if y + count < height { sums.at(y + count, x) } else { 0.0 }
            },
        );
}

/// Tiles that are shown without being shrunk.
fn tiles(sizes: &Sizes, (height, width): Size) -> (Tiles, Tiles) {
    let (rows, columns) = sizes.fixed.unwrap_or_else(|| {
        if sizes.fit((height, width)).shrunk == (height, width) {
            return (height, width);
        }
        let side = usize::try_from(sizes.most.isqrt()).unwrap_or(usize::MAX);
        let side = (side - side % sizes.multiple).max(1);
        (side, side)
    });
    (Tiles::along(height, rows), Tiles::along(width, columns))
}
