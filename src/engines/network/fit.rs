//! Which sizes a network takes, and how a picture is brought to one of them.

use super::Network;
use super::error::NetworkError;
use crate::inference::{Pad, SizePolicy};
use crate::numerics::Plane;

/// Pixels that a network is given at once, if neither its manifest nor its graph says.
const MOST_PIXELS: u64 = 1 << 20;

/// Pixels that no network is given at once.
const TOO_MANY_PIXELS: u64 = 1 << 25;

/// Rows and columns.
pub(super) type Size = (usize, usize);

/// The sizes of pictures that a network takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sizes {
    /// The only one, if there is but one.
    pub(super) fixed: Option<Size>,
    /// What sides are multiples of, where they are not fixed.
    pub(super) multiple: usize,
    /// Most pixels.
    pub(super) most: u64,
    pad: Pad,
}

/// How a picture is brought to a size that the network takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fit {
    /// Its size after it was shrunk, if it had to be.
    pub(super) shrunk: Size,
    /// The size after it was filled up at the bottom and to the right.
    pub(super) padded: Size,
    pad: Pad,
}

impl Sizes {
    /// # Errors
    /// [`NetworkError::Unsuitable`] if the only size is absurd, or only one side is fixed.
    pub(super) fn of(network: &dyn Network) -> Result<Self, NetworkError> {
        let manifest = network.manifest();
        let most = manifest.max_pixels.unwrap_or(MOST_PIXELS).min(TOO_MANY_PIXELS);
        let unsuitable = |reason| NetworkError::Unsuitable { network: network.name(), reason };
        let side = |side: u64| usize::try_from(side).unwrap_or(usize::MAX).max(1);
        let free = |multiple: usize, pad| {
            let most = most.max(area((multiple, multiple)));
            Self { fixed: None, multiple, most, pad }
        };
        match manifest.size_policy(network.signature()) {
            SizePolicy::Any {} | SizePolicy::Multiple { .. } if fixes_a_side(network) => Err(
                unsuitable("has one side of fixed length; its manifest must fix both".to_owned()),
            ),
            SizePolicy::Any {} => Ok(free(1, Pad::default())),
            SizePolicy::Multiple { of, pad } => Ok(free(side(of), pad)),
            SizePolicy::Fixed { width, height, pad } => {
                let actual = width.saturating_mul(height);
                if actual > TOO_MANY_PIXELS {
                    return Err(unsuitable(format!("takes {width} x {height} pixels: too many")));
                }
                let fixed = Some((side(height), side(width)));
                Ok(Self { fixed, multiple: 1, most: actual, pad })
            }
        }
    }

    /// How a picture of this size is sent; it is shrunk only if it must be, and then its sides
    /// keep their proportion as far as whole pixels allow.
    pub(super) fn fit(&self, (height, width): Size) -> Fit {
        let pad = self.pad;
        if let Some((most_rows, most_columns)) = self.fixed {
            let scale = (height as f64 / most_rows as f64).max(width as f64 / most_columns as f64);
            let side = |side: usize, most: usize| shrunk(side, scale.max(1.0)).min(most);
            let shrunk = (side(height, most_rows), side(width, most_columns));
            return Fit { shrunk, padded: (most_rows, most_columns), pad };
        }
        let whole = self.padded((height, width));
        if area(whole) <= self.most {
            return Fit { shrunk: (height, width), padded: whole, pad };
        }
        let scale = (area((height, width)) as f64 / self.most as f64).sqrt().max(1.0);
        // Down to a multiple, so that filling up does not lead past the limit again.
        let side = |side: usize| {
            let shrunk = shrunk(side, scale);
            let cut = shrunk - shrunk % self.multiple;
            if cut == 0 { shrunk } else { cut }
        };
        let (mut rows, mut columns) = (side(height), side(width));
        // A strip that is thinner than one multiple is filled up nevertheless: then the other side
        // must give way.
        if area(self.padded((rows, columns))) > self.most {
            let (long, short) =
                if rows > columns { (&mut rows, columns) } else { (&mut columns, rows) };
            let thick = short.next_multiple_of(self.multiple) as u64;
            let most = usize::try_from(self.most / thick).unwrap_or(usize::MAX);
            *long = (*long).min((most - most % self.multiple).max(self.multiple.min(*long)));
        }
        Fit { shrunk: (rows, columns), padded: self.padded((rows, columns)), pad }
    }

    fn padded(&self, (height, width): Size) -> Size {
        (height.next_multiple_of(self.multiple), width.next_multiple_of(self.multiple))
    }
}

