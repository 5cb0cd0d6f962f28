//! What learning in mini-batches promises.

use crate::csc::learn::filters::{Filters, Fit, Source, Term, misfit};
use crate::csc::learn::online::Surrogate;
use crate::csc::learn::{
    Boundary, CouplingForm, FilterSet, LearnError, LearnParameters, Learner, OnlineLearner,
    OnlineParameters, TrainingImage, evaluate,
};
use crate::numerics::norms::inner_product;
use crate::numerics::{Control, Plane, Progress, Random, Stopped, Threads, Unobserved};

use super::{coupled, images, parameters};

/// Patches of 20x20 pixels made of two motifs, different in every batch.
fn batch(number: u64) -> Vec<TrainingImage> {
    let mut random = Random::seeded(900 + number);
    let mut patch = || {
        let mut samples = Plane::from_fn(20, 20, |y, x| 0.3 + 0.01 * (x + y) as f32);
        for turn in 0..16 {
            let (top, left) = (random.below(17), random.below(17));
            let height = 0.2 + 0.3 * random.unit();
            for step in 0..4 {
                let (y, x) = if turn % 2 == 0 { (step, step) } else { (step, 0) };
                samples.row_mut(top + y)[left + x] += height;
            }
        }
        let known = Plane::from_fn(20, 20, |_, _| random.unit() < 0.8);
        TrainingImage { samples, known: Some(known) }
    };
    vec![patch(), patch(), patch(), patch()]
}

fn settings(batch: &LearnParameters) -> OnlineParameters {
    let batch = LearnParameters { iterations: 3, code_steps: 5, ..batch.clone() };
    OnlineParameters { batch, ..OnlineParameters::default() }
}

fn learner(threads: &Threads) -> OnlineLearner {
    OnlineLearner::new(settings(&parameters()), threads).unwrap()
}

/// A learner after an iteration, and the surrogate of its data term at its filters.
fn with_surrogate(boundary: Boundary, images: &[TrainingImage]) -> (Learner, Surrogate) {
    let parameters = LearnParameters { boundary, ..parameters() };
    let threads = Threads::single();
    let mut learner = Learner::new(images, parameters, &threads).unwrap();
    learner.advance().unwrap();
    let mut surrogate = Surrogate::zero(6, 5, &threads);
    let history = Surrogate::zero(6, 5, &threads);
    in_fit(&mut learner, |filters, fit| surrogate.gather(&history, 0.5, fit, filters));
    (learner, surrogate)
}

