use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cogd::Kernel;
use crate::numerics::norms::inner_product;
use crate::numerics::{Control, Plane, Progress, Random, Stopped, Unobserved};

use super::coupling::coefficients;
use super::filters::{Fit, Source};
use super::{
    Boundary, Coupling, CouplingForm, FilterSet, LearnError, LearnParameters, Learner,
    Normalization, Sparsity, TrainingImage,
};

/// Three small images of random dots on a gradient, with a quarter of the pixels hidden.
fn images() -> Vec<TrainingImage> {
    let mut random = Random::seeded(11);
    let mut image = || {
        let mut samples =
            Plane::from_fn(21, 24, |y, x| 0.2 + 0.01 * y as f32 + 0.1 * (x as f32).sin());
        for _ in 0..20 {
            let (top, left) = (random.below(18), random.below(21));
            for step in 0..3 {
                samples.row_mut(top + step)[left + step] += 0.4;
            }
        }
        let known = Plane::from_fn(21, 24, |_, _| random.unit() < 0.75);
        TrainingImage { samples, known: Some(known) }
    };
    vec![image(), image(), image()]
}

fn parameters() -> LearnParameters {
    LearnParameters {
        filters: 6,
        support: 5,
        sparsity: Sparsity::L1 { lambda: 0.1 },
        iterations: 6,
        seed: 3,
        ..LearnParameters::default()
    }
}

fn coupled(form: CouplingForm) -> LearnParameters {
    let coupling = Some(Coupling::new(form, Kernel::Linear));
    let separable = form == CouplingForm::SeparableFactors;
    let filter_set = if separable { FilterSet::Separable } else { FilterSet::UnitBall };
    LearnParameters { filter_set, coupling, ..parameters() }
}

const FORMS: [CouplingForm; 10] = [
    CouplingForm::MapsWithFilters,
    CouplingForm::FiltersWithMaps,
    CouplingForm::ElementsWithFilters,
    CouplingForm::ThresholdsWithFilters,
    CouplingForm::BeforeProximalStep,
    CouplingForm::MomentumOfMaps,
    CouplingForm::ReseededFilters,
    CouplingForm::SeparableFactors,
    CouplingForm::RandomControl,
    CouplingForm::SignControl,
];

fn learned(images: &[TrainingImage], parameters: LearnParameters) -> Vec<f32> {
    let mut learner = Learner::new(images, parameters).unwrap();
    learner.run(&Unobserved).unwrap();
    learner.filters().to_vec()
}

#[test]
fn the_objective_of_the_plain_solver_never_rises() {
    for boundary in [Boundary::Unknown, Boundary::Periodic] {
        for lambda in [0.02, 0.3] {
            let parameters = LearnParameters {
                boundary,
                sparsity: Sparsity::L1 { lambda },
                iterations: 40,
                ..parameters()
            };
            let mut learner = Learner::new(&images(), parameters).unwrap();
            let mut before = f64::INFINITY;
            for _ in 0..40 {
                let now = learner.advance().unwrap().objective;
                // Single precision rounds a sum of 1500 squares in its sixth digit.
                assert!(now <= before * (1.0 + 1e-6), "{now} after {before}");
                before = now;
            }
        }
    }
}

#[test]
fn the_gradient_of_the_filters_agrees_with_finite_differences() {
    let mut learner = Learner::new(&images(), parameters()).unwrap();
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
    learner.filters.correlate(&Fit { geometry, signals, codes: &mut learner.codes });
    let exact = inner_product(&learner.filters.gradient, &direction);
    // The data term is quadratic in the filters: only rounding is left.
    assert!((numeric - exact).abs() < 1e-4 * exact.abs().max(1.0), "{numeric} {exact}");
}

