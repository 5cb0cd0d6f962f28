//! The image under restoration, with a mirrored margin so that blocks may stick out.

use crate::numerics::Plane;

/// A plane with `margin` mirrored samples on every side.
#[derive(Clone, Debug)]
pub(super) struct Canvas {
    pub(super) plane: Plane<f32>,
    pub(super) margin: usize,
    height: usize,
    width: usize,
}

impl Canvas {
    pub(super) fn new(image: &Plane<f32>, margin: usize) -> Self {
        let (height, width) = (image.height(), image.width());
        let plane = Plane::from_fn(height + 2 * margin, width + 2 * margin, |y, x| {
            image.at(mirror(y, margin, height), mirror(x, margin, width))
        });
        Self { plane, margin, height, width }
    }

    /// Copies the inside to a plane of its shape.
    pub(super) fn copy_inside(&self, image: &mut Plane<f32>) {
        for y in 0..self.height {
            let row = &self.plane.row(self.margin + y)[self.margin..][..self.width];
            image.row_mut(y).copy_from_slice(row);
        }
    }

    /// The inside alone.
    pub(super) fn inside(&self) -> Plane<f32> {
        let mut image = Plane::filled(self.height, self.width, 0.0);
        self.copy_inside(&mut image);
        image
    }

    /// Copies the inside onto the margin again.
    pub(super) fn mirror_margin(&mut self) {
        let (margin, height, width) = (self.margin, self.height, self.width);
        for y in margin..margin + height {
            let row = self.plane.row_mut(y);
            for i in 0..margin {
                row[i] = row[margin + mirror(i, margin, width)];
                row[margin + width + i] = row[margin + mirror(margin + width + i, margin, width)];
            }
        }
        let stride = self.plane.width();
        for i in 0..margin {
            for to in [i, margin + height + i] {
                let source = margin + mirror(to, margin, height);
                self.plane
                    .as_mut_slice()
                    .copy_within(source * stride..(source + 1) * stride, to * stride);
            }
        }
    }
}

/// The inside position that position `i` of the padded axis mirrors: `c b a | a b c | c b a`.
fn mirror(i: usize, margin: usize, side: usize) -> usize {
    let period = 2 * side;
    // Shifted by whole periods to stay non-negative.
    let at = (i + period * margin.div_ceil(period) - margin) % period;
    if at < side { at } else { period - 1 - at }
}
