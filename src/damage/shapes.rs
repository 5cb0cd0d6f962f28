//! What is drawn of a mask: pixels, letters, lines and squares.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "strokes are drawn in signed coordinates near an image"
)]

use crate::numerics::{Plane, Random};

/// Every pixel with the same probability, and without regard for its neighbours.
pub(super) fn pixels(height: usize, width: usize, rate: f32, random: &mut Random) -> Plane<bool> {
    Plane::from_fn(height, width, |_, _| random.unit() < rate)
}

/// Five columns of seven bits a letter, the top row in the lowest bit.
const LETTERS: [[u8; 5]; 12] = [
    [0x7e, 0x11, 0x11, 0x11, 0x7e], // A
    [0x3e, 0x41, 0x41, 0x41, 0x22], // C
    [0x7f, 0x41, 0x41, 0x22, 0x1c], // D
    [0x7f, 0x49, 0x49, 0x49, 0x41], // E
    [0x3e, 0x41, 0x49, 0x49, 0x7a], // G
    [0x00, 0x41, 0x7f, 0x41, 0x00], // I
    [0x7f, 0x04, 0x08, 0x10, 0x7f], // N
    [0x3e, 0x41, 0x41, 0x41, 0x3e], // O
    [0x7f, 0x09, 0x19, 0x29, 0x46], // R
    [0x46, 0x49, 0x49, 0x49, 0x31], // S
    [0x01, 0x01, 0x7f, 0x01, 0x01], // T
    [0x3f, 0x40, 0x40, 0x40, 0x3f], // U
];

/// Lines of capital letters, with strokes of `scale` pixels.
pub(super) fn text(height: usize, width: usize, scale: usize, random: &mut Random) -> Plane<bool> {
    let (letter_width, line) = (6 * scale, 22 * scale);
    let mut mask = Plane::filled(height, width, false);
    let mut top = line / 4;
    while top + 7 * scale <= height {
        let mut left = random.below(letter_width);
        while left + letter_width <= width {
            let letter = &LETTERS[random.below(LETTERS.len())];
            let space = random.below(6) == 0;
            for y in 0..7 * scale {
                for x in 0..5 * scale {
                    if !space && letter[x / scale] >> (y / scale) & 1 == 1 {
                        mask.row_mut(top + y)[left + x] = true;
                    }
                }
            }
            left += letter_width;
        }
        top += line;
    }
    mask
}

/// Long bent lines, each a disc of this radius that wanders.
pub(super) fn scratches(
    height: usize,
    width: usize,
    radius: usize,
    count: usize,
    random: &mut Random,
) -> Plane<bool> {
    let radius = radius as isize;
    let mut mask = Plane::filled(height, width, false);
    for _ in 0..count {
        let (mut y, mut x) = (random.unit() * height as f32, random.unit() * width as f32);
        let mut angle = random.unit() * std::f32::consts::TAU;
        let steps = 60 + random.below(height.max(width) / 2);
        for _ in 0..steps {
            for dy in -radius..=radius {
                for dx in -radius..=radius {
                    let (py, px) = (y as isize + dy, x as isize + dx);
                    let inside =
                        (0..height as isize).contains(&py) && (0..width as isize).contains(&px);
                    if inside && dy * dy + dx * dx <= radius * radius + 1 {
                        mask.row_mut(py as usize)[px as usize] = true;
                    }
                }
            }
            y += angle.sin();
            x += angle.cos();
            angle += (random.unit() - 0.5) * 0.1;
        }
    }
    mask
}

/// Squares anywhere in the image; they may overlap.
pub(super) fn squares(
    height: usize,
    width: usize,
    side: usize,
    count: usize,
    random: &mut Random,
) -> Plane<bool> {
    let mut mask = Plane::filled(height, width, false);
    for _ in 0..count {
        let top = random.below(height.saturating_sub(side) + 1);
        let left = random.below(width.saturating_sub(side) + 1);
        for y in top..(top + side).min(height) {
            mask.row_mut(y)[left..(left + side).min(width)].fill(true);
        }
    }
    mask
}
