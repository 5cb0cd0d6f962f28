//! What time, a pocket and a rubber stamp do to a print.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "strokes are drawn in coordinates near a small picture"
)]

use cogd::numerics::{Plane, Random};

/// What a pixel has been through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    Spared,
    /// Scratched down to the paper.
    Scratched,
    Stamped,
}

/// The damage of every pixel.
pub(crate) fn draw(height: usize, width: usize) -> Plane<Damage> {
    let mut holes = Plane::filled(height, width, Damage::Spared);
    let mut random = Random::seeded(7);
    let (h, w) = (height as f32, width as f32);
    for _ in 0..13 {
        let start = (random.unit() * h, random.unit() * w);
        let angle = random.unit() * std::f32::consts::TAU;
        let length = 50.0 + random.unit() * 0.5 * w;
        let radius = 0.6 + 1.1 * random.unit();
        scratch(&mut holes, &mut random, start, angle, length, radius);
    }
    // Two folds from edge to edge.
    scratch(&mut holes, &mut random, (0.0, 0.640 * w), 1.60, 1.1 * h, 2.2);
    scratch(&mut holes, &mut random, (0.52 * h, 0.0), 0.02, 1.1 * w, 1.6);
    for _ in 0..7 {
        let centre = (random.unit() * h, random.unit() * w);
        blot(&mut holes, &mut random, centre);
    }
    let left = (width - STAMP.len() * 6 * DOT) / 2;
    stamp(&mut holes, height - 13 * DOT, left);
    holes
}

/// Paints the damage over the picture: bare paper with dirt in it, red ink.
pub(crate) fn inflict(picture: &mut Plane<[u8; 3]>, damage: &Plane<Damage>) {
    let mut random = Random::seeded(8);
    for (pixel, damage) in picture.as_mut_slice().iter_mut().zip(damage.as_slice()) {
        let dirt = (random.unit() * 18.0) as u8;
        match damage {
            Damage::Spared => {}
            Damage::Scratched => *pixel = [250 - dirt, 246 - dirt, 236 - dirt],
            Damage::Stamped => *pixel = [186 - dirt, 30, 38],
        }
    }
}

/// A line that wanders off a little.
fn scratch(
    holes: &mut Plane<Damage>,
    random: &mut Random,
    start: (f32, f32),
    mut angle: f32,
    length: f32,
    radius: f32,
) {
    let (mut y, mut x) = start;
    for _ in 0..(2.0 * length) as usize {
        disc(holes, y, x, radius * (0.75 + 0.5 * random.unit()));
        y += 0.5 * angle.sin();
        x += 0.5 * angle.cos();
        angle += (random.unit() - 0.5) * 0.03;
    }
}

/// A few discs beside each other.
fn blot(holes: &mut Plane<Damage>, random: &mut Random, centre: (f32, f32)) {
    for _ in 0..6 {
        let offset = |random: &mut Random| 6.0 * (random.unit() - 0.5);
        let (y, x) = (centre.0 + offset(random), centre.1 + offset(random));
        disc(holes, y, x, 1.5 + 3.0 * random.unit());
    }
}

fn disc(holes: &mut Plane<Damage>, y: f32, x: f32, radius: f32) {
    let range = |at: f32, size: usize| {
        let first = (at - radius).ceil().max(0.0) as usize;
        first..((at + radius).floor() + 1.0).clamp(0.0, size as f32) as usize
    };
    for row in range(y, holes.height()) {
        for column in range(x, holes.width()) {
            if (row as f32 - y).hypot(column as f32 - x) <= radius {
                holes.row_mut(row)[column] = Damage::Scratched;
            }
        }
    }
}

/// Side of a dot of the stamp in pixels.
const DOT: usize = 3;

/// Five columns a letter, the top dot in the lowest bit: DO NOT FOLD.
const STAMP: [[u8; 5]; 11] = [
    [0x7f, 0x41, 0x41, 0x22, 0x1c],
    [0x3e, 0x41, 0x41, 0x41, 0x3e],
    [0; 5],
    [0x7f, 0x04, 0x08, 0x10, 0x7f],
    [0x3e, 0x41, 0x41, 0x41, 0x3e],
    [0x01, 0x01, 0x7f, 0x01, 0x01],
    [0; 5],
    [0x7f, 0x09, 0x09, 0x09, 0x01],
    [0x3e, 0x41, 0x41, 0x41, 0x3e],
    [0x7f, 0x40, 0x40, 0x40, 0x40],
    [0x7f, 0x41, 0x41, 0x22, 0x1c],
];

fn stamp(holes: &mut Plane<Damage>, top: usize, left: usize) {
    for (letter, columns) in STAMP.iter().enumerate() {
        for y in 0..7 * DOT {
            for x in 0..5 * DOT {
                if columns[x / DOT] >> (y / DOT) & 1 == 1 {
                    holes.row_mut(top + y)[left + letter * 6 * DOT + x] = Damage::Stamped;
                }
            }
        }
    }
}
