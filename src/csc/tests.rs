//! The solver against its definition, and what it promises whatever the picture.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::fillers::harmonic;
use crate::numerics::{Control, Plane, Progress, Random, Stopped, Threads, Unobserved};

use super::inpaint::MARGIN;
use super::matching::{GROUP, RADIUS, SHIFT, SIDE};
use super::*;

/// Waves of several directions and an edge: something to be sparse about.
fn picture(height: usize, width: usize) -> Plane<f32> {
    Plane::from_fn(height, width, |y, x| {
        let (y, x) = (y as f32, x as f32);
        let waves = (0.5 * x + 0.2 * y).sin() + (0.31 * y - 0.1 * x).cos();
        0.5 + 0.15 * waves + if x + 0.3 * y > 30.0 { 0.2 } else { 0.0 }
    })
}

fn speckle(height: usize, width: usize, rate: f32) -> Plane<bool> {
    let mut random = Random::seeded(7);
    Plane::from_fn(height, width, |_, _| random.unit() < rate)
}

fn solve(
    image: &Plane<f32>,
    hidden: &Plane<bool>,
    params: &InpaintParams,
    threads: &Threads,
) -> Plane<f32> {
    let mut planes = [image.clone()];
    inpaint(&mut planes, hidden, &Dct16, &Dct8, params, threads, &Unobserved).unwrap();
    let [plane] = planes;
    plane
}

fn mean_square(a: &Plane<f32>, b: &Plane<f32>) -> f64 {
    let squares = a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| f64::from(a - b).powi(2));
    squares.sum::<f64>() / a.as_slice().len() as f64
}

fn only(frame: usize, group: usize) -> InpaintParams {
    let mut params = InpaintParams { relaxation: 1.0, ..InpaintParams::default() };
    params.frame = Phase { iterations: frame, first: 0.2, last: 0.2 };
    params.group = Phase { iterations: group, first: 0.15, last: 0.15 };
    params
}

/// The image with its mirrored margin, computed index by index.
fn padded(image: &Plane<f32>) -> Plane<f32> {
    let mirror = |i: usize, side: usize| {
        let at = (i as isize - MARGIN as isize).rem_euclid(2 * side as isize) as usize;
        if at < side { at } else { 2 * side - 1 - at }
    };
    Plane::from_fn(image.height() + 2 * MARGIN, image.width() + 2 * MARGIN, |y, x| {
        image.at(mirror(y, image.height()), mirror(x, image.width()))
    })
}

/// Rows are the basis vectors of the cosine transform.
fn cosines(side: usize) -> Vec<Vec<f64>> {
    let n = side as f64;
    let entry = |k: usize, i: usize| {
        let scale = if k == 0 { (1.0 / n).sqrt() } else { (2.0 / n).sqrt() };
        scale * ((2 * i + 1) as f64 * k as f64 * std::f64::consts::PI / (2.0 * n)).cos()
    };
    (0..side).map(|k| (0..side).map(|i| entry(k, i)).collect()).collect()
}

/// `B X Bᵀ`, or `Bᵀ X B` for the inverse.
fn transform(block: &[f64], basis: &[Vec<f64>], inverse: bool) -> Vec<f64> {
    let side = basis.len();
    let b = |k: usize, i: usize| if inverse { basis[i][k] } else { basis[k][i] };
    let mut code = vec![0.0; side * side];
    for ky in 0..side {
        for kx in 0..side {
            for y in 0..side {
                for x in 0..side {
                    code[ky * side + kx] += b(ky, y) * b(kx, x) * block[y * side + x];
                }
            }
        }
    }
    code
}

fn block_at(image: &Plane<f32>, top: usize, left: usize, side: usize) -> Vec<f64> {
    (0..side * side).map(|i| f64::from(image.at(top + i / side, left + i % side))).collect()
}

/// Sums and counts of overlapping blocks.
struct Votes(Plane<f64>, Plane<f64>);

impl Votes {
    fn new(like: &Plane<f32>) -> Self {
        let zero = Plane::filled(like.height(), like.width(), 0.0);
        Self(zero.clone(), zero)
    }

