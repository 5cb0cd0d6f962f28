//! What a learner promises; agreement with slow references is in `oracles`, batches in `online`.

mod online;
mod oracles;

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cogd::Kernel;
use crate::numerics::norms::inner_product;
use crate::numerics::{Control, Plane, Progress, Random, Stopped, Threads, Unobserved};

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

const FORMS: [CouplingForm; 9] = [
    CouplingForm::MapsWithFilters,
    CouplingForm::FiltersWithMaps,
    CouplingForm::ElementsWithFilters,
    CouplingForm::ThresholdsWithFilters,
    CouplingForm::BeforeProximalStep,
    CouplingForm::MomentumOfMaps,
    CouplingForm::SeparableFactors,
    CouplingForm::RandomControl,
    CouplingForm::SignControl,
];

fn learned(images: &[TrainingImage], parameters: LearnParameters) -> Vec<f32> {
    let mut learner = Learner::new(images, parameters, &Threads::single()).unwrap();
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
            let mut learner = Learner::new(&images(), parameters, &Threads::single()).unwrap();
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
fn every_form_of_coupling_learns() {
    for form in FORMS {
        let mut learner = Learner::new(&images(), coupled(form), &Threads::single()).unwrap();
        let first = learner.advance().unwrap();
        let last = learner.run(&Unobserved).unwrap();
        assert!(last.objective < first.objective, "{form:?}");
        assert!(learner.filters().chunks(25).all(|d| inner_product(d, d) < 1.0 + 1e-5), "{form:?}");
    }
}

#[test]
fn a_resumed_run_ends_with_the_same_bits() {
    for form in FORMS {
        let mut whole = Learner::new(&images(), coupled(form), &Threads::single()).unwrap();
        for _ in 0..3 {
            whole.advance().unwrap();
        }
        let mut resumed =
            Learner::resume(&images(), &whole.checkpoint(), &Threads::single()).unwrap();
        whole.run(&Unobserved).unwrap();
        resumed.run(&Unobserved).unwrap();
        assert_eq!(whole.checkpoint(), resumed.checkpoint(), "{form:?}");
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let with_threads = |count| {
        let threads = Threads::new(count).unwrap();
        let parameters = coupled(CouplingForm::MapsWithFilters);
        let mut learner = Learner::new(&images(), parameters, &threads).unwrap();
        learner.run(&Unobserved).unwrap();
        learner.filters().to_vec()
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
    let mut learner = Learner::new(&images(), parameters, &Threads::single()).unwrap();
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
    let refuse = |images: &[TrainingImage], parameters| {
        Learner::new(images, parameters, &Threads::single()).err()
    };
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
    let out_of_range = [
        ("filters", LearnParameters { filters: 0, ..parameters() }),
        ("filters", LearnParameters { filters: 1025, ..parameters() }),
        ("support", LearnParameters { support: 65, ..parameters() }),
        ("iterations", LearnParameters { iterations: 100_001, ..parameters() }),
        ("code_steps", LearnParameters { code_steps: 101, ..parameters() }),
        ("filter_steps", LearnParameters { filter_steps: 0, ..parameters() }),
        ("tolerance", LearnParameters { tolerance: f64::NAN, ..parameters() }),
        (
            "the window's sigma",
            LearnParameters {
                normalization: Normalization::LocalMean { sigma: 0.0 },
                ..parameters()
            },
        ),
    ];
    for (name, wrong) in out_of_range {
        let Some(LearnError::Parameter { parameter, .. }) = refuse(&images(), wrong) else {
            panic!("{name} was accepted");
        };
        assert_eq!(parameter, name);
    }
    let wrong = LearnParameters {
        filter_set: FilterSet::UnitBall,
        ..coupled(CouplingForm::SeparableFactors)
    };
    assert!(matches!(refuse(&images(), wrong), Some(LearnError::Parameter { .. })));
}

#[test]
fn a_damaged_or_foreign_state_is_refused() {
    let learner = Learner::new(&images(), parameters(), &Threads::single()).unwrap();
    let mut bytes = learner.checkpoint();
    let mut others = images();
    others[0].samples = others[0].samples.map(|v| v * v);
    let refused = |images: &[TrainingImage], bytes: &[u8]| {
        matches!(
            Learner::resume(images, bytes, &Threads::single()),
            Err(LearnError::Checkpoint { .. })
        )
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
    let mut learner = Learner::new(&images(), parameters(), &Threads::single()).unwrap();
    let control = After(AtomicUsize::new(0));
    assert_eq!(learner.run(&control).err(), Some(LearnError::Stopped));
    assert_eq!(learner.iteration(), 2);
    learner.run(&control).unwrap();
    assert_eq!(control.0.load(Ordering::Relaxed), 6);
    assert_eq!(learner.filters(), learned(&images(), parameters()));
}

#[test]
fn a_run_stops_early_where_the_objective_hardly_changes_and_so_does_a_resumed_one() {
    let parameters = LearnParameters { iterations: 200, tolerance: 0.02, ..parameters() };
    let mut whole = Learner::new(&images(), parameters, &Threads::single()).unwrap();
    let mut before = whole.advance().unwrap().objective;
    while !whole.is_finished() {
        let now = whole.advance().unwrap().objective;
        assert_eq!(whole.is_finished(), (before - now) / before < 0.02);
        before = now;
        let resumed = Learner::resume(&images(), &whole.checkpoint(), &Threads::single()).unwrap();
        assert_eq!(resumed.is_finished(), whole.is_finished());
        assert_eq!(resumed.objective(), Some(now));
    }
    assert!(whole.iteration() < 200);
}

#[test]
fn the_psnr_is_that_of_the_known_pixels_in_the_units_of_the_images() {
    let images = images();
    let mut learner = Learner::new(&images, parameters(), &Threads::single()).unwrap();
    let report = learner.run(&Unobserved).unwrap();
    let (mut error, mut count) = (0.0, 0.0);
    for (index, image) in images.iter().enumerate() {
        let (_, restored) = learner.reconstruct(index);
        let known = image.known.as_ref().unwrap().as_slice();
        let pairs = image.samples.as_slice().iter().zip(restored.as_slice()).zip(known);
        for ((truth, coded), _) in pairs.filter(|(_, known)| **known) {
            error += f64::from(truth - coded).powi(2);
            count += 1.0;
        }
    }
    let expected = -10.0 * (error / count).log10();
    assert!((report.psnr - expected).abs() < 1e-3, "{} {expected}", report.psnr);
}

#[test]
fn a_flat_image_is_explained_by_its_mean() {
    let image = TrainingImage { samples: Plane::filled(21, 24, 0.3), known: None };
    let parameters =
        LearnParameters { normalization: Normalization::LocalMean { sigma: 3.0 }, ..parameters() };
    let mut learner = Learner::new(&[image], parameters, &Threads::single()).unwrap();
    learner.run(&Unobserved).unwrap();
    let (_, restored) = learner.reconstruct(0);
    assert!(restored.as_slice().iter().all(|v| (v - 0.3).abs() < 1e-4));
}
