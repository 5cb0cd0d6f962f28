use super::{Found, Tensors, machine};
use crate::network::{Graph, Parameters, zoo};
use crate::numerics::Random;
use crate::train::tensors::{download, upload};
use crate::train::{Batch, Block, Precision, TrainingDevice};

fn noise(shape: [usize; 4], seed: u64) -> Block {
    let mut random = Random::seeded(seed);
    Block { shape, values: (0..shape.iter().product()).map(|_| 0.3 * random.normal()).collect() }
}

/// Pictures of which every third pixel is hidden, and pictures to tell apart.
fn cases() -> [(Graph, Batch); 3] {
    let pictures = |side: usize| {
        let (mut input, target) = (noise([2, 2, side, side], 1), noise([2, 1, side, side], 2));
        for picture in input.values.chunks_exact_mut(2 * side * side) {
            for (index, hidden) in picture[side * side..].iter_mut().enumerate() {
                *hidden = if index % 3 == 0 { 1.0 } else { 0.0 };
            }
        }
        Batch::Pictures { input, target }
    };
    let classes = Batch::Classes { input: noise([4, 3, 16, 16], 3), labels: vec![1, 0, 9, 1] };
    [
        (zoo::unet(2, 1, 8, 2).unwrap(), pictures(16)),
        (zoo::residual(2, 1, 8, 2).unwrap(), pictures(12)),
        (zoo::resnet(1, 8, 10).unwrap(), classes),
    ]
}

/// Length of the difference relative to that of the first.
fn difference(a: &[f32], b: &[f32]) -> f32 {
    let length = |values: &mut dyn Iterator<Item = f32>| values.map(|v| v * v).sum::<f32>().sqrt();
    let apart = length(&mut a.iter().zip(b).map(|(a, b)| a - b));
    apart / length(&mut a.iter().copied()).max(1e-6)
}

/// Rounding of single precision, in another order.
const SINGLE: f32 = 1e-3;

fn compare(wanted: &Found, found: &Found, tolerance: f32, what: &str) {
    assert!((wanted.loss - found.loss).abs() < tolerance * wanted.loss.abs().max(1.0), "{what}");
    let names = |tensors: &Tensors| tensors.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&wanted.gradients), names(&found.gradients), "{what}");
    // Sums of many numbers that cancel each other, as of shifts, are far off by themselves where
    // precision is low; where the whole gradient points is not.
    let all = |tensors: &Tensors| tensors.values().flat_map(download).collect::<Vec<_>>();
    let apart = difference(&all(&wanted.gradients), &all(&found.gradients));
    assert!(apart < tolerance, "{what}: {apart}");
    for (name, gradient) in wanted.gradients.iter().filter(|_| tolerance <= SINGLE) {
        let apart = difference(&download(gradient), &download(&found.gradients[name]));
        assert!(apart < tolerance, "{what}: {name} {apart}");
    }
    assert_eq!(wanted.statistics.len(), found.statistics.len(), "{what}");
    for (wanted, found) in wanted.statistics.iter().zip(&found.statistics) {
        assert_eq!((&wanted.norm, wanted.samples), (&found.norm, found.samples), "{what}");
        for (a, b) in [(&wanted.mean, &found.mean), (&wanted.variance, &found.variance)] {
            assert!(difference(&download(a), &download(b)) < tolerance, "{what}");
        }
    }
}

#[test]
fn libtorch_finds_the_gradients_and_outputs_that_burn_finds() {
    let flex = machine(TrainingDevice::Flex).unwrap();
    // Eight bits of mantissa, up to nine layers deep, with norms over few samples.
    for (precision, tolerance) in [(Precision::Single, SINGLE), (Precision::Mixed, 0.25)] {
        let libtorch = machine(TrainingDevice::Libtorch(precision)).unwrap();
        for (index, (graph, batch)) in cases().into_iter().enumerate() {
            let what = format!("network {index}, {precision:?}");
            let parameters = upload(&Parameters::initial(&graph, 7));
            let wanted = flex.differentiate(&graph, &parameters, &batch).unwrap();
            let found = libtorch.differentiate(&graph, &parameters, &batch).unwrap();
            compare(&wanted, &found, tolerance, &what);
            let wanted = flex.compute(&graph, &parameters, batch.input()).unwrap();
            let found = libtorch.compute(&graph, &parameters, batch.input()).unwrap();
            assert!(difference(&wanted, &found) < tolerance, "{what}");
        }
    }
}