/// Whether the graph has a length for one of the sides of its image.
fn fixes_a_side(network: &dyn Network) -> bool {
    let Some(image) = &network.manifest().image else { return false };
    let input = network.signature().inputs.iter().find(|input| input.name == image.name);
    let sides = input.map(|input| image.sides(input));
    sides.is_some_and(|sides| sides.into_iter().flatten().any(|side| side.fixed().is_some()))
}

impl Fit {
    /// Fills a plane up; with `zero` where the padding is made of zeros.
    pub(super) fn pad<T: Copy>(&self, plane: &Plane<T>, zero: T) -> Plane<T> {
        let (height, width) = (plane.height(), plane.width());
        let columns: Vec<_> = (0..self.padded.1).map(|x| self.source(x, width)).collect();
        Plane::from_fn(self.padded.0, self.padded.1, |y, x| {
            match (self.source(y, height), columns[x]) {
                (Some(y), Some(x)) => plane.at(y, x),
                _ => zero,
            }
        })
    }

    /// Which of `length` samples stands at a place, which may lie behind the last of them.
    fn source(&self, at: usize, length: usize) -> Option<usize> {
        if at < length {
            return Some(at);
        }
        match self.pad {
            Pad::Zero => None,
            Pad::Edge => Some(length - 1),
            Pad::Symmetric => {
                let place = at % (2 * length);
                Some(place.min(2 * length - 1 - place))
            }
            Pad::Reflect if length == 1 => Some(0),
            Pad::Reflect => {
                let period = 2 * (length - 1);
                let place = at % period;
                Some(place.min(period - place))
            }
        }
    }
}

pub(super) fn area((height, width): Size) -> u64 {
    (height as u64).saturating_mul(width as u64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most the side")]
fn shrunk(side: usize, scale: f64) -> usize {
    ((side as f64 / scale).round() as usize).clamp(1, side)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(multiple: usize, most: u64) -> Sizes {
        Sizes { fixed: None, multiple, most, pad: Pad::Symmetric }
    }

    #[test]
    fn a_picture_that_is_taken_as_it_is_is_not_shrunk() {
        let fixed = Sizes { fixed: Some((512, 256)), multiple: 1, most: 512 * 256, pad: Pad::Edge };
        let fit = fixed.fit((100, 256));
        assert_eq!((fit.shrunk, fit.padded), ((100, 256), (512, 256)));
        let fit = free(8, 1 << 20).fit((101, 3));
        assert_eq!((fit.shrunk, fit.padded), ((101, 3), (104, 8)));
    }

    #[test]
    fn a_picture_that_is_too_large_is_shrunk_in_proportion() {
        let fixed = Sizes { fixed: Some((512, 256)), multiple: 1, most: 512 * 256, pad: Pad::Edge };
        let fit = fixed.fit((1024, 1024));
        assert_eq!((fit.shrunk, fit.padded), ((256, 256), (512, 256)));
        let fit = free(1, 10_000).fit((200, 800));
        assert_eq!((fit.shrunk, fit.padded), ((50, 200), (50, 200)));
    }

    #[test]
    fn whatever_the_size_what_is_sent_is_not_empty_and_within_the_limit() {
        for multiple in [1, 8, 64] {
            let sizes = free(multiple, 100_000);
            for picture in [(1, 1), (1, 4_000_000), (4_000_000, 1), (5000, 8000), (65, 1539)] {
                let Fit { shrunk, padded, .. } = sizes.fit(picture);
                assert!(shrunk.0 >= 1 && shrunk.1 >= 1, "{multiple} {picture:?} {shrunk:?}");
                assert!(shrunk.0 <= padded.0 && shrunk.1 <= padded.1);
                assert!(area(padded) <= 100_000, "{multiple} {picture:?} {padded:?}");
                assert_eq!((padded.0 % multiple, padded.1 % multiple), (0, 0));
            }
        }
    }

    #[test]
    fn a_row_is_filled_up_as_numpy_does() {
        let filled = |pad, row: &[i32]| {
            let plane = Plane::from_vec(1, row.len(), row.to_vec()).unwrap();
            let fit = Fit { shrunk: (1, row.len()), padded: (1, 8), pad };
            fit.pad(&plane, 0).into_vec()
        };
        assert_eq!(filled(Pad::Symmetric, &[1, 2, 3]), [1, 2, 3, 3, 2, 1, 1, 2]);
        assert_eq!(filled(Pad::Reflect, &[1, 2, 3]), [1, 2, 3, 2, 1, 2, 3, 2]);
        assert_eq!(filled(Pad::Edge, &[1, 2, 3]), [1, 2, 3, 3, 3, 3, 3, 3]);
        assert_eq!(filled(Pad::Zero, &[1, 2, 3]), [1, 2, 3, 0, 0, 0, 0, 0]);
        assert_eq!(filled(Pad::Reflect, &[7]), [7; 8]);
    }
}
