//! Widens holes and gives them a soft rim, by exact Euclidean distance in linear time.
//!
//! A. Meijster, J. B. T. M. Roerdink, W. H. Hesselink (2000), "A general algorithm for computing
//! distance transforms in linear time": distances along columns first, then along each row the
//! lower envelope of the parabolas `(x - i)² + g(i)²`.

use super::{HOLE, KNOWN};
use crate::numerics::Plane;

/// Weights by distance `d` to the nearest hole, in pixels:
/// 255 up to `dilate`, then falling linearly, `255 (f + 1 - (d - dilate)) / (f + 1)`, over the
/// `f = feather` pixels that follow, then 0.
///
/// `holes` is 255 in holes and 0 elsewhere.
pub(super) fn weights_around(mut holes: Plane<u8>, dilate: u32, feather: u32) -> Plane<u8> {
    let reach = dilate as usize + feather as usize;
    if reach == 0 {
        return holes;
    }
    let along_columns = column_distances(&holes, reach);
    let by_square = weights_by_squared_distance(dilate, feather);
    let mut envelope = Vec::new();
    for y in 0..holes.height() {
        let distances = along_columns.row(y);
        if distances.iter().all(|d| usize::from(*d) > reach) {
            continue;
        }
        row_weights(distances, reach, &by_square, &mut envelope, holes.row_mut(y));
    }
    holes
}

/// The weight at each squared distance up to the last one that is not 0.
fn weights_by_squared_distance(dilate: u32, feather: u32) -> Vec<u8> {
    let reach = dilate + feather;
    let fall = f64::from(feather + 1);
    (0..=reach * reach)
        .map(|square| {
            let beyond = f64::from(square).sqrt() - f64::from(dilate);
            let share = ((fall - beyond) / fall).clamp(0.0, 1.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
            let weight = (share * f64::from(HOLE)).round() as u8;
            // Within the rim everything is hidden, however thin the weight.
            weight.max(1)
        })
        .collect()
}

/// Distance to the nearest hole in the same column; `reach + 1` for everything farther away.
fn column_distances(holes: &Plane<u8>, reach: usize) -> Plane<u16> {
    // The options end far below the largest u16.
    let far = u16::try_from(reach + 1).unwrap_or(u16::MAX);
    let mut distances = Plane::filled(holes.height(), holes.width(), far);
    let mut nearest = vec![far; holes.width()];
    let mut sweep = |y: usize| {
        let row = distances.row_mut(y).iter_mut().zip(holes.row(y)).zip(&mut nearest);
        for ((distance, hole), nearest) in row {
            *nearest = if *hole == KNOWN { far.min(nearest.saturating_add(1)) } else { 0 };
            *distance = (*distance).min(*nearest);
        }
    };
    (0..holes.height()).for_each(&mut sweep);
    (0..holes.height()).rev().for_each(&mut sweep);
    distances
}

/// A parabola of the envelope.
struct Parabola {
    /// Where it is lowest.
    column: usize,
    /// How low that is: a squared distance.
    height: usize,
    /// The first column where it lies below those before it.
    from: usize,
}

impl Parabola {
    /// The first column where this parabola lies below one whose lowest point is farther left.
    fn passes_below(&self, left: &Self) -> usize {
        let (here, there) = (self.column.pow(2) + self.height, left.column.pow(2) + left.height);
        let distance = self.column - left.column;
        here.checked_sub(there).map_or(0, |difference| difference / (2 * distance) + 1)
    }
}

fn row_weights(
    distances: &[u16],
    reach: usize,
    by_square: &[u8],
    envelope: &mut Vec<Parabola>,
    weights: &mut [u8],
) {
    envelope.clear();
    for (column, distance) in distances.iter().map(|d| usize::from(*d)).enumerate() {
        if distance > reach {
            continue;
        }
        let mut parabola = Parabola { column, height: distance.pow(2), from: 0 };
        while let Some(last) = envelope.last() {
            parabola.from = parabola.passes_below(last);
            if parabola.from > last.from {
                break;
            }
            envelope.pop();
            parabola.from = 0;
        }
        if parabola.from < distances.len() {
            envelope.push(parabola);
        }
    }
    for (index, parabola) in envelope.iter().enumerate() {
        let end = envelope.get(index + 1).map_or(distances.len(), |next| next.from);
        // Nothing beyond the reach has a weight: do not walk there.
        let first = parabola.from.max(parabola.column.saturating_sub(reach));
        let end = end.min(parabola.column + reach + 1);
        for (x, weight) in weights.iter_mut().enumerate().take(end).skip(first) {
            let square = x.abs_diff(parabola.column).pow(2) + parabola.height;
            if let Some(reached) = by_square.get(square) {
                *weight = *reached;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest_hole(holes: &Plane<u8>, y: usize, x: usize) -> Option<f64> {
        let (width, away) = (holes.width(), |a: usize, b: usize| a.abs_diff(b) as f64);
        (0..holes.height() * width)
            .filter(|i| holes.as_slice()[*i] == HOLE)
            .map(|i| away(i / width, y).hypot(away(i % width, x)))
            .min_by(f64::total_cmp)
    }

    #[test]
    fn weights_follow_the_distance_to_the_nearest_hole() {
        let (height, width) = (23, 31);
        for (seed, density) in [(1_u64, 3), (7, 20), (9, 200), (5, 100_000)] {
            let mut state = seed;
            let holes = Plane::from_fn(height, width, |_, _| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                if (state >> 33) % density == 0 { HOLE } else { KNOWN }
            });
            for (dilate, feather) in [(0, 0), (1, 0), (3, 0), (0, 1), (0, 5), (2, 4), (60, 9)] {
                let weights = weights_around(holes.clone(), dilate, feather);
                let (reach, fall) = (f64::from(dilate), f64::from(feather) + 1.0);
                for y in 0..height {
                    for x in 0..width {
                        let expected = match nearest_hole(&holes, y, x) {
                            Some(d) if d <= reach => 255.0,
                            Some(d) if d <= reach + fall - 1.0 => {
                                255.0 * (fall - (d - reach)) / fall
                            }
                            _ => 0.0,
                        };
                        let actual = f64::from(weights.at(y, x));
                        assert!(
                            (actual - expected).abs() <= 0.500_001,
                            "{actual} instead of {expected} at {y}, {x} for {dilate} + {feather}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_widest_rim_hides_every_pixel_that_it_covers() {
        let mut holes = Plane::filled(1, 300, KNOWN);
        holes.row_mut(0)[0] = HOLE;
        let weights = weights_around(holes, 0, 250);
        assert!(weights.row(0)[..=250].iter().all(|weight| *weight > 0));
        assert!(weights.row(0)[..=250].is_sorted_by(|left, right| left > right));
        assert!(weights.row(0)[251..].iter().all(|weight| *weight == 0));
    }
}
