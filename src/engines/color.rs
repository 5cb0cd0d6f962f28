//! The colour axes that the solver works in.

use crate::imaging::{Raster, Region};
use crate::numerics::Plane;

/// The orthonormal opponent axes: brightness, red against blue, green against both. It is the
/// three-point cosine transform of (red, green, blue), so white noise stays white and as strong.
const OPPONENT: [[f32; 3]; 3] = [
    [0.577_350_26, 0.577_350_26, 0.577_350_26],
    [std::f32::consts::FRAC_1_SQRT_2, 0.0, -std::f32::consts::FRAC_1_SQRT_2],
    [0.408_248_3, -0.816_496_6, 0.408_248_3],
];

/// The colour channels of a region as planes for the solver, the leading one first.
pub(super) fn read(raster: &Raster, region: Region) -> Vec<Plane<f32>> {
    let channels = raster.model().color_channels();
    let mut planes: Vec<_> = (0..channels).map(|channel| raster.read(channel, region)).collect();
    rotate(&mut planes, |i, j| OPPONENT[i][j]);
    planes
}

/// What stands in a plane of [`read`] for black and for white; for a chroma plane, which has
/// neither, a range as wide as that of the brightness around its grey.
pub(super) fn range(plane: usize, planes: usize) -> (f32, f32) {
    let width = if planes == 1 { 1.0 } else { 3.0_f32.sqrt() };
    if plane == 0 { (0.0, width) } else { (-0.5 * width, 0.5 * width) }
}

/// Turns planes from the solver into colour channels: the inverse of [`read`].
pub(super) fn to_channels(planes: &mut [Plane<f32>]) {
    rotate(planes, |i, j| OPPONENT[j][i]);
}

fn rotate(planes: &mut [Plane<f32>], matrix: impl Fn(usize, usize) -> f32) {
    let [a, b, c] = planes else { return };
    let rows: [[f32; 3]; 3] = std::array::from_fn(|i| std::array::from_fn(|j| matrix(i, j)));
    let samples = a.as_mut_slice().iter_mut().zip(b.as_mut_slice()).zip(c.as_mut_slice());
    for ((a, b), c) in samples {
        let old = [*a, *b, *c];
        let new = rows.map(|row| row[0] * old[0] + row[1] * old[1] + row[2] * old[2]);
        [*a, *b, *c] = new;
    }
}