    fn add(&mut self, top: usize, left: usize, side: usize, block: &[f64]) {
        for (i, value) in block.iter().enumerate() {
            self.0.row_mut(top + i / side)[left + i % side] += value;
            self.1.row_mut(top + i / side)[left + i % side] += 1.0;
        }
    }

    /// The mean where hidden, the image elsewhere.
    fn fill(&self, image: &Plane<f32>, hidden: &Plane<bool>) -> Plane<f32> {
        Plane::from_fn(image.height(), image.width(), |y, x| {
            let (sum, count) =
                (self.0.at(y + MARGIN, x + MARGIN), self.1.at(y + MARGIN, x + MARGIN));
            if hidden.at(y, x) { (sum / count) as f32 } else { image.at(y, x) }
        })
    }
}

#[test]
fn one_frame_iteration_agrees_with_the_definition() {
    let (image, hidden) = (picture(37, 90), speckle(37, 90, 0.4));
    let fast = solve(&image, &hidden, &only(1, 0), &Threads::single());

    let mut start = image.clone();
    harmonic::fill(&mut start, &hidden);
    let (canvas, basis) = (padded(&start), cosines(16));
    let mut votes = Votes::new(&canvas);
    for top in (0..=canvas.height() - 16).step_by(8) {
        for left in (0..=canvas.width() - 16).step_by(8) {
            let mut code = transform(&block_at(&canvas, top, left, 16), &basis, false);
            for coefficient in &mut code[1..] {
                *coefficient *= ((coefficient.abs() - 0.18) / 0.04).clamp(0.0, 1.0);
            }
            votes.add(top, left, 16, &transform(&code, &basis, true));
        }
    }
    let slow = votes.fill(&image, &hidden);
    let error = mean_square(&fast, &slow).sqrt();
    assert!(error < 1e-6, "the root mean square difference is {error}");
    assert!(mean_square(&slow, &start) > 1e-6, "the step must do something to be compared");
}

#[test]
fn one_group_iteration_agrees_with_the_definition() {
    let (image, hidden) = (picture(30, 41), speckle(30, 41, 0.4));
    let fast = solve(&image, &hidden, &only(0, 1), &Threads::single());

    let mut start = image.clone();
    harmonic::fill(&mut start, &hidden);
    let (canvas, basis) = (padded(&start), cosines(SIDE));
    let (bottom, right) = (canvas.height() - SIDE - SHIFT, canvas.width() - SIDE - SHIFT);
    let mut votes = Votes::new(&canvas);
    for top in (SHIFT..=bottom).step_by(SIDE) {
        for left in (SHIFT..=right).step_by(SIDE) {
            let reference = block_at(&canvas, top, left, SIDE);
            let mut near = Vec::new();
            for y in top.saturating_sub(RADIUS).max(SHIFT)..=(top + RADIUS).min(bottom) {
                for x in left.saturating_sub(RADIUS).max(SHIFT)..=(left + RADIUS).min(right) {
                    let other = block_at(&canvas, y, x, SIDE);
                    let squares = reference.iter().zip(&other).map(|(a, b)| (a - b).powi(2));
                    let own = (y, x) == (top, left);
                    near.push((if own { -1.0 } else { squares.sum::<f64>() }, y, x));
                }
            }
            near.sort_by(|a, b| a.0.total_cmp(&b.0));
            // The first iteration is shifted by -SHIFT both ways.
            let places: Vec<_> =
                near.iter().take(GROUP).map(|&(_, y, x)| (y - SHIFT, x - SHIFT)).collect();
            let mut codes: Vec<Vec<f64>> = places
                .iter()
                .map(|&(y, x)| transform(&block_at(&canvas, y, x, SIDE), &basis, false))
                .collect();
            for i in 0..SIDE * SIDE {
                let column: Vec<f64> = codes.iter().map(|code| code[i]).collect();
                for (code, value) in codes.iter_mut().zip(shrink_group(&column, i == 0)) {
                    code[i] = value;
                }
            }
            for (&(y, x), code) in places.iter().zip(&codes) {
                votes.add(y, x, SIDE, &transform(code, &basis, true));
            }
        }
    }
    let error = mean_square(&fast, &votes.fill(&image, &hidden)).sqrt();
    assert!(error < 1e-3, "the root mean square difference is {error}");
}