#[test]
fn correlation_is_the_adjoint_of_convolution() {
    let mut learner = Learner::new(&images(), parameters()).unwrap();
    learner.advance().unwrap();
    let (geometry, signals) = (&learner.geometry, &learner.signals);
    let mut fit = Fit { geometry, signals, codes: &mut learner.codes };
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
    let mut learner = Learner::new(&images(), parameters()).unwrap();
    for _ in 0..3 {
        learner.advance().unwrap();
    }
    let (height, width) = (learner.geometry.height, learner.geometry.width);
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
        let mut plain = Learner::new(&images(), with(None)).unwrap();
        let mut coupled = Learner::new(&images(), with(Some(coupling))).unwrap();
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
                    let y = (position / width + tap / 5) % geometry.height;
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

#[test]
fn every_form_of_coupling_learns() {
    for form in FORMS {
        let mut learner = Learner::new(&images(), coupled(form)).unwrap();
        let first = learner.advance().unwrap();
        let last = learner.run(&Unobserved).unwrap();
        assert!(last.objective < first.objective, "{form:?}");
        assert!(learner.filters().chunks(25).all(|d| inner_product(d, d) < 1.0 + 1e-5), "{form:?}");
    }
}

#[test]
fn a_resumed_run_ends_with_the_same_bits() {
    for form in FORMS {
        let mut whole = Learner::new(&images(), coupled(form)).unwrap();
        for _ in 0..3 {
            whole.advance().unwrap();
        }
        let mut resumed = Learner::resume(&images(), &whole.checkpoint()).unwrap();
        whole.run(&Unobserved).unwrap();
        resumed.run(&Unobserved).unwrap();
        assert_eq!(whole.checkpoint(), resumed.checkpoint(), "{form:?}");
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let with_threads = |count| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build().unwrap();
        pool.install(|| learned(&images(), coupled(CouplingForm::MapsWithFilters)))
    };
    let bits = |taps: Vec<f32>| taps.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    assert_eq!(bits(with_threads(1)), bits(with_threads(3)));
}

#[test]
fn what_stands_in_hidden_pixels_has_no_influence() {
    let clean = images();
    let mut poisoned = images();
    for image in &mut poisoned {
        let known = image.known.clone().unwrap();
        for (value, known) in image.samples.as_mut_slice().iter_mut().zip(known.as_slice()) {
            *value = if *known { *value } else { f32::NAN };
        }
    }
    let bits = |taps: Vec<f32>| taps.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    assert_eq!(bits(learned(&clean, parameters())), bits(learned(&poisoned, parameters())));
}

#[test]
fn falling_thresholds_fit_better_and_better() {
    let sparsity = Sparsity::FallingThreshold { first: 1.0, last: 0.05 };
    let parameters = LearnParameters { sparsity, iterations: 12, ..parameters() };
    let mut learner = Learner::new(&images(), parameters).unwrap();
    let first = learner.advance().unwrap();
    let last = learner.run(&Unobserved).unwrap();
    assert!(last.misfit < 0.5 * first.misfit, "{} {}", last.misfit, first.misfit);
}

#[test]
fn separable_filters_stay_separable() {
    let parameters = LearnParameters { filter_set: FilterSet::Separable, ..parameters() };
    for filter in learned(&images(), parameters).chunks(25) {
        // Every two-by-two minor of a matrix of rank one vanishes.
        for y in 0..4 {
            for x in 0..4 {
                let at = y * 5 + x;
                let determinant = filter[at] * filter[at + 6] - filter[at + 1] * filter[at + 5];
                assert!(determinant.abs() < 1e-5, "{determinant}");
            }
        }
    }
}

#[test]
fn bad_input_is_named() {
    let refuse = |images: &[TrainingImage], parameters| Learner::new(images, parameters).err();
    assert_eq!(refuse(&[], parameters()), Some(LearnError::NoImages));
    let large = LearnParameters { support: 22, ..parameters() };
    let too_small = LearnError::TooSmall { image: 0, height: 21, width: 24, support: 22 };
    assert_eq!(refuse(&images(), large), Some(too_small));
    let mut hidden = images();
    hidden[1].known = Some(Plane::filled(21, 24, false));
    assert_eq!(refuse(&hidden, parameters()), Some(LearnError::NothingKnown { image: 1 }));
    let mut broken = images();
    broken[2].known = None;
    broken[2].samples.as_mut_slice()[7] = f32::INFINITY;
    assert_eq!(refuse(&broken, parameters()), Some(LearnError::NotFinite { image: 2 }));
    let mut uneven = images();
    uneven[1] = TrainingImage { samples: Plane::filled(30, 24, 0.5), known: None };
    let mismatch = LearnError::SizeMismatch { image: 1, expected: (21, 24), actual: (30, 24) };
    assert_eq!(refuse(&uneven, parameters()), Some(mismatch));
    let nothing = LearnParameters { filters: 0, ..parameters() };
    assert!(matches!(
        refuse(&images(), nothing),
        Some(LearnError::Parameter { parameter: "filters", .. })
    ));
    let wrong = LearnParameters {
        filter_set: FilterSet::UnitBall,
        ..coupled(CouplingForm::SeparableFactors)
    };
    assert!(matches!(refuse(&images(), wrong), Some(LearnError::Parameter { .. })));
}

#[test]
fn a_damaged_or_foreign_state_is_refused() {
    let learner = Learner::new(&images(), parameters()).unwrap();
    let mut bytes = learner.checkpoint();
    let mut others = images();
    others[0].samples = others[0].samples.map(|v| v * v);
    let refused = |images: &[TrainingImage], bytes: &[u8]| {
        matches!(Learner::resume(images, bytes), Err(LearnError::Checkpoint { .. }))
    };
    assert!(refused(&others, &bytes));
    assert!(refused(&images(), &bytes[..40]));
    assert!(refused(&images(), &[]));
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    assert!(refused(&images(), &bytes));
}

#[test]
fn a_stopped_run_can_go_on() {
    struct After(AtomicUsize);
    impl Control for After {
        fn report(&self, progress: Progress) -> Result<(), Stopped> {
            self.0.store(progress.iteration, Ordering::Relaxed);
            if progress.iteration == 2 { Err(Stopped) } else { Ok(()) }
        }
    }
    let mut learner = Learner::new(&images(), parameters()).unwrap();
    let control = After(AtomicUsize::new(0));
    assert_eq!(learner.run(&control).err(), Some(LearnError::Stopped));
    assert_eq!(learner.iteration(), 2);
    learner.run(&control).unwrap();
    assert_eq!(control.0.load(Ordering::Relaxed), 6);
    assert_eq!(learner.filters(), learned(&images(), parameters()));
}

#[test]
fn a_flat_image_is_explained_by_its_mean() {
    let image = TrainingImage { samples: Plane::filled(21, 24, 0.3), known: None };
    let parameters =
        LearnParameters { normalization: Normalization::LocalMean { sigma: 3.0 }, ..parameters() };
    let mut learner = Learner::new(&[image], parameters).unwrap();
    learner.run(&Unobserved).unwrap();
    let (_, restored) = learner.reconstruct(0);
    assert!(restored.as_slice().iter().all(|v| (v - 0.3).abs() < 1e-4));
}
