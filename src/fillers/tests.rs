//! What all fillers keep, and what each of them is known for.

use super::{harmonic, telea};
use crate::numerics::{Plane, Random};

/// A filler of one plane.
type Fill = fn(&mut Plane<f32>, &Plane<bool>);

const ALL: [(&str, Fill); 2] = [
    ("harmonic", harmonic::fill),
    ("telea", |plane, hidden| telea::fill(std::slice::from_mut(plane), hidden)),
];

fn disc(height: usize, width: usize, radius: f32) -> Plane<bool> {
    Plane::from_fn(height, width, |y, x| {
        let (dy, dx) = (y as f32 - height as f32 / 2.0, x as f32 - width as f32 / 2.0);
        dy * dy + dx * dx < radius * radius
    })
}

#[test]
fn known_samples_keep_every_bit_and_hidden_ones_have_no_influence() {
    let hidden = Plane::from_fn(40, 30, |y, x| (y / 3 + x / 2) % 3 == 0 || y < 4);
    let mut random = Random::seeded(7);
    let picture = Plane::from_fn(40, 30, |_, _| random.unit());
    let poisoned =
        Plane::from_fn(40, 30, |y, x| if hidden.at(y, x) { f32::NAN } else { picture.at(y, x) });
    for (name, fill) in ALL {
        let (mut clean, mut dirty) = (picture.clone(), poisoned.clone());
        fill(&mut clean, &hidden);
        fill(&mut dirty, &hidden);
        for y in 0..40 {
            for x in 0..30 {
                let (a, b) = (clean.at(y, x), dirty.at(y, x));
                assert_eq!(a.to_bits(), b.to_bits(), "{name} {y} {x}");
                assert!(hidden.at(y, x) || a.to_bits() == picture.at(y, x).to_bits(), "{name}");
                assert!(a.is_finite(), "{name}");
            }
        }
    }
}

#[test]
fn a_slope_is_continued_exactly() {
    // Harmonic functions and first-order continuation both hold planes.
    let slope = Plane::from_fn(48, 48, |y, x| 0.2 + 0.01 * x as f32 + 0.003 * y as f32);
    for (name, fill) in ALL {
        let mut filled = slope.clone();
        fill(&mut filled, &disc(48, 48, 5.0));
        for y in 0..48 {
            for x in 0..48 {
                let error = (filled.at(y, x) - slope.at(y, x)).abs();
                assert!(error < 1e-3, "{name} is off by {error} at {y}, {x}");
            }
        }
    }
}

#[test]
fn what_is_hidden_everywhere_stays_as_it_is() {
    let mut plane = Plane::filled(5, 5, 0.5);
    telea::fill(std::slice::from_mut(&mut plane), &Plane::filled(5, 5, true));
    assert!(plane.as_slice().iter().all(|sample| (sample - 0.5).abs() < 1e-9));
}

#[test]
fn the_front_of_fast_marching_moves_by_one_pixel_a_pixel() {
    let (side, radius) = (60, 20.0);
    let hidden = disc(side, side, radius);
    let (distance, order) = telea::march(&hidden, |at| hidden.as_slice()[at], 1e6);
    let lengths = order.iter().map(|&at| distance.as_slice()[at]);
    assert!(lengths.clone().is_sorted() && lengths.count() > 1200);
    for (y, x) in order.iter().map(|&at| (at / side, at % side)) {
        let (dy, dx) = (y as f32 - 30.0, x as f32 - 30.0);
        let expected = radius - dy.hypot(dx);
        // The edge lies somewhere within a pixel, and the scheme is of first order.
        assert!((distance.at(y, x) - expected).abs() < 1.5, "{y} {x}");
    }
}