fn in_fit<T>(learner: &mut Learner, work: impl FnOnce(&mut Filters, &mut Fit<'_>) -> T) -> T {
    let mut fit = Fit {
        geometry: &learner.geometry,
        signals: &learner.signals,
        codes: &mut learner.codes,
        threads: &learner.threads,
    };
    work(&mut learner.filters, &mut fit)
}

/// By how much surrogate and data term change when the filters move.
fn changes(learner: &mut Learner, surrogate: &mut Surrogate, seed: u64) -> (f64, f64) {
    let mut random = Random::seeded(seed);
    in_fit(learner, |filters, fit| {
        let start = (surrogate.value(), misfit(fit.codes));
        let taps = filters.taps.clone();
        for tap in &mut filters.taps {
            *tap += 0.2 * random.normal();
        }
        surrogate.settle(filters, Source::Taps);
        fit.settle(filters, Source::Taps);
        let change = (surrogate.value() - start.0, misfit(fit.codes) - start.1);
        filters.taps = taps;
        surrogate.settle(filters, Source::Taps);
        fit.settle(filters, Source::Taps);
        change
    })
}

#[test]
fn on_one_batch_the_gradient_of_the_statistics_is_that_of_the_images() {
    for boundary in [Boundary::Unknown, Boundary::Periodic] {
        let (mut learner, mut surrogate) = with_surrogate(boundary, &images());
        in_fit(&mut learner, |filters, fit| {
            filters.correlate(fit);
            let exact = filters.gradient.clone();
            surrogate.differentiate(filters);
            let scale = inner_product(&exact, &exact).sqrt();
            for (kept, exact) in filters.gradient.iter().zip(&exact) {
                assert!(f64::from(kept - exact).abs() < 1e-4 * scale, "{kept} {exact}");
            }
        });
    }
}

#[test]
fn without_hidden_pixels_the_statistics_say_all_that_the_images_say_about_filters() {
    let mut whole = images();
    for image in &mut whole {
        image.known = None;
    }
    let (mut learner, mut surrogate) = with_surrogate(Boundary::Periodic, &whole);
    for seed in 0..5 {
        let (kept, exact) = changes(&mut learner, &mut surrogate, seed);
        assert!((kept - exact).abs() < 1e-4 * exact.abs(), "{kept} {exact}");
    }
}

#[test]
fn with_hidden_pixels_the_statistics_are_never_below_the_data_term() {
    for boundary in [Boundary::Unknown, Boundary::Periodic] {
        let (mut learner, mut surrogate) = with_surrogate(boundary, &images());
        for seed in 0..5 {
            let (kept, exact) = changes(&mut learner, &mut surrogate, seed);
            assert!(kept > exact, "{kept} {exact}");
        }
    }
}

#[test]
fn old_batches_keep_their_gradient_times_their_weight() {
    let (mut first, old) = with_surrogate(Boundary::Unknown, &images());
    let mut next = Surrogate::zero(6, 5, &Threads::single());
    in_fit(&mut first, |filters, fit| {
        next.gather(&old, 0.25, fit, filters);
        next.differentiate(filters);
        let both = filters.gradient.clone();
        filters.correlate(fit);
        // The same batch again, at the same filters: one and a quarter of its gradient.
        for (both, once) in both.iter().zip(&filters.gradient) {
            assert!((both - 1.25 * once).abs() < 1e-3, "{both} {once}");
        }
    });
}

#[test]
fn the_objective_on_patches_never_seen_falls() {
    for filter_set in [FilterSet::UnitBall, FilterSet::Separable] {
        let batch_settings = LearnParameters { filter_set, ..parameters() };
        let online = settings(&batch_settings);
        let mut learner = OnlineLearner::new(online, &Threads::single()).unwrap();
        let held_out = batch(100);
        let measure = |learner: &OnlineLearner| {
            let parameters = LearnParameters { iterations: 30, ..parameters() };
            let taps = learner.filters();
            evaluate(&held_out, taps, &parameters, &Threads::single()).unwrap().objective
        };
        let mut objectives = vec![measure(&learner)];
        for pass in 0..3 {
            for number in 0..6 {
                learner.absorb(&batch(6 * pass + number), &Unobserved).unwrap();
            }
            objectives.push(measure(&learner));
        }
        assert!(objectives.is_sorted_by(|before, after| before > after), "{objectives:?}");
        assert!(objectives[3] < 0.9 * objectives[0], "{objectives:?}");
    }
}

#[test]
fn every_form_of_coupling_learns_from_batches_and_a_resumed_run_ends_with_the_same_bits() {
    for form in super::FORMS {
        let threads = Threads::single();
        let mut whole = OnlineLearner::new(settings(&coupled(form)), &threads).unwrap();
        for number in 0..2 {
            whole.absorb(&batch(number), &Unobserved).unwrap();
        }
        whole.finish_pass(&batch(100)).unwrap();
        let mut resumed = OnlineLearner::resume(&whole.checkpoint(), &threads).unwrap();
        for learner in [&mut whole, &mut resumed] {
            for number in 2..4 {
                learner.absorb(&batch(number), &Unobserved).unwrap();
            }
            learner.finish_pass(&batch(100)).unwrap();
        }
        assert_eq!(whole.passes(), 2);
        assert!(whole.filters().chunks(25).all(|d| inner_product(d, d) < 1.0 + 1e-5), "{form:?}");
        assert_eq!(whole.checkpoint(), resumed.checkpoint(), "{form:?}");
    }
}

#[test]
fn coupling_changes_what_is_learned() {
    let learned = |parameters| {
        // Long enough for the gate to find a small map whose filter is large.
        let batch_settings = LearnParameters { iterations: 8, ..parameters };
        let online = OnlineParameters { batch: batch_settings, ..settings(&super::parameters()) };
        let mut learner = OnlineLearner::new(online, &Threads::single()).unwrap();
        learner.absorb(&batch(0), &Unobserved).unwrap();
        learner.filters().to_vec()
    };
    assert_ne!(learned(parameters()), learned(coupled(CouplingForm::MapsWithFilters)));
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let state = |count| {
        let mut learner = learner(&Threads::new(count).unwrap());
        for number in 0..3 {
            learner.absorb(&batch(number), &Unobserved).unwrap();
        }
        learner.checkpoint()
    };
    assert_eq!(state(1), state(3));
}

#[test]
fn what_is_kept_does_not_grow_with_the_batches() {
    let mut learner = learner(&Threads::single());
    let mut sizes = Vec::new();
    for number in 0..5 {
        learner.absorb(&batch(number), &Unobserved).unwrap();
        let buffers = [&learner.history.correlations, &learner.history.linear];
        let values = buffers.map(Vec::capacity).iter().sum::<usize>();
        // Correlations at 9x9 lags of 6x6 filters, one value for each of 25 taps.
        assert_eq!(values, 36 * 81 + 6 * 25);
        sizes.push(learner.checkpoint().len());
    }
    assert!(sizes.iter().all(|size| size.abs_diff(sizes[0]) < 20), "{sizes:?}");
    // A batch of twice the patches needs more, more batches do not: they are no argument.
    let memory = |patches| OnlineLearner::memory(&parameters(), (20, 20), patches);
    assert!(memory(2) < memory(4));
    assert_eq!(Surrogate::bytes(6, 5), 4 * (36 * 81 + 2 * 6 * 25));
}

#[test]
fn bad_patches_are_named_and_leave_the_learner_as_it_was() {
    let mut learner = learner(&Threads::single());
    learner.absorb(&batch(0), &Unobserved).unwrap();
    let before = learner.checkpoint();
    let mut refused = |patches: &[TrainingImage]| {
        let fault = learner.absorb(patches, &Unobserved).unwrap_err();
        assert!(learner.checkpoint() == before);
        fault
    };
    assert_eq!(refused(&[]), LearnError::NoImages);
    let small = TrainingImage { samples: Plane::filled(4, 9, 0.5), known: None };
    let too_small = LearnError::TooSmall { image: 0, height: 4, width: 9, support: 5 };
    assert_eq!(refused(&[small]), too_small);
    let mut hidden = batch(1);
    hidden[1].known = Some(Plane::filled(20, 20, false));
    assert_eq!(refused(&hidden), LearnError::NothingKnown { image: 1 });
    let mut broken = batch(1);
    broken[0].known = None;
    broken[0].samples.as_mut_slice()[3] = f32::NAN;
    assert_eq!(refused(&broken), LearnError::NotFinite { image: 0 });
    let mut huge = batch(1);
    for value in huge[0].samples.as_mut_slice() {
        *value *= 1e30;
    }
    assert!(matches!(refused(&huge), LearnError::Diverged { .. }));
}

#[test]
fn a_stop_drops_the_batch_within_one_iteration() {
    struct At(usize);
    impl Control for At {
        fn report(&self, progress: Progress) -> Result<(), Stopped> {
            assert!(progress.iteration <= self.0, "{progress:?}");
            assert_eq!(progress.total, 3);
            if progress.iteration == self.0 { Err(Stopped) } else { Ok(()) }
        }
    }
    let mut learner = learner(&Threads::single());
    let before = learner.checkpoint();
    assert_eq!(learner.absorb(&batch(0), &At(2)).err(), Some(LearnError::Stopped));
    assert!(learner.checkpoint() == before);
    learner.absorb(&batch(0), &Unobserved).unwrap();
    assert!(learner.checkpoint() != before);
}

#[test]
fn a_run_ends_where_what_is_held_out_hardly_changes() {
    let online = OnlineParameters { passes: 50, tolerance: 0.01, ..settings(&parameters()) };
    let mut learner = OnlineLearner::new(online, &Threads::single()).unwrap();
    let mut objectives = Vec::new();
    while !learner.is_finished() {
        learner.absorb(&batch(objectives.len() as u64), &Unobserved).unwrap();
        objectives.push(learner.finish_pass(&batch(100)).unwrap().objective);
        assert_eq!(learner.objective(), objectives.last().copied());
    }
    let changes = objectives.windows(2).map(|pair| (pair[0] - pair[1]).abs() / pair[0]);
    let changes: Vec<f64> = changes.collect();
    let (last, others) = changes.split_last().unwrap();
    assert!(*last < 0.01 && others.iter().all(|change| *change >= 0.01), "{changes:?}");
}

#[test]
fn settings_out_of_range_and_damaged_states_are_refused() {
    let threads = Threads::single();
    let base = settings(&parameters());
    for (name, wrong) in [
        ("forgetting", OnlineParameters { forgetting: f32::NAN, ..base.clone() }),
        ("iterations", OnlineParameters { passes: 0, ..base.clone() }),
        ("tolerance", OnlineParameters { tolerance: -1.0, ..base.clone() }),
        ("filters", settings(&LearnParameters { filters: 0, ..parameters() })),
    ] {
        let Some(LearnError::Parameter { parameter, .. }) =
            OnlineLearner::new(wrong, &threads).err()
        else {
            panic!("{name} was accepted");
        };
        assert_eq!(parameter, name);
    }
    let mut bytes = learner(&threads).checkpoint();
    let refused = |bytes: &[u8]| {
        matches!(OnlineLearner::resume(bytes, &threads), Err(LearnError::Checkpoint { .. }))
    };
    assert!(refused(&[]));
    assert!(refused(&bytes[..bytes.len() / 2]));
    let full = Learner::new(&images(), parameters(), &threads).unwrap().checkpoint();
    assert!(refused(&full));
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    assert!(refused(&bytes));
}
