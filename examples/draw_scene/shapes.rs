//! What stands on the table, as distances, and what it is made of.

use std::f32::consts::{PI, TAU};

use crate::vector::{Vector, clouds, noise, smoothstep};

/// What a point of a surface looks like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Material {
    pub(crate) colour: Vector,
    /// Strength of mirroring, seen head-on.
    pub(crate) gloss: f32,
    /// How much of the light passes through thin parts.
    pub(crate) glow: f32,
}

/// The surfaces of the scene.
#[derive(Clone, Copy, Debug)]
enum Surface {
    Wall,
    Cloth,
    Vase,
    Orange,
    Lemon,
    Leaf,
    Petal,
    Heart,
}

const VASE: Vector = Vector(-1.25, 0.0, 0.45);
const VASE_HEIGHT: f32 = 1.9;
const ORANGES: [(Vector, f32); 3] = [
    (Vector(0.35, 0.52, -0.15), 0.52),
    (Vector(1.42, 0.49, 0.10), 0.49),
    (Vector(0.92, 0.50, 0.95), 0.50),
];
const LEMON: Vector = Vector(1.15, 0.30, -1.05);
const WALL: f32 = 3.2;

/// A flower: where its head is, and how wide.
const FLOWERS: [(Vector, f32); 6] = [
    (Vector(-1.95, 2.75, 0.35), 0.34),
    (Vector(-1.20, 3.10, 0.30), 0.38),
    (Vector(-0.50, 2.80, 0.30), 0.34),
    (Vector(-1.60, 2.42, -0.05), 0.28),
    (Vector(-0.82, 2.40, -0.10), 0.30),
    (Vector(-2.25, 2.15, 0.55), 0.24),
];

/// Leaves: their middle and the direction they point in.
const LEAVES: [(Vector, Vector); 5] = [
    (Vector(-2.05, 1.95, 0.20), Vector(-0.9, 0.35, -0.2)),
    (Vector(-0.42, 2.05, 0.15), Vector(0.9, 0.30, -0.3)),
    (Vector(-1.75, 2.95, 0.55), Vector(-0.3, 0.95, 0.1)),
    (Vector(-0.70, 3.12, 0.55), Vector(0.45, 0.9, 0.0)),
    (Vector(-1.22, 2.12, -0.30), Vector(0.3, 0.2, -0.9)),
];

/// The distance to the nearest surface, never too long.
pub(crate) fn distance(point: Vector) -> f32 {
    nearest(point).0
}

/// The look of the nearest surface.
pub(crate) fn material(point: Vector) -> Material {
    let matt = |colour, glow| Material { colour, gloss: 0.0, glow };
    match nearest(point).1 {
        Surface::Wall => matt(wallpaper(point), 0.0),
        Surface::Cloth => matt(gingham(point), 0.0),
        Surface::Vase => Material { colour: glaze(point - VASE), gloss: 0.06, glow: 0.0 },
        Surface::Orange => {
            let speckle = clouds(point * 5.0);
            let colour = Vector(0.86, 0.27, 0.015).mix(Vector(0.95, 0.43, 0.04), speckle);
            Material { colour, gloss: 0.025, glow: 0.05 }
        }
        Surface::Lemon => {
            let colour =
                Vector(0.88, 0.62, 0.04).mix(Vector(0.93, 0.76, 0.16), clouds(point * 4.0));
            Material { colour, gloss: 0.025, glow: 0.05 }
        }
        Surface::Leaf => {
            let vein = 0.5 + 0.5 * (28.0 * (point.0 + 0.6 * point.1)).sin();
            matt(Vector(0.06, 0.17, 0.045).mix(Vector(0.12, 0.27, 0.08), vein), 0.2)
        }
        Surface::Petal => {
            let blush = clouds(point * 3.0);
            matt(Vector(0.88, 0.80, 0.76).mix(Vector(0.86, 0.46, 0.44), blush * blush), 0.3)
        }
        Surface::Heart => matt(Vector(0.75, 0.42, 0.05) * (0.6 + 0.6 * noise(point * 30.0)), 0.0),
    }
}

