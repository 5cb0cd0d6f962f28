//! Gradients, adjoints, residuals and the projection against slow references.

use crate::cogd::Kernel;
use crate::csc::learn::coupling::coefficients;
use crate::csc::learn::filters::{Fit, Source};
use crate::csc::learn::{Coupling, CouplingForm, LearnParameters, Learner};
use crate::numerics::norms::inner_product;
use crate::numerics::{Random, Threads};

use super::{images, parameters};

#[test]
fn the_gradient_of_the_filters_agrees_with_finite_differences() {
    let mut learner = Learner::new(&images(), parameters(), &Threads::single()).unwrap();
    learner.advance().unwrap();
    let taps = learner.filters().to_vec();
    let mut random = Random::seeded(5);
    let direction: Vec<f32> = taps.iter().map(|_| random.normal()).collect();
    let misfit_at = |learner: &mut Learner, step: f32| {
        let moved: Vec<f32> = taps.iter().zip(&direction).map(|(t, d)| t + step * d).collect();
        learner.set_filters(&moved).unwrap();
        learner.codes.iter().map(|c| c.misfit).sum::<f64>()
    };
    let numeric = (misfit_at(&mut learner, 0.05) - misfit_at(&mut learner, -0.05)) / 0.1;
    learner.set_filters(&taps).unwrap();
    let (geometry, signals) = (&learner.geometry, &learner.signals);
    learner.filters.correlate(&Fit {
        geometry,
        signals,
        codes: &mut learner.codes,
        threads: &Threads::single(),
    });
    let exact = inner_product(&learner.filters.gradient, &direction);
    // The data term is quadratic in the filters: only rounding is left.
    assert!((numeric - exact).abs() < 1e-4 * exact.abs().max(1.0), "{numeric} {exact}");
}

#[test]
fn correlation_is_the_adjoint_of_convolution() {
    let mut learner = Learner::new(&images(), parameters(), &Threads::single()).unwrap();
    learner.advance().unwrap();
    let (geometry, signals) = (&learner.geometry, &learner.signals);
    let mut fit = Fit { geometry, signals, codes: &mut learner.codes, threads: &Threads::single() };
    // <ZᵀMZ v, v> = ‖M Z v‖²: the residual without data is M Z v.
    learner.filters.synthesize(&mut fit, Source::Direction);
    learner.filters.correlate(&fit);
    let left = inner_product(&learner.filters.gradient, &learner.filters.direction);
    let mut work = geometry.workspace();
    let mut right = 0.0;
    for codes in fit.codes.iter() {
        work.spectrum.copy_from_slice(&codes.residual);
        geometry.fft.inverse(&mut work.spectrum, &mut work.plane, &mut work.scratch);
        right += inner_product(&work.plane, &work.plane);
    }
    assert!((left - right).abs() < 1e-5 * right, "{left} {right}");
}

#[test]
fn the_residual_agrees_with_a_convolution_written_as_loops() {
    let mut learner = Learner::new(&images(), parameters(), &Threads::single()).unwrap();
    for _ in 0..3 {
        learner.advance().unwrap();
    }
    let width = learner.geometry.width;
    let height = learner.geometry.plane_len() / width;
    let at = |y: usize, x: usize| y * width + x;
    let mut expected = 0.0;
    for (codes, signal) in learner.codes.iter().zip(&learner.signals) {
        let mut plane = vec![0.0_f64; height * width];
        for (map, filter) in
            codes.maps.chunks_exact(height * width).zip(learner.filters.taps.chunks_exact(25))
        {
            for y in 0..height {
                for x in (0..width).filter(|&x| map[at(y, x)] != 0.0) {
                    for (tap, value) in filter.iter().enumerate() {
                        let target = at((y + tap / 5) % height, (x + tap % 5) % width);
                        plane[target] += f64::from(map[at(y, x)]) * f64::from(*value);
                    }
                }
            }
        }
        let residuals = plane.iter().zip(&signal.data).zip(&signal.weight);
        expected += residuals
            .map(|((p, b), w)| 0.5 * (f64::from(*w) * (p - f64::from(*b))).powi(2))
            .sum::<f64>();
    }
    let actual: f64 = learner.codes.iter().map(|c| c.misfit).sum();
    assert!((actual - expected).abs() < 1e-5 * expected, "{actual} {expected}");
}

