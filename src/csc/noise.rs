//! How much noise is in a picture.

use crate::numerics::Plane;

/// Estimates the standard deviation of white noise from the known samples.
///
/// The median absolute value of the finest diagonal Haar coefficients, over 0.6745 (Donoho and
/// Johnstone 1994, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81). Only squares
/// of four known samples take part, so hidden ones have no influence; `None` when there are fewer
/// than 16 such squares.
///
/// # Shapes
/// Both planes: `(height, width)`.
pub fn estimate_sigma(plane: &Plane<f32>, hidden: Option<&Plane<bool>>) -> Option<f32> {
    let known = |y: usize, x: usize| hidden.is_none_or(|hidden| !hidden.at(y, x));
    let mut diagonal = Vec::new();
    // Squares do not overlap, or their coefficients would not be independent.
    for y in (0..plane.height().saturating_sub(1)).step_by(2) {
        for x in (0..plane.width().saturating_sub(1)).step_by(2) {
            if known(y, x) && known(y, x + 1) && known(y + 1, x) && known(y + 1, x + 1) {
                let (upper, lower) = (plane.row(y), plane.row(y + 1));
                diagonal.push(((upper[x] - upper[x + 1]) - (lower[x] - lower[x + 1])).abs() / 2.0);
            }
        }
    }
    if diagonal.len() < 16 {
        return None;
    }
    let middle = diagonal.len() / 2;
    let (_, median, _) = diagonal.select_nth_unstable_by(middle, f32::total_cmp);
    Some(*median / 0.6745)
}