fn nearest(point: Vector) -> (f32, Surface) {
    let mut best = (WALL - point.2, Surface::Wall);
    let mut offer = |distance: f32, surface| {
        if distance < best.0 {
            best = (distance, surface);
        }
    };
    // Folds of the cloth.
    let fold = 0.03 * (1.7 * point.0 + 0.9 * point.2 + 2.0 * noise(point * 0.6)).sin();
    offer((point.1 - fold + 0.03) * 0.9, Surface::Cloth);
    offer(vase(point - VASE), Surface::Vase);
    for (centre, radius) in ORANGES {
        let from_centre = point - centre;
        let distance = from_centre.length() - radius;
        // A little flat, with a dimple at the stem.
        let around = (from_centre.0 + 0.12).hypot(from_centre.2 + 0.15);
        let dimple = 0.05 * (-(around * around) * 60.0).exp() * smoothstep(0.0, 0.4, from_centre.1);
        let pores = if distance < 0.1 { 0.006 * noise(point * 22.0) } else { 0.0 };
        offer((distance + dimple + pores) * 0.9, Surface::Orange);
    }
    offer(lemon(point - LEMON), Surface::Lemon);
    // Everything in the vase lies in a ball.
    let bouquet = (point - Vector(-1.25, 2.45, 0.3)).length() - 1.45;
    if bouquet > 0.3 {
        offer(bouquet, Surface::Petal);
        return best;
    }
    let mouth = VASE + Vector(0.0, VASE_HEIGHT - 0.3, 0.0);
    for (head, radius) in FLOWERS {
        offer(stalk(point, mouth, head) - 0.025, Surface::Leaf);
        let (petals, heart) = flower(point - head, radius);
        offer(petals, Surface::Petal);
        offer(heart, Surface::Heart);
    }
    for (middle, along) in LEAVES {
        offer(leaf(point - middle, along.normalized()), Surface::Leaf);
    }
    best
}

/// Radius of the vase at a height, both relative to it.
fn vase_radius(t: f32) -> f32 {
    let belly = (PI * (0.12 + 0.80 * t.powf(1.15))).sin();
    0.20 + 0.46 * belly.max(0.0).powf(1.3) + 0.10 * smoothstep(0.88, 1.0, t)
}

fn vase(point: Vector) -> f32 {
    let t = (point.1 / VASE_HEIGHT).clamp(0.0, 1.0);
    let around = point.0.hypot(point.2);
    let outside = (around - vase_radius(t)) * 0.7;
    let ends = (point.1 - VASE_HEIGHT).max(-point.1);
    let body = outside.max(ends);
    // Hollow from above.
    let hollow = (around - vase_radius(t) + 0.05).max(1.2 - point.1);
    body.max(-hollow * 0.7)
}

/// White, with bands and a garland in cobalt blue.
fn glaze(point: Vector) -> Vector {
    let t = point.1 / VASE_HEIGHT;
    let angle = point.2.atan2(point.0);
    let line = |at: f32, width: f32| 1.0 - smoothstep(width, width + 0.008, (t - at).abs());
    let wave = 0.46 + 0.045 * (6.0 * angle).sin();
    let scales = (18.0 * angle + 30.0 * t).sin() * (18.0 * angle - 30.0 * t).sin();
    // Petals on either side of the vine, where it turns.
    let (x, y) = ((6.0 * angle).cos(), (t - 0.46) * 9.0 + 1.1 * (6.0 * angle).sin());
    let blossom = x.hypot(y) - 0.42 - 0.16 * (5.0 * y.atan2(x)).cos();
    let blue = line(0.24, 0.010)
        .max(line(0.27, 0.004))
        .max(line(0.66, 0.004))
        .max(line(0.69, 0.010))
        .max(line(0.97, 0.012))
        .max(line(wave, 0.007))
        .max(smoothstep(0.06, 0.0, blossom) * smoothstep(0.10, 0.16, x.hypot(y)))
        .max(line(0.785, 0.06) * smoothstep(0.25, 0.4, scales))
        .max(line(0.10, 0.07) * smoothstep(-0.1, 0.1, (14.0 * angle).cos() + 6.0 * t - 0.6));
    let strokes = 0.75 + 0.4 * clouds(point * 6.0);
    Vector(0.80, 0.80, 0.76).mix(Vector(0.03, 0.09, 0.36) * strokes, blue)
}

fn lemon(point: Vector) -> f32 {
    // Turned in the plane of the table.
    let (sin, cos) = 0.45_f32.sin_cos();
    let along = cos * point.0 + sin * point.2;
    let across = (cos * point.2 - sin * point.0).hypot(point.1);
    let body = (along / 1.32).hypot(across) - 0.34;
    let tip = ((along.abs() - 0.42) / 1.3).hypot(across) - 0.085;
    let blend = (0.5 + 0.5 * (tip - body) / 0.12).clamp(0.0, 1.0);
    let joined = tip * (1.0 - blend) + body * blend - 0.12 * blend * (1.0 - blend);
    let pores = if joined < 0.1 { 0.005 * noise(point * 20.0) } else { 0.0 };
    (joined + pores) * 0.75
}

