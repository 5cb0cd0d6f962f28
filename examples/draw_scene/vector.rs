//! Points, directions and colours, and the noise that nature is made of.

use std::ops::{Add, Mul, Sub};

/// Three numbers: x to the right, y up, z into the picture; or red, green, blue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vector(pub(crate) f32, pub(crate) f32, pub(crate) f32);

impl Add for Vector {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1, self.2 + other.2)
    }
}

impl Sub for Vector {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + other * -1.0
    }
}

impl Mul<f32> for Vector {
    type Output = Self;
    fn mul(self, factor: f32) -> Self {
        Self(self.0 * factor, self.1 * factor, self.2 * factor)
    }
}

impl Mul for Vector {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0, self.1 * other.1, self.2 * other.2)
    }
}

impl Vector {
    pub(crate) fn dot(self, other: Self) -> f32 {
        self.0 * other.0 + self.1 * other.1 + self.2 * other.2
    }

    pub(crate) fn cross(self, other: Self) -> Self {
        Self(
            self.1 * other.2 - self.2 * other.1,
            self.2 * other.0 - self.0 * other.2,
            self.0 * other.1 - self.1 * other.0,
        )
    }

    pub(crate) fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    pub(crate) fn normalized(self) -> Self {
        self * (1.0 / self.length())
    }

    pub(crate) fn mix(self, other: Self, share: f32) -> Self {
        self * (1.0 - share) + other * share
    }
}

/// 0 below `from`, 1 above `to`, smooth between.
pub(crate) fn smoothstep(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Smooth noise in `[0, 1]` whose features have size one.
pub(crate) fn noise(point: Vector) -> f32 {
    let floor = Vector(point.0.floor(), point.1.floor(), point.2.floor());
    let part = point - floor;
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (x, y, z) = (ease(part.0), ease(part.1), ease(part.2));
    let corner = |i: f32, j: f32, k: f32| hash(floor + Vector(i, j, k));
    let edge = |j: f32, k: f32| corner(0.0, j, k) * (1.0 - x) + corner(1.0, j, k) * x;
    let face = |k: f32| edge(0.0, k) * (1.0 - y) + edge(1.0, k) * y;
    face(0.0) * (1.0 - z) + face(1.0) * z
}

/// Noise of several sizes, each half as large and half as strong as the one before.
pub(crate) fn clouds(point: Vector) -> f32 {
    let octave = |i: u8| {
        let scale = f32::from(1_u8 << i);
        noise(point * scale + Vector(7.3, 1.7, 3.1) * f32::from(i)) / (2.0 * scale)
    };
    (0..4).map(octave).sum()
}

fn hash(cell: Vector) -> f32 {
    let mix = |bits: u32| {
        let bits = (bits ^ (bits >> 16)).wrapping_mul(0x7feb_352d);
        (bits ^ (bits >> 15)).wrapping_mul(0x846c_a68b)
    };
    let bits = mix(cell.0.to_bits() ^ mix(cell.1.to_bits() ^ mix(cell.2.to_bits())));
    (bits >> 8) as f32 / (1_u32 << 24) as f32
}