/// Haar analysis of eight numbers, thresholds 0.15 times those of the levels, synthesis, by inner
/// products.
fn shrink_group(values: &[f64], keep_first: bool) -> Vec<f64> {
    let mut atoms = vec![vec![1.0 / 8.0_f64.sqrt(); 8]];
    for length in [8_usize, 4, 2] {
        for start in (0..8).step_by(length) {
            let height = 1.0 / (length as f64).sqrt();
            let value = |i: usize| match i {
                i if i < start || i >= start + length => 0.0,
                i if i < start + length / 2 => height,
                _ => -height,
            };
            atoms.push((0..8).map(value).collect());
        }
    }
    let mut result = vec![0.0; 8];
    for (index, atom) in atoms.iter().enumerate() {
        let coefficient: f64 = atom.iter().zip(values).map(|(a, v)| a * v).sum();
        let threshold = 0.15 * [0.5, 0.83, 1.17, 1.17, 1.5, 1.5, 1.5, 1.5][index];
        if coefficient.abs() >= threshold || (keep_first && index == 0) {
            result.iter_mut().zip(atom).for_each(|(r, a)| *r += coefficient * a);
        }
    }
    result
}

#[test]
fn the_harmonic_fill_satisfies_the_laplace_equation() {
    let (image, mut hidden) = (picture(40, 50), speckle(40, 50, 0.5));
    for y in 10..22 {
        hidden.row_mut(y)[12..26].fill(true);
    }
    let mut filled = image.clone();
    harmonic::fill(&mut filled, &hidden);
    // Relaxation, point by point, until nothing moves.
    let mut slow = filled.clone();
    for _ in 0..2000 {
        for y in 0..40 {
            for x in 0..50 {
                if hidden.at(y, x) {
                    let mut near = Vec::new();
                    if y > 0 {
                        near.push(slow.at(y - 1, x));
                    }
                    if y < 39 {
                        near.push(slow.at(y + 1, x));
                    }
                    if x > 0 {
                        near.push(slow.at(y, x - 1));
                    }
                    if x < 49 {
                        near.push(slow.at(y, x + 1));
                    }
                    slow.row_mut(y)[x] = near.iter().sum::<f32>() / near.len() as f32;
                }
            }
        }
    }
    assert!(mean_square(&filled, &slow).sqrt() < 1e-3);
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (image, hidden) = (picture(150, 131), speckle(150, 131, 0.5));
    let params = InpaintParams::with_iterations(14);
    let one = solve(&image, &hidden, &params, &Threads::single());
    for count in [2, 3, 5] {
        let many = solve(&image, &hidden, &params, &Threads::new(count).unwrap());
        assert_eq!(one, many, "{count} threads");
    }
}

#[test]
fn hidden_samples_have_no_influence_and_known_ones_keep_every_bit() {
    let (image, hidden) = (picture(70, 81), speckle(70, 81, 0.3));
    let mut poisoned = image.clone();
    for (sample, &hidden) in poisoned.as_mut_slice().iter_mut().zip(hidden.as_slice()) {
        if hidden {
            *sample = f32::NAN;
        }
    }
    let params = InpaintParams::with_iterations(14);
    let result = solve(&image, &hidden, &params, &Threads::single());
    assert_eq!(result, solve(&poisoned, &hidden, &params, &Threads::single()));
    for ((after, before), &hidden) in
        result.as_slice().iter().zip(image.as_slice()).zip(hidden.as_slice())
    {
        assert!(hidden || after.to_bits() == before.to_bits());
    }
}

#[test]
fn structure_comes_back_far_better_than_from_the_harmonic_fill() {
    let (image, hidden) = (picture(96, 96), speckle(96, 96, 0.5));
    let mut smooth = image.clone();
    harmonic::fill(&mut smooth, &hidden);
    let result = solve(&image, &hidden, &InpaintParams::default(), &Threads::single());
    let (ours, start) = (mean_square(&result, &image), mean_square(&smooth, &image));
    assert!(ours < start / 4.0, "{ours} is not far below {start}");
}

