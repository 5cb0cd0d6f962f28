//! The solver as a graph beside the solver itself.

use cogd::csc::dictionary::Dictionary;
use cogd::csc::{Dct8, Dct16, InpaintParams, Phase, Start, frame_graph, inpaint};
use cogd::fillers::harmonic;
use cogd::inference::{ExecutorConfig, Tensor};
use cogd::numerics::{Plane, Random, Threads, Unobserved};
use cogd::onnx::{InspectLimits, OnnxError, inspect};

use crate::support::networks::{run, runtime, start};

fn picture(height: usize, width: usize, phase: f32) -> Plane<f32> {
    Plane::from_fn(height, width, |y, x| {
        let (y, x) = (y as f32, x as f32);
        let waves = (0.5 * x + 0.2 * y + phase).sin() + (0.31 * y - 0.1 * x).cos();
        0.5 + 0.15 * waves + if x + 0.3 * y > 30.0 { 0.2 } else { 0.0 }
    })
}

/// Speckles and a hole, with the harmonic fill in them.
fn damaged(height: usize, width: usize, phase: f32) -> (Plane<f32>, Plane<bool>) {
    let mut random = Random::seeded(11);
    let hidden = Plane::from_fn(height, width, |y, x| {
        random.unit() < 0.4 || (20..30).contains(&y) && (15..28).contains(&x)
    });
    let mut start = picture(height, width, phase);
    harmonic::fill(&mut start, &hidden);
    (start, hidden)
}

fn frame_phase(iterations: usize) -> InpaintParams {
    let mut params = InpaintParams { start: Start::Given, ..InpaintParams::default() };
    params.frame.iterations = iterations;
    params.group = Phase { iterations: 0, ..params.group };
    params
}

fn tensor(plane: &Plane<f32>) -> Tensor {
    let shape = vec![1, 1, plane.height(), plane.width()];
    Tensor::new(shape, plane.as_slice().to_vec()).unwrap()
}

#[test]
fn the_graph_of_the_frame_phase_computes_what_the_solver_computes() {
    let Some(runtime) = runtime() else { return };
    for iterations in [1, 9, 30] {
        let params = frame_phase(iterations);
        let model = frame_graph(&Dictionary::cosine(16), &params).unwrap();
        let executor = start(runtime, &model, ExecutorConfig::default());
        for (height, width) in [(64, 64), (57, 83), (16, 40)] {
            let (image, hidden) = damaged(height, width, 0.3);
            let mut planes = [image.clone()];
            let threads = Threads::single();
            inpaint(&mut planes, &hidden, &Dct16, &Dct8, &params, &threads, &Unobserved).unwrap();
            let mask = hidden.map(|hidden| f32::from(u8::from(hidden)));
            let inputs = vec![("image", tensor(&image)), ("hidden", tensor(&mask))];
            let given = run(&executor.handle(), inputs).remove(0);
            assert_eq!(given.shape(), [1, 1, height, width]);
            let given = given.as_slice::<f32>().unwrap();
            for (index, (graph, solver)) in given.iter().zip(planes[0].as_slice()).enumerate() {
                let place = (index / width, index % width);
                assert!((graph - solver).abs() < 2e-5, "{graph} is not {solver} at {place:?}");
                if !hidden.as_slice()[index] {
                    assert_eq!(graph.to_bits(), image.as_slice()[index].to_bits());
                }
            }
        }
    }
}

#[test]
fn planes_of_a_batch_do_not_touch_each_other() {
    let Some(runtime) = runtime() else { return };
    let model = frame_graph(&Dictionary::cosine(8), &frame_phase(4)).unwrap();
    let executor = start(runtime, &model, ExecutorConfig::default());
    let handle = executor.handle();
    assert!(handle.signature().is_batchable());
    let both = [0.0, 1.0].map(|phase| {
        let (image, hidden) = damaged(40, 48, phase);
        (image, hidden.map(|hidden| f32::from(u8::from(hidden))))
    });
    let join = |planes: [&Plane<f32>; 2]| {
        let samples = planes.map(Plane::as_slice).concat();
        Tensor::new(vec![2, 1, 40, 48], samples).unwrap()
    };
    let (images, masks) = (join([&both[0].0, &both[1].0]), join([&both[0].1, &both[1].1]));
    let together = run(&handle, vec![("image", images), ("hidden", masks)]).remove(0);
    let together = together.as_slice::<f32>().unwrap().chunks(40 * 48);
    for ((image, mask), together) in both.iter().zip(together) {
        let inputs = vec![("image", tensor(image)), ("hidden", tensor(mask))];
        let alone = run(&handle, inputs).remove(0);
        for (a, b) in alone.as_slice::<f32>().unwrap().iter().zip(together) {
            assert!((a - b).abs() < 1e-4, "{a} is not {b}");
        }
    }
}

#[test]
fn the_graph_is_small_and_says_what_it_can_take() {
    let model = frame_graph(&Dictionary::cosine(16), &frame_phase(30)).unwrap();
    let bytes = model.encode();
    assert_eq!(bytes, frame_graph(&Dictionary::cosine(16), &frame_phase(30)).unwrap().encode());
    let inspection = inspect(&bytes, &InspectLimits::default()).unwrap();
    assert_eq!(inspection.operators["Conv"], 30);
    assert_eq!(inspection.metadata["least_side"], "16");
    assert!(bytes.len() < 512 << 10, "{} bytes", bytes.len());

    let apart = InpaintParams { stride: 5, ..frame_phase(1) };
    assert!(matches!(frame_graph(&Dictionary::cosine(16), &apart), Err(OnnxError::Shape { .. })));
}
