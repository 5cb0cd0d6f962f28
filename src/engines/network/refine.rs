//! Improves what was found for hidden samples, by a network that computes what is to be added.

use super::Network;
use super::convert::{Conversion, Piece};
use super::error::NetworkError;
use super::fit::{Size, Sizes};
use crate::engines::color;
use crate::engines::error::EngineError;
use crate::engines::regions::{self, CONTEXT};
use crate::imaging::Region;
use crate::numerics::{Plane, Stopped};

/// A network that improves what stands in hidden samples.
pub(in crate::engines) struct Refiner<'a> {
    conversion: Conversion<'a>,
    sizes: Sizes,
}

impl<'a> Refiner<'a> {
    /// # Errors
    /// [`NetworkError::Unsuitable`] if the network is not made for this, or takes so few pixels
    /// that it cannot be shown what lies around a tile.
    pub(in crate::engines) fn of(network: &'a dyn Network) -> Result<Self, NetworkError> {
        let (conversion, sizes) = (Conversion::of(network)?, Sizes::of(network)?);
        let refiner = Self { conversion, sizes };
        let (rows, columns) = refiner.room();
        let least = 4 * sizes.multiple;
        if rows.min(columns) < least {
            let reason = format!("must take at least {least} rows and columns at once");
            return Err(NetworkError::Unsuitable { network: network.name(), reason });
        }
        Ok(refiner)
    }

    /// The tiles of a region in which something is hidden. They are what is improved at once; the
    /// network is shown more of each.
    fn tiles(&self, hidden: &Plane<bool>, write: Region) -> Vec<Region> {
        let (rows, columns) = self.room();
        // Of two multiples one is lost where a tile begins and one where it is filled up.
        let around = 2 * (self.margin() + self.sizes.multiple - 1);
        let mut tiles = regions::cut(write, rows - around, columns - around);
        tiles.retain(|tile| {
            let mut rows = tile.top..tile.top + tile.height;
            rows.any(|y| hidden.row(y)[tile.left..][..tile.width].contains(&true))
        });
        tiles
    }

    /// Adds to the hidden samples of `write` what the network says. It sees what the planes hold
    /// and what is hidden, and nothing that it has changed itself, so the order of its tiles has no
    /// influence. `tell` is asked before every tile whether to go on.
    ///
    /// # Errors
    /// [`EngineError::Network`] by the network, [`EngineError::Cancelled`] when `tell` says so.
    pub(in crate::engines) fn refine(
        &self,
        planes: &mut [Plane<f32>],
        hidden: &Plane<bool>,
        write: Region,
        tell: impl Fn() -> Result<(), Stopped>,
    ) -> Result<(), EngineError> {
        let found = planes.to_vec();
        for tile in self.tiles(hidden, write) {
            tell()?;
            let read = self.shown(tile, (hidden.height(), hidden.width()));
            let fit = self.sizes.fit((read.height, read.width));
            let holes = fit.pad(&cut(hidden, read), false);
            for (channel, (before, plane)) in found.iter().zip(&mut *planes).enumerate() {
                let (black, white) = color::range(channel, found.len());
                // Shown as it would be written: the solver may go beyond black and white by little.
                let sample = |value: f32| ((value - black) / (white - black)).clamp(0.0, 1.0);
                let shown = cut(before, read).map(sample);
                let piece = Piece { channels: vec![fit.pad(&shown, 0.0)], hidden: holes.clone() };
                let difference = self.conversion.difference(&piece)?;
                for y in tile.top..tile.top + tile.height {
                    for x in tile.left..tile.left + tile.width {
                        if hidden.at(y, x) {
                            let at = (y - read.top, x - read.left);
                            let sample = shown.at(at.0, at.1) + difference.at(at.0, at.1);
                            plane.row_mut(y)[x] = black + sample * (white - black);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// What the network is shown of a region of this size for a tile. It begins at a multiple of
    /// what sides are multiples of, so that what the network pools is the same in every tile.
    fn shown(&self, tile: Region, (height, width): Size) -> Region {
        let read = regions::grown(tile, height, width, self.margin());
        let more = (read.top % self.sizes.multiple, read.left % self.sizes.multiple);
        Region {
            top: read.top - more.0,
            left: read.left - more.1,
            height: read.height + more.0,
            width: read.width + more.1,
        }
    }

    /// Rows and columns that the network is shown at most.
    fn room(&self) -> Size {
        self.sizes.fixed.unwrap_or_else(|| {
            let side = usize::try_from(self.sizes.most.isqrt()).unwrap_or(usize::MAX);
            let side = (side - side % self.sizes.multiple).max(self.sizes.multiple);
            (side, side)
        })
    }

    /// Samples around a tile that are shown beside it.
    fn margin(&self) -> usize {
        let (rows, columns) = self.room();
        CONTEXT.min((rows.min(columns) - 1) / 4)
    }
}

fn cut<T: Copy>(plane: &Plane<T>, region: Region) -> Plane<T> {
    Plane::from_fn(region.height, region.width, |y, x| plane.at(region.top + y, region.left + x))
}

#[cfg(test)]
mod tests;