#[test]
fn pictures_smaller_than_a_block_are_restored_too() {
    for (height, width) in [(1, 2), (2, 1), (1, 40), (7, 5), (17, 3)] {
        let image = Plane::filled(height, width, 0.25);
        let mut hidden = Plane::filled(height, width, false);
        hidden.row_mut(0)[0] = true;
        let params = InpaintParams::with_iterations(7);
        let result = solve(&image, &hidden, &params, &Threads::single());
        let value = result.at(0, 0);
        assert!((value - 0.25).abs() < 1e-5, "{height} x {width}: {value}");
    }
}

/// Says stop after so many iterations, and counts the reports.
struct StopAfter(usize, AtomicUsize);

impl Control for StopAfter {
    fn report(&self, progress: Progress) -> Result<(), Stopped> {
        let reports = self.1.fetch_add(1, Ordering::Relaxed) + 1;
        assert_eq!(progress.iteration, reports);
        if reports == self.0 { Err(Stopped) } else { Ok(()) }
    }
}

#[test]
fn a_stop_takes_effect_within_one_iteration_in_every_phase() {
    let (image, hidden) = (picture(40, 40), speckle(40, 40, 0.5));
    for stop in [1, 5, 20] {
        let control = StopAfter(stop, AtomicUsize::new(0));
        let params = InpaintParams::with_iterations(35);
        let threads = Threads::single();
        let mut planes = [image.clone()];
        let ended = inpaint(&mut planes, &hidden, &Dct16, &Dct8, &params, &threads, &control);
        assert_eq!(ended, Err(CscError::Stopped));
        assert_eq!(control.1.into_inner(), stop);

        let control = StopAfter(stop, AtomicUsize::new(0));
        let ended = denoise(&mut [image.clone()], &[0.1], &Dct8, 40, &threads, &control);
        assert_eq!(ended, Err(CscError::Stopped));
        assert_eq!(control.1.into_inner(), stop);
    }
}

#[test]
fn bad_input_is_refused_by_name() {
    let params = InpaintParams::default();
    let attempt = |planes: &mut [Plane<f32>], hidden: &Plane<bool>| {
        inpaint(planes, hidden, &Dct16, &Dct8, &params, &Threads::single(), &Unobserved)
    };
    let (all, none) = (Plane::filled(4, 4, true), Plane::filled(4, 4, false));
    let one = || [Plane::filled(4, 4, 0.5)];
    assert_eq!(attempt(&mut one(), &all), Err(CscError::NothingKnown));
    assert_eq!(attempt(&mut one(), &none), Ok(SolveInfo::default()));
    let mut odd = [Plane::filled(4, 5, 0.5)];
    let mismatch = CscError::ShapeMismatch { expected: (4, 4), actual: (4, 5) };
    assert_eq!(attempt(&mut odd, &none), Err(mismatch));
    let mut infinite = [Plane::filled(4, 4, f32::INFINITY)];
    assert_eq!(attempt(&mut infinite, &none), Err(CscError::NonFinite));
}

#[test]
fn noise_is_estimated_and_removed() {
    let clean = picture(128, 128);
    let mut random = Random::seeded(3);
    let noisy = clean.map(|sample| sample + 0.08 * random.normal());
    let estimate = estimate_sigma(&noisy, None).unwrap();
    assert!((estimate / 0.08 - 1.0).abs() < 0.1, "{estimate} is not 0.08");
    let mut planes = [noisy.clone()];
    denoise(&mut planes, &[0.08], &Dct8, 4, &Threads::single(), &Unobserved).unwrap();
    let (before, after) = (mean_square(&noisy, &clean), mean_square(&planes[0], &clean));
    assert!(after < before / 8.0, "{after} is not far below {before}");
}

#[test]
fn the_estimate_of_the_noise_does_not_look_at_hidden_samples() {
    let (image, hidden) = (picture(64, 64), speckle(64, 64, 0.3));
    let mut poisoned = image.clone();
    for (sample, &hidden) in poisoned.as_mut_slice().iter_mut().zip(hidden.as_slice()) {
        if hidden {
            *sample = f32::NAN;
        }
    }
    assert_eq!(estimate_sigma(&image, Some(&hidden)), estimate_sigma(&poisoned, Some(&hidden)));
    let all = Plane::filled(64, 64, true);
    assert_eq!(estimate_sigma(&image, Some(&all)), None);
}