#[test]
fn the_projection_of_maps_agrees_with_a_slow_reference() {
    for kernel in [Kernel::Linear, Kernel::Polynomial { degree: 2 }] {
        let coupling = Coupling::new(CouplingForm::MapsWithFilters, kernel);
        let with = |coupling| LearnParameters { coupling, iterations: 1, ..parameters() };
        let mut plain = Learner::new(&images(), with(None), &Threads::single()).unwrap();
        let mut coupled =
            Learner::new(&images(), with(Some(coupling)), &Threads::single()).unwrap();
        let mut later = [&mut plain, &mut coupled];
        for learner in &mut later {
            // Codes and filters to start from; the second iteration is compared.
            learner.parameters.coupling = None;
            learner.advance().unwrap();
            learner.iteration = 0;
        }
        coupled.parameters.coupling = Some(coupling);
        plain.advance().unwrap();
        coupled.advance().unwrap();

        let geometry = &plain.geometry;
        let (plane, width) = (geometry.plane_len(), geometry.width);
        let filters = geometry.filters;
        // g_d,k = crop(Σ z ⋆ R), with R from plain sums.
        let mut work = geometry.workspace();
        let mut gradient = vec![0.0_f64; filters * 25];
        for codes in &plain.codes {
            work.spectrum.copy_from_slice(&codes.residual);
            geometry.fft.inverse(&mut work.spectrum, &mut work.plane, &mut work.scratch);
            for (index, gradient) in gradient.iter_mut().enumerate() {
                let (k, tap) = (index / 25, index % 25);
                for (position, z) in codes.maps[k * plane..(k + 1) * plane].iter().enumerate() {
                    let y = (position / width + tap / 5) % (plane / width);
                    let x = (position % width + tap % 5) % width;
                    *gradient += 2.0 * f64::from(*z) * f64::from(work.plane[y * width + x]);
                }
            }
        }
        let cosine = |k: usize| {
            let range = k * 25..(k + 1) * 25;
            let change =
                |i: usize| f64::from(plain.filters.taps[i]) - f64::from(plain.filters.before[i]);
            let dot: f64 = range.clone().map(|i| gradient[i] * change(i)).sum();
            let g: f64 = range.clone().map(|i| gradient[i].powi(2)).sum();
            let d: f64 = range.map(|i| change(i).powi(2)).sum();
            if g * d > 0.0 { dot / (g * d).sqrt() } else { 0.0 }
        };
        let power = if kernel == Kernel::Linear { 1 } else { 2 };
        let c: Vec<f64> = (0..filters).map(|k| cosine(k).powi(power)).collect();
        let largest = c.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let norm = |values: &[f32]| values.iter().map(|v| f64::from(v.abs())).sum::<f64>();
        let d_norms: Vec<f64> = plain.filters.taps.chunks(25).map(norm).collect();
        let lowest = |norms: &[f64], k: usize| norms.iter().filter(|n| **n < norms[k]).count();
        let mut projected = 0;
        for (before, after) in plain.codes.iter().zip(&coupled.codes) {
            let z_norms: Vec<f64> = before.maps.chunks(plane).map(norm).collect();
            for k in 0..filters {
                // alpha = 0.5 in the first iteration: the lower half and the upper half.
                let open = lowest(&z_norms, k) < filters / 2 && lowest(&d_norms, k) >= filters / 2;
                let range = k * plane..(k + 1) * plane;
                let old = &before.before[range.clone()];
                let sign = if power == 1 { (z_norms[k] - norm(old)).signum() } else { 1.0 };
                let beta = (-0.3 * sign * c[k] / largest).clamp(-0.9, 0.9);
                projected += usize::from(open);
                for i in range {
                    let slow = f64::from(before.maps[i])
                        + if open { beta * f64::from(before.before[i]) } else { 0.0 };
                    assert!((slow - f64::from(after.maps[i])).abs() < 1e-5, "{kernel:?} {k}");
                }
            }
        }
        assert!(projected > 0);
    }
}

#[test]
fn the_coefficients_are_relative_to_the_largest() {
    let c = coefficients(Kernel::Linear, &[1.0, 0.0, 1.0, 1.0], &[-2.0, 0.0, 0.0, 3.0], 2);
    assert!((c[0] + 1.0).abs() < 1e-9);
    assert!((c[1] - 0.5_f64.sqrt()).abs() < 1e-6);
}