/// Distance to a bent stalk, as two straight pieces.
fn stalk(point: Vector, from: Vector, to: Vector) -> f32 {
    let middle = from.mix(to, 0.55) + Vector(0.12 * (from.0 - to.0), 0.12, 0.0);
    segment(point, from, middle).min(segment(point, middle, to))
}

fn segment(point: Vector, from: Vector, to: Vector) -> f32 {
    let (along, here) = (to - from, point - from);
    let share = (here.dot(along) / along.dot(along)).clamp(0.0, 1.0);
    (here - along * share).length()
}

/// Two rows of petals in a shallow bowl, and the heart in its middle.
fn flower(point: Vector, radius: f32) -> (f32, f32) {
    // Heads look at us and a little up.
    let facing = Vector(0.1, 0.45, -0.9).normalized();
    let right = Vector(1.0, 0.0, 0.1).normalized();
    let up = right.cross(facing);
    let (x, y, z) = (point.dot(right), point.dot(up), point.dot(facing));
    let around = x.hypot(y);
    if around > 2.0 * radius {
        return ((point.length() - 1.2 * radius).max(0.05), 1.0);
    }
    let angle = y.atan2(x);
    let row = |petals: f32, turn: f32, reach: f32, rise: f32| {
        let lobe = (petals * 0.5 * (angle + turn)).cos().abs().powf(0.55);
        let bowl = rise * around * around / radius + 0.03 * (petals * (angle + turn)).cos();
        let thick = (z - bowl).abs() - 0.018;
        thick.max(around - reach * radius * (0.45 + 0.55 * lobe)) * 0.5
    };
    let petals = row(7.0, 0.0, 1.0, 0.45).min(row(6.0, 0.5, 0.68, 1.3) + 0.004);
    let heart = (point - facing * (0.25 * radius)).length() - 0.2 * radius;
    (petals, heart)
}

fn leaf(point: Vector, along: Vector) -> f32 {
    let side = along.cross(Vector(0.2, 0.3, -1.0)).normalized();
    let face = along.cross(side);
    let (x, y, z) = (point.dot(along), point.dot(side), point.dot(face));
    let width = 0.15 * (1.0 - (x / 0.38).powi(2)).max(0.0);
    let bent = z + 0.5 * x * x - 0.6 * y.abs();
    ((bent.abs() - 0.01).max(y.abs() - width).max(x.abs() - 0.38)) * 0.6
}

/// A woven cloth in blue and white checks.
fn gingham(point: Vector) -> Vector {
    let (x, z) = (0.94 * point.0 + 0.34 * point.2, 0.94 * point.2 - 0.34 * point.0);
    let stripe = |at: f32| {
        let t = (at * 1.9).rem_euclid(1.0);
        smoothstep(0.0, 0.03, t) - smoothstep(0.5, 0.53, t)
    };
    let blue = 0.5 * (stripe(x) + stripe(z));
    let thread = 1.0 + 0.05 * (70.0 * x).sin() * (70.0 * z).sin();
    Vector(0.78, 0.76, 0.70).mix(Vector(0.10, 0.19, 0.36), blue) * thread
}

/// Faded wallpaper with a repeating ornament.
fn wallpaper(point: Vector) -> Vector {
    let (x, y) = (point.0 * 1.25, point.1 * 1.25);
    let shifted = x + if y.rem_euclid(2.0) < 1.0 { 0.0 } else { 0.5 };
    let (u, v) = (shifted.rem_euclid(1.0) - 0.5, y.rem_euclid(1.0) - 0.5);
    let (around, angle) = (u.hypot(v), v.atan2(u));
    let bloom = 0.22 + 0.07 * (5.0 * angle + 1.57).cos();
    let ring = smoothstep(0.035, 0.012, (around - bloom).abs());
    let dot = smoothstep(0.06, 0.04, around);
    let stem = smoothstep(0.02, 0.008, (u - 0.05 * (TAU * v).sin()).abs())
        * smoothstep(0.26, 0.3, v.abs());
    let print = ring.max(dot).max(stem) * (0.55 + 0.5 * clouds(point * 2.0));
    let paper = Vector(0.34, 0.37, 0.33) * (0.85 + 0.3 * clouds(point * 0.8));
    paper.mix(Vector(0.62, 0.55, 0.38), 0.55 * print)
}
