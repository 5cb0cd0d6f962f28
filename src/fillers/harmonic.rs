//! The smooth start: hidden pixels filled so that the picture bends as little as possible.
//!
//! Solves the discrete Laplace equation on the hidden pixels with the known ones as boundary
//! values and mirrored image borders (Shen and Chan 2002, "Mathematical models for local
//! nontexture inpaintings", SIAM J. Appl. Math. 62, harmonic inpainting), by conjugate gradients
//! from a pull-push start (Gortler et al. 1996, "The lumigraph").

use crate::numerics::Plane;

/// Conjugate-gradient steps; the pull-push start leaves only local error, which few steps remove.
const STEPS: usize = 30;

/// Fills the hidden samples of `image` in place; known samples keep their values.
///
/// What stood in the hidden samples has no influence.
///
/// # Panics
/// If the two shapes differ.
pub fn fill(image: &mut Plane<f32>, hidden: &Plane<bool>) {
    assert_eq!((image.height(), image.width()), (hidden.height(), hidden.width()));
    pull_push(image, hidden);
    relax(image, hidden);
}

/// Averages known samples over ever coarser cells until every cell knows something, then hands
/// the coarse values down to the cells that know nothing.
fn pull_push(image: &mut Plane<f32>, hidden: &Plane<bool>) {
    let mut values = image.as_slice().to_vec();
    let mut weights: Vec<f32> =
        hidden.as_slice().iter().map(|&h| f32::from(u8::from(!h))).collect();
    for (value, weight) in values.iter_mut().zip(&weights) {
        if *weight == 0.0 {
            *value = 0.0;
        }
    }
    complete(&mut values, &mut weights, image.height(), image.width());
    for ((sample, &value), &h) in
        image.as_mut_slice().iter_mut().zip(&values).zip(hidden.as_slice())
    {
        if h {
            *sample = value;
        }
    }
}

/// Gives every cell of weight below one the share it lacks from the next coarser level.
fn complete(values: &mut [f32], weights: &mut [f32], height: usize, width: usize) {
    if height * width == 1 || weights.iter().all(|&weight| weight >= 1.0) {
        return;
    }
    let (half_height, half_width) = (height.div_ceil(2), width.div_ceil(2));
    let mut coarse = vec![0.0_f32; half_height * half_width];
    let mut support = vec![0.0_f32; half_height * half_width];
    for y in 0..height {
        for x in 0..width {
            let cell = (y / 2) * half_width + x / 2;
            coarse[cell] += values[y * width + x] * weights[y * width + x];
            support[cell] += weights[y * width + x];
        }
    }
    for (value, weight) in coarse.iter_mut().zip(&mut support) {
        if *weight > 0.0 {
            *value /= *weight;
        }
        *weight = weight.min(1.0);
    }
    complete(&mut coarse, &mut support, half_height, half_width);
    for y in 0..height {
        for x in 0..width {
            let at = y * width + x;
            if weights[at] < 1.0 {
                let parent = coarse_at(&coarse, half_height, half_width, y, x);
                values[at] = weights[at] * values[at] + (1.0 - weights[at]) * parent;
                weights[at] = 1.0;
            }
        }
    }
}

/// Bilinear interpolation of the coarse level at a fine cell.
fn coarse_at(coarse: &[f32], height: usize, width: usize, y: usize, x: usize) -> f32 {
    let neighbour = |i: usize, side: usize| {
        if i.is_multiple_of(2) { (i / 2).saturating_sub(1) } else { (i / 2 + 1).min(side - 1) }
    };
    let (y0, x0) = (y / 2, x / 2);
    let (y1, x1) = (neighbour(y, height), neighbour(x, width));
    let row = |y: usize| 0.75 * coarse[y * width + x0] + 0.25 * coarse[y * width + x1];
    0.75 * row(y0) + 0.25 * row(y1)
}

/// Conjugate gradients on the Laplacian restricted to the hidden samples.
fn relax(image: &mut Plane<f32>, hidden: &Plane<bool>) {
    let (height, width) = (image.height(), image.width());
    let unknown: Vec<u32> = (0..height * width)
        .filter(|&i| hidden.as_slice()[i])
        .map(|i| u32::try_from(i).unwrap_or(u32::MAX))
        .collect();
    let laplacian = |field: &[f32], i: usize| {
        let (y, x) = (i / width, i % width);
        let centre = field[i];
        let mut sum = 0.0;
        if y > 0 {
            sum += centre - field[i - width];
        }
        if y + 1 < height {
            sum += centre - field[i + width];
        }
        if x > 0 {
            sum += centre - field[i - 1];
        }
        if x + 1 < width {
            sum += centre - field[i + 1];
        }
        sum
    };
    let x = image.as_mut_slice();
    let mut residual: Vec<f32> = unknown.iter().map(|&i| -laplacian(x, i as usize)).collect();
    // The direction lives on the whole grid and is zero on known samples, as the operator needs.
    let mut direction = vec![0.0_f32; height * width];
    for (&i, &r) in unknown.iter().zip(&residual) {
        direction[i as usize] = r;
    }
    let mut applied = vec![0.0_f32; unknown.len()];
    let dot = |a: &[f32], b: &[f32]| {
        a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>()
    };
    let mut energy = dot(&residual, &residual);
    for _ in 0..STEPS {
        if energy <= 1e-12 * unknown.len() as f64 {
            break;
        }
        let mut curvature = 0.0_f64;
        for (slot, &i) in applied.iter_mut().zip(&unknown) {
            *slot = laplacian(&direction, i as usize);
            curvature += f64::from(*slot) * f64::from(direction[i as usize]);
        }
        if curvature <= 0.0 {
            break;
        }
        let step = (energy / curvature) as f32;
        for ((r, &a), &i) in residual.iter_mut().zip(&applied).zip(&unknown) {
            x[i as usize] += step * direction[i as usize];
            *r -= step * a;
        }
        let next = dot(&residual, &residual);
        let turn = (next / energy) as f32;
        for (&r, &i) in residual.iter().zip(&unknown) {
            direction[i as usize] = r + turn * direction[i as usize];
        }
        energy = next;
    }
}
