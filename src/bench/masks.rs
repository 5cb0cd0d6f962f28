//! The test masks: what is missing, by kind, drawn from a seed.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "strokes are drawn in signed coordinates near an image"
)]

use crate::numerics::{Plane, Random};

/// A kind of damage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaskKind {
    /// Every pixel is missing with this probability.
    Random(f32),
    /// Lines of capital letters, two pixels a stroke.
    Text,
    /// Long bent lines, five pixels wide.
    Scratches,
    /// Squares of 16×16 pixels, about 2 % of the image.
    Holes,
}

impl MaskKind {
    /// The kinds of the published tables, in their order.
    pub const TABLE: [Self; 7] = [
        Self::Random(0.25),
        Self::Random(0.5),
        Self::Random(0.75),
        Self::Random(0.9),
        Self::Text,
        Self::Scratches,
        Self::Holes,
    ];

    /// A short name for tables and file names.
    pub fn name(self) -> String {
        match self {
            Self::Random(rate) => format!("random-{:.0}", rate * 100.0),
            Self::Text => "text".to_owned(),
            Self::Scratches => "scratches".to_owned(),
            Self::Holes => "holes".to_owned(),
        }
    }

    /// Draws the mask: `true` where a pixel is missing.
    pub fn draw(self, height: usize, width: usize, seed: u64) -> Plane<bool> {
        let mut random = Random::seeded(seed);
        match self {
            Self::Random(rate) => Plane::from_fn(height, width, |_, _| random.unit() < rate),
            Self::Text => text(height, width, &mut random),
            Self::Scratches => scratches(height, width, &mut random),
            Self::Holes => holes(height, width, &mut random),
        }
    }
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

fn text(height: usize, width: usize, random: &mut Random) -> Plane<bool> {
    const SCALE: usize = 2;
    const LETTER: usize = 6 * SCALE;
    const LINE: usize = 22 * SCALE;
    let mut mask = Plane::filled(height, width, false);
    let mut top = LINE / 4;
    while top + 7 * SCALE <= height {
        let mut left = random.below(LETTER);
        while left + LETTER <= width {
            let letter = &LETTERS[random.below(LETTERS.len())];
            let space = random.below(6) == 0;
            for y in 0..7 * SCALE {
                for x in 0..5 * SCALE {
                    if !space && letter[x / SCALE] >> (y / SCALE) & 1 == 1 {
                        mask.row_mut(top + y)[left + x] = true;
                    }
                }
            }
            left += LETTER;
        }
        top += LINE;
    }
    mask
}

fn scratches(height: usize, width: usize, random: &mut Random) -> Plane<bool> {
    const RADIUS: isize = 2;
    let mut mask = Plane::filled(height, width, false);
    for _ in 0..(height * width / 10_000).max(1) {
        let (mut y, mut x) = (random.unit() * height as f32, random.unit() * width as f32);
        let mut angle = random.unit() * std::f32::consts::TAU;
        let steps = 60 + random.below(height.max(width) / 2);
        for _ in 0..steps {
            for dy in -RADIUS..=RADIUS {
                for dx in -RADIUS..=RADIUS {
                    let (py, px) = (y as isize + dy, x as isize + dx);
                    let inside =
                        (0..height as isize).contains(&py) && (0..width as isize).contains(&px);
                    if inside && dy * dy + dx * dx <= RADIUS * RADIUS + 1 {
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

fn holes(height: usize, width: usize, random: &mut Random) -> Plane<bool> {
    const SIDE: usize = 16;
    let mut mask = Plane::filled(height, width, false);
    let count = (height * width / 50 / (SIDE * SIDE)).max(1);
    for _ in 0..count {
        let top = random.below(height.saturating_sub(SIDE) + 1);
        let left = random.below(width.saturating_sub(SIDE) + 1);
        for y in top..(top + SIDE).min(height) {
            mask.row_mut(y)[left..(left + SIDE).min(width)].fill(true);
        }
    }
    mask
}
