//! Light and camera: rays are walked along until they meet something.

use cogd::numerics::Plane;

use crate::shapes::{distance, material};
use crate::vector::{Vector, smoothstep};

/// Rays a side of a pixel.
const RAYS: usize = 3;

const EYE: Vector = Vector(0.35, 2.15, -6.6);
const TARGET: Vector = Vector(-0.12, 1.42, 0.2);
/// Distance of the picture from the eye, in half widths of the picture.
const LENS: f32 = 2.25;

/// Towards the window.
const SUN: Vector = Vector(-0.62, 0.62, -0.48);
const SUNLIGHT: Vector = Vector(3.1, 2.75, 2.25);
const SKYLIGHT: Vector = Vector(0.42, 0.50, 0.64);
const FARTHEST: f32 = 14.0;

/// The scene as sRGB pixels.
pub(crate) fn draw(height: usize, width: usize) -> Plane<[u8; 3]> {
    let forward = (TARGET - EYE).normalized();
    let right = Vector(0.0, 1.0, 0.0).cross(forward).normalized();
    let up = forward.cross(right);
    Plane::from_fn(height, width, |row, column| {
        let mut light = Vector(0.0, 0.0, 0.0);
        for ray in 0..RAYS * RAYS {
            let inside = |i: usize| (i as f32 + 0.5) / RAYS as f32;
            let half = width as f32 / 2.0;
            let x = (column as f32 + inside(ray % RAYS)) / half - 1.0;
            let y = (height as f32 / 2.0 - row as f32 - inside(ray / RAYS)) / half;
            let direction = (forward * LENS + right * x + up * y).normalized();
            // Lenses are darker towards their corners.
            light = light + look(EYE, direction) * (1.0 - 0.28 * (x * x + y * y));
        }
        develop(light * (1.0 / (RAYS * RAYS) as f32))
    })
}

/// The light that arrives from a direction.
fn look(from: Vector, direction: Vector) -> Vector {
    let Some(reached) = walk(from, direction) else { return SKYLIGHT };
    let point = from + direction * reached;
    let normal = slope(point);
    let material = material(point);
    let sun = SUN.normalized();
    let facing = normal.dot(sun);
    let lit = shadow(point + normal * 0.01, sun) * window(point, sun);
    let open = openness(point, normal);
    let direct = SUNLIGHT * (lit * (facing.max(0.0) + material.glow * (-facing).max(0.0)));
    let sky = SKYLIGHT * (open * (0.65 + 0.35 * normal.1));
    // The cloth throws light back from below.
    let bounce = Vector(0.20, 0.17, 0.13) * (open * (0.5 - 0.5 * normal.1));
    let mut light = material.colour * (direct + sky + bounce);
    if material.gloss > 0.0 {
        let mirrored = direction - normal * (2.0 * direction.dot(normal));
        let grazing = (1.0 + direction.dot(normal)).clamp(0.0, 1.0).powi(5);
        let share = material.gloss + (0.5 - material.gloss) * grazing;
        light = light.mix(room(mirrored) * open, share);
        let sharp = mirrored.dot(sun).max(0.0).powf(90.0) * lit;
        light = light + SUNLIGHT * (sharp * material.gloss * 9.0);
    }
    light
}

/// How far it is to the first surface.
fn walk(from: Vector, direction: Vector) -> Option<f32> {
    let mut reached = 0.0;
    for _ in 0..220 {
        let step = distance(from + direction * reached);
        if step < 0.0006 * (1.0 + reached) {
            return Some(reached);
        }
        reached += step;
        if reached > FARTHEST {
            return None;
        }
    }
    Some(reached)
}

/// The direction that a surface faces.
fn slope(point: Vector) -> Vector {
    let along = |step: Vector| distance(point + step) - distance(point - step);
    let e = 0.0012;
    Vector(along(Vector(e, 0.0, 0.0)), along(Vector(0.0, e, 0.0)), along(Vector(0.0, 0.0, e)))
        .normalized()
}

/// How much of a wide lamp is seen from a point: 1 all of it.
fn shadow(point: Vector, towards: Vector) -> f32 {
    let (mut seen, mut reached) = (1.0_f32, 0.02);
    for _ in 0..90 {
        let clear = distance(point + towards * reached);
        seen = seen.min(11.0 * clear / reached);
        if seen < 0.003 || reached > 7.0 {
            break;
        }
        reached += clear.clamp(0.012, 0.25);
    }
    smoothstep(0.0, 1.0, seen.clamp(0.0, 1.0))
}

/// The light falls through a window of two by three panes.
fn window(point: Vector, towards: Vector) -> f32 {
    let through = point + towards * ((-4.0 - point.0) / towards.0);
    let (across, height) = ((through.2 + 2.2) / 1.75, (through.1 - 3.9) / 2.4);
    let soft = 0.10;
    let frame = |at: f32, from: f32, to: f32| {
        smoothstep(from - soft, from + soft, at) - smoothstep(to - soft, to + soft, at)
    };
    let bar = |at: f32, place: f32| smoothstep(0.02, 0.10, (at - place).abs());
    let glass = frame(across, -1.0, 1.0) * frame(height, -1.0, 1.0);
    let bars = bar(across, 0.0) * bar(height, -0.33) * bar(height, 0.33);
    0.12 + 0.88 * glass * bars
}

/// How much of the room a point sees.
fn openness(point: Vector, normal: Vector) -> f32 {
    let blocked: f32 = (1..=5_u8)
        .map(|i| {
            let reach = 0.09 * f32::from(i);
            (reach - distance(point + normal * reach)).max(0.0) / f32::from(1_u8 << i)
        })
        .sum();
    (1.0 - 3.2 * blocked).clamp(0.0, 1.0)
}

/// What a glossy thing mirrors: a dim room with a bright window.
fn room(direction: Vector) -> Vector {
    let wall = Vector(0.16, 0.15, 0.14).mix(Vector(0.42, 0.44, 0.48), 0.5 + 0.5 * direction.1);
    let (across, height) = (direction.2 / -direction.0, direction.1 / -direction.0);
    let inside = |at: f32, from: f32, to: f32| {
        smoothstep(from, from + 0.05, at) - smoothstep(to - 0.05, to, at)
    };
    let bar = |at: f32, place: f32| smoothstep(0.02, 0.05, (at - place).abs());
    let glass = inside(across, -1.35, -0.25)
        * inside(height, 0.25, 1.5)
        * bar(across, -0.8)
        * bar(height, 0.85);
    if direction.0 < -0.05 { wall.mix(Vector(3.6, 3.8, 4.2), glass) } else { wall }
}

/// Light to sRGB, with a curve that spares highlights.
fn develop(light: Vector) -> [u8; 3] {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the curve ends below 256"
    )]
    [light.0, light.1, light.2].map(|linear| {
        let x = 0.92 * linear.max(0.0);
        let curve = (x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14);
        (255.0 * curve.clamp(0.0, 1.0).powf(1.0 / 2.2) + 0.5) as u8
    })
}
