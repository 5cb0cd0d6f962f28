//! All atoms of a dictionary in one picture.

use crate::numerics::Plane;

use super::Dictionary;

impl Dictionary {
    /// A sheet of all atoms, `(height, width)` with samples in `[0, 1]`: rows of equal length, a
    /// dark frame of one pixel, every tap `zoom × zoom` pixels. Each atom is scaled by its largest
    /// magnitude; zero is grey.
    pub fn sheet(&self, zoom: usize) -> Plane<f32> {
        let zoom = zoom.max(1);
        let columns = (1..=self.count()).find(|n| n * n >= self.count()).unwrap_or(1);
        let rows = self.count().div_ceil(columns);
        let cell = self.side() * zoom + 1;
        let mut sheet = Plane::filled(rows * cell + 1, columns * cell + 1, 0.0);
        for (index, atom) in self.taps().chunks_exact(self.side() * self.side()).enumerate() {
            let peak = atom.iter().fold(f32::MIN_POSITIVE, |peak, tap| peak.max(tap.abs()));
            let (top, left) = (index / columns * cell + 1, index % columns * cell + 1);
            for y in 0..self.side() * zoom {
                let row = &mut sheet.row_mut(top + y)[left..];
                for (x, sample) in row.iter_mut().take(self.side() * zoom).enumerate() {
                    *sample = 0.5 + 0.5 * atom[y / zoom * self.side() + x / zoom] / peak;
                }
            }
        }
        sheet
    }
}
