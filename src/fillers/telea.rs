//! Fast marching: holes are filled from their edge inwards.
//!
//! Telea (2004), "An image inpainting technique based on the fast marching method", Journal of
//! Graphics Tools 9. Hidden pixels are visited in the order of their distance from the edge, which
//! fast marching gives (Sethian 1996). Each becomes a mean of what is known around it, continued
//! by its gradient, and weighted by direction, distance and level.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::numerics::Plane;

/// Radius of what a pixel is computed from, in pixels; the paper takes 3 to 10.
const RADIUS: usize = 5;
/// The distance of what has not been reached.
const FAR: f32 = 1e6;

/// Fills the hidden samples of all planes in place; known samples keep their values.
///
/// What stood in the hidden samples has no influence. Where nothing at all is known nothing changes.
///
/// # Shapes
/// All planes and `hidden`: `(height, width)`.
///
/// # Panics
/// If the shapes differ.
///
/// # Cost
/// For each hidden pixel and plane, once through the pixels within a radius of 5.
pub fn fill(planes: &mut [Plane<f32>], hidden: &Plane<bool>) {
    for plane in &*planes {
        assert_eq!((plane.height(), plane.width()), (hidden.height(), hidden.width()));
    }
    let is_hidden = hidden.as_slice();
    // Distances grow from the edge on both sides, so that their gradient there is one of a slope
    // and not of a fold. Outside they are needed only as far as pixels are looked at.
    let (outer, _) = march(hidden, |at| !is_hidden[at], (2 * RADIUS) as f32);
    let (mut distance, order) = march(hidden, |at| is_hidden[at], FAR);
    for (inner, &outer) in distance.as_mut_slice().iter_mut().zip(outer.as_slice()) {
        *inner -= outer;
    }
    let mut known = hidden.map(|hidden| !hidden);
    let near = neighbourhood();
    for at in order {
        let (y, x) = (at / hidden.width(), at % hidden.width());
        visit(planes, &distance, &known, &near, (y, x));
        known.row_mut(y)[x] = true;
    }
}

/// Distances from the edge of the pixels that are `inside`, in pixels; 0 for the others and as far
/// as `limit`. Also the pixels, in the order in which the front reached them.
pub(super) fn march(
    like: &Plane<bool>,
    inside: impl Fn(usize) -> bool,
    limit: f32,
) -> (Plane<f32>, Vec<usize>) {
    let (height, width) = (like.height(), like.width());
    let mut distance =
        Plane::from_fn(height, width, |y, x| if inside(y * width + x) { FAR } else { 0.0 });
    let mut is_done: Vec<bool> = (0..height * width).map(|at| !inside(at)).collect();
    let mut front = BinaryHeap::new();
    for at in (0..height * width).filter(|&at| inside(at)) {
        if neighbours(at, height, width).any(|next| !inside(next)) {
            reach(&mut distance, &is_done, at, &mut front);
        }
    }
    let mut order = Vec::new();
    while let Some(Reverse(Reached { distance: length, at })) = front.pop() {
        if is_done[at] {
            continue;
        }
        is_done[at] = true;
        order.push(at);
        if length > limit {
            break;
        }
        for next in neighbours(at, height, width) {
            if !is_done[next] {
                reach(&mut distance, &is_done, next, &mut front);
            }
        }
    }
    // What lies beyond the limit was not reached.
    for (length, is_done) in distance.as_mut_slice().iter_mut().zip(&is_done) {
        if !is_done {
            *length = limit;
        }
    }
    (distance, order)
}

/// Lets the front come to a pixel, if it comes nearer to the edge than was known.
fn reach(
    distance: &mut Plane<f32>,
    is_done: &[bool],
    at: usize,
    front: &mut BinaryHeap<Reverse<Reached>>,
) {
    let width = distance.width();
    let (y, x) = (at / width, at % width);
    let done = |y: Option<usize>, x: Option<usize>| {
        let (y, x) = (y.filter(|&y| y < distance.height())?, x.filter(|&x| x < width)?);
        is_done[y * width + x].then(|| distance.at(y, x))
    };
    let least = |a: Option<f32>, b: Option<f32>| match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let rows = least(done(y.checked_sub(1), Some(x)), done(Some(y + 1), Some(x)));
    let columns = least(done(Some(y), x.checked_sub(1)), done(Some(y), Some(x + 1)));
    let length = eikonal(rows, columns);
    if length < distance.at(y, x) {
        distance.row_mut(y)[x] = length;
        front.push(Reverse(Reached { distance: length, at }));
    }
}

