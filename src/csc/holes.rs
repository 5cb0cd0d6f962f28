//! Which blocks touch a hidden pixel: the others need no work.

use crate::numerics::Plane;

/// A summed-area table of the hidden pixels (Crow 1984), in canvas coordinates.
pub(super) struct Holes {
    sums: Plane<u32>,
}

impl Holes {
    /// Counts the hidden pixels of an image that lies `margin` samples inside its canvas.
    pub(super) fn new(hidden: &Plane<bool>, margin: usize) -> Self {
        let (height, width) = (hidden.height() + 2 * margin, hidden.width() + 2 * margin);
        let mut sums = Plane::filled(height + 1, width + 1, 0_u32);
        for y in 0..height {
            let row = y.checked_sub(margin).filter(|&y| y < hidden.height());
            let mut run = 0;
            for x in 0..width {
                let column = x.checked_sub(margin).filter(|&x| x < hidden.width());
                if let (Some(y), Some(x)) = (row, column) {
                    run += u32::from(hidden.at(y, x));
                }
                let above = sums.at(y, x + 1);
                sums.row_mut(y + 1)[x + 1] = above + run;
            }
        }
        Self { sums }
    }

    /// Whether the square of side `side` at (`top`, `left`) holds a hidden pixel; parts outside
    /// the canvas count as known.
    #[inline(always)]
    pub(super) fn touch(&self, top: usize, left: usize, side: usize) -> bool {
        let bottom = (top + side).min(self.sums.height() - 1);
        let right = (left + side).min(self.sums.width() - 1);
        let width = self.sums.width();
        let sums = self.sums.as_slice();
        let (upper, lower) = (top * width, bottom * width);
        // Wrapping sums cancel: the result is exact.
        sums[lower + right].wrapping_add(sums[upper + left])
            != sums[upper + right].wrapping_add(sums[lower + left])
    }
}