/// The distance whose gradient has length one, from the least distances above or below, and to the
/// left or right.
fn eikonal(rows: Option<f32>, columns: Option<f32>) -> f32 {
    let (a, b) = match (rows, columns) {
        (Some(a), Some(b)) => (a, b),
        (Some(one), None) | (None, Some(one)) => return 1.0 + one,
        (None, None) => return FAR,
    };
    let difference = (a - b).abs();
    if difference >= 1.0 {
        return 1.0 + a.min(b);
    }
    0.5 * (a + b + (2.0 - difference * difference).sqrt())
}

/// A pixel that the front has come to. Of those at one distance, the first in the picture is first.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Reached {
    distance: f32,
    at: usize,
}

impl Eq for Reached {}

impl PartialOrd for Reached {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Reached {
    fn cmp(&self, other: &Self) -> Ordering {
        self.distance.total_cmp(&other.distance).then(self.at.cmp(&other.at))
    }
}

/// The pixels above, below, to the left and to the right.
fn neighbours(at: usize, height: usize, width: usize) -> impl Iterator<Item = usize> {
    let (y, x) = (at / width, at % width);
    [
        (y > 0).then(|| at - width),
        (y + 1 < height).then_some(at + width),
        (x > 0).then(|| at - 1),
        (x + 1 < width).then_some(at + 1),
    ]
    .into_iter()
    .flatten()
}

/// Rows and columns to the pixels within [`RADIUS`].
fn neighbourhood() -> Vec<(isize, isize)> {
    let reach = RADIUS.cast_signed();
    let all = (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| (dy, dx)));
    all.filter(|&(dy, dx)| (dy, dx) != (0, 0) && dy * dy + dx * dx <= reach * reach).collect()
}

/// Gives a pixel its value in every plane.
fn visit(
    planes: &mut [Plane<f32>],
    distance: &Plane<f32>,
    known: &Plane<bool>,
    near: &[(isize, isize)],
    (y, x): (usize, usize),
) {
    let here = distance.at(y, x);
    let normal = gradient(distance, known, (y, x), true);
    let mut sums = vec![0.0; planes.len()];
    let mut weights = 0.0;
    for &(dy, dx) in near {
        let (Some(ny), Some(nx)) = (y.checked_add_signed(dy), x.checked_add_signed(dx)) else {
            continue;
        };
        if ny >= known.height() || nx >= known.width() || !known.at(ny, nx) {
            continue;
        }
        // From there to here.
        let (ry, rx) = (-dy as f32, -dx as f32);
        let square = ry * ry + rx * rx;
        let length = square.sqrt();
        let direction = ((ry * normal.0 + rx * normal.1) / length).abs().max(1e-6);
        let level = 1.0 / (1.0 + (distance.at(ny, nx) - here).abs());
        let weight = direction * level / square;
        for (sum, plane) in sums.iter_mut().zip(&*planes) {
            let slope = gradient(plane, known, (ny, nx), false);
            *sum += weight * (plane.at(ny, nx) + slope.0 * ry + slope.1 * rx);
        }
        weights += weight;
    }
    if weights > 0.0 {
        for (sum, plane) in sums.into_iter().zip(planes) {
            plane.row_mut(y)[x] = sum / weights;
        }
    }
}

/// The gradient at a pixel from the pixels beside it that are known, or from `all`.
fn gradient(
    plane: &Plane<f32>,
    known: &Plane<bool>,
    (y, x): (usize, usize),
    all: bool,
) -> (f32, f32) {
    let at = |y: Option<usize>, x: Option<usize>| {
        let (y, x) = (y.filter(|&y| y < plane.height())?, x.filter(|&x| x < plane.width())?);
        (all || known.at(y, x)).then(|| plane.at(y, x))
    };
    let here = plane.at(y, x);
    let slope = |before: Option<f32>, after: Option<f32>| match (before, after) {
        (Some(before), Some(after)) => 0.5 * (after - before),
        (Some(before), None) => here - before,
        (None, Some(after)) => after - here,
        (None, None) => 0.0,
    };
    (
        slope(at(y.checked_sub(1), Some(x)), at(Some(y + 1), Some(x))),
        slope(at(Some(y), x.checked_sub(1)), at(Some(y), Some(x + 1))),
    )
}
