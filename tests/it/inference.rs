//! Graphs that are written here, computed by ONNX Runtime.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cogd::inference::{
    BackendFactory, Device, Executor, ExecutorConfig, InferenceError, ModelSource, SessionOptions,
    Tensor,
};
use cogd::network::{Parameters, export, zoo};
use cogd::numerics::Random;
use cogd::onnx::{
    Convolution, Dimension, ElementType, GraphBuilder, InspectLimits, Interpolation, Model,
    PadMode, Pool, Reduction, Value, inspect,
};

use crate::support::networks::{PLAIN, run, runtime, start};

const F32: ElementType = ElementType::F32;

/// An operator as it is written.
type Operator = fn(&mut GraphBuilder, &Value) -> Value;

/// What it should compute.
type Definition = fn(f32) -> f32;

fn image_axes(channels: u64) -> [Dimension; 4] {
    ["batch".into(), channels.into(), "height".into(), "width".into()]
}

fn noise(shape: &[usize], seed: u64) -> Tensor {
    let mut random = Random::seeded(seed);
    let count = shape.iter().product();
    let samples: Vec<f32> = (0..count).map(|_| 2.0 * random.unit() - 1.0).collect();
    Tensor::new(shape.to_vec(), samples).unwrap()
}

fn samples(tensor: &Tensor) -> &[f32] {
    tensor.as_slice().unwrap()
}

fn assert_close(actual: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(actual.len(), expected.len());
    for (index, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        let difference = (actual - expected).abs();
        assert!(difference <= tolerance, "at {index}: {actual} is not {expected}");
    }
}

/// A network of one operator from `x` to `y`.
fn single(axes: &[Dimension], operator: impl FnOnce(&mut GraphBuilder, &Value) -> Value) -> Model {
    let mut g = GraphBuilder::new("single");
    let x = g.input("x", F32, axes).unwrap();
    let y = operator(&mut g, &x);
    g.output("y", &y).unwrap();
    g.finish().unwrap()
}

/// Two convolutions that need an even height and width: a pool and back.
fn network() -> Model {
    let mut g = GraphBuilder::new("network");
    let x = g.input("image", F32, &image_axes(3)).unwrap();
    let first = noise(&[8, 3, 3, 3], 1);
    let first = g.weights("first", &[8, 3, 3, 3], samples(&first)).unwrap();
    let second = noise(&[3, 8, 3, 3], 2);
    let second = g.weights("second", &[3, 8, 3, 3], samples(&second)).unwrap();
    let y = g.conv(&x, &first, None, Convolution::same(3)).unwrap();
    let y = g.relu(&y).unwrap();
    let halves = Pool { window: [2, 2], stride: [2, 2], pads: [0; 4] };
    let small = g.max_pool(&y, halves).unwrap();
    let back = g.resize(&small, 2.0, Interpolation::Nearest).unwrap();
    let y = g.add(&y, &back).unwrap();
    let y = g.conv(&y, &second, None, Convolution::same(3)).unwrap();
    g.output("result", &y).unwrap();
    g.finish().unwrap()
}

#[test]
fn the_runtime_and_the_inspection_see_the_same_signature() {
    let Some(runtime) = runtime() else { return };
    let model = network();
    let inspection = inspect(&model.encode(), &InspectLimits::default()).unwrap();
    let executor = start(runtime, &model, ExecutorConfig::default());
    let handle = executor.handle();
    assert_eq!(handle.signature().inputs, inspection.inputs);
    assert_eq!(handle.signature().outputs[0].name, "result");
    assert!(handle.signature().is_batchable());
    assert_eq!(handle.placement().provider(), "CPUExecutionProvider");
}

#[test]
fn elements_of_every_type_pass_through_unchanged() {
    let Some(runtime) = runtime() else { return };
    for element in ElementType::all() {
        let mut g = GraphBuilder::new("identity");
        let x = g.input("x", element, &["batch".into(), 5.into()]).unwrap();
        g.output("y", &x).unwrap();
        let executor = start(runtime, &g.finish().unwrap(), ExecutorConfig::default());
        let bytes: Vec<u8> = (0..10 * element.size()).map(|i| u8::from(i % 3 == 1)).collect();
        let tensor = Tensor::from_le_bytes(element, vec![2, 5], &bytes).unwrap();
        let given = run(&executor.handle(), vec![("x", tensor.clone())]);
        assert_eq!(given, [tensor], "{element}");
    }
}

#[test]
fn a_convolution_and_its_adjoint_are_what_their_definitions_say() {
    let Some(runtime) = runtime() else { return };
    let (side, stride) = (11, 2);
    let weights = noise(&[4, 1, 3, 3], 3);
    let mut g = GraphBuilder::new("pair");
    let x = g.input("x", F32, &image_axes(1)).unwrap();
    let w = g.weights("w", &[4, 1, 3, 3], samples(&weights)).unwrap();
    let lay = Convolution { stride: [stride as u64; 2], ..Convolution::PLAIN };
    let codes = g.conv(&x, &w, None, lay).unwrap();
    let back = g.conv_transpose(&codes, &w, None, lay).unwrap();
    g.output("codes", &codes).unwrap();
    g.output("back", &back).unwrap();
    let executor = start(runtime, &g.finish().unwrap(), ExecutorConfig::default());
    let image = noise(&[1, 1, side, side], 4);
    let given = run(&executor.handle(), vec![("x", image.clone())]);

    let (image, w) = (samples(&image), samples(&weights));
    let across = (side - 3) / stride + 1;
    let (mut codes, mut back) = (vec![0.0; 4 * across * across], vec![0.0; side * side]);
    let taps = |k: usize, top: usize, left: usize| {
        (0..9).map(move |i| (k * 9 + i, (stride * top + i / 3) * side + stride * left + i % 3))
    };
    for (at, code) in codes.iter_mut().enumerate() {
        let (k, top, left) = (at / across / across, at / across % across, at % across);
        *code = taps(k, top, left).map(|(tap, pixel)| w[tap] * image[pixel]).sum();
        for (tap, pixel) in taps(k, top, left) {
            back[pixel] += *code * w[tap];
        }
    }
    assert_close(samples(&given[0]), &codes, 1e-5);
    assert_close(samples(&given[1]), &back, 1e-5);
}

#[test]
fn the_operators_compute_what_they_say() {
    let Some(runtime) = runtime() else { return };
    let at = [-2.0, -0.5, 0.0, 0.25, 0.5, 3.0];
    let operators: Vec<(&str, Operator, Definition)> = vec![
        ("relu", |g, x| g.relu(x).unwrap(), |x| x.max(0.0)),
        ("leaky", |g, x| g.leaky_relu(x, 0.1).unwrap(), |x| if x < 0.0 { 0.1 * x } else { x }),
        ("sigmoid", |g, x| g.sigmoid(x).unwrap(), |x| 1.0 / (1.0 + (-x).exp())),
        ("tanh", |g, x| g.tanh(x).unwrap(), f32::tanh),
        ("abs", |g, x| g.abs(x).unwrap(), f32::abs),
        ("sign", |g, x| g.sign(x).unwrap(), |x| if x == 0.0 { 0.0 } else { x.signum() }),
        ("exp", |g, x| g.exp(x).unwrap(), f32::exp),
        ("clip", |g, x| g.clip(x, -1.0, 0.3).unwrap(), |x| x.clamp(-1.0, 0.3)),
        (
            "hard",
            |g, x| {
                let t = g.scalar(F32, 0.5).unwrap();
                g.hard_threshold(x, &t).unwrap()
            },
            |x| if x.abs() >= 0.5 { x } else { 0.0 },
        ),
        (
            "soft",
            |g, x| {
                let t = g.scalar(F32, 0.4).unwrap();
                g.soft_threshold(x, &t).unwrap()
            },
            |x| x.signum() * (x.abs() - 0.4).max(0.0),
        ),
        (
            "compare",
            |g, x| {
                let (t, one) = (g.scalar(F32, 0.25).unwrap(), g.scalar(F32, 1.0).unwrap());
                let (more, less) = (g.greater(x, &t).unwrap(), g.less(x, &t).unwrap());
                let less = g.cast(&less, F32).unwrap();
                let scaled = g.div(x, &t).unwrap();
                let scaled = g.sub(&scaled, &one).unwrap();
                g.select(&more, &scaled, &less).unwrap()
            },
            |x| if x > 0.25 { x / 0.25 - 1.0 } else { f32::from(u8::from(x < 0.25)) },
        ),
        (
            "prelu",
            |g, x| {
                let slope = g.weights("slope", &[6], &[0.0, 0.5, 1.0, 1.0, 1.0, 1.0]).unwrap();
                g.prelu(x, &slope).unwrap()
            },
            |x| {
                if x < -1.0 {
                    0.0
                } else if x < 0.0 {
                    0.5 * x
                } else {
                    x
                }
            },
        ),
    ];
    for (name, operator, expected) in operators {
        let model = single(&["batch".into(), 6.into()], operator);
        let executor = start(runtime, &model, ExecutorConfig::default());
        let x = Tensor::new(vec![1, 6], at.to_vec()).unwrap();
        let given = run(&executor.handle(), vec![("x", x)]);
        eprintln!("{name}");
        assert_close(samples(&given[0]), &at.map(expected), 1e-6);
    }
}

#[test]
fn the_operators_on_shapes_put_samples_where_they_say() {
    let Some(runtime) = runtime() else { return };
    // 1 2 3
    // 4 5 6
    let cases: Vec<(Operator, Vec<usize>, Vec<f32>)> = vec![
        (
            |g, x| g.pad(x, [0, 1, 0, 2], PadMode::Reflect).unwrap(),
            vec![1, 1, 2, 6],
            vec![2., 1., 2., 3., 2., 1., 5., 4., 5., 6., 5., 4.],
        ),
        (
            |g, x| g.pad(x, [1, 0, 0, 0], PadMode::Edge).unwrap(),
            vec![1, 1, 3, 3],
            vec![1., 2., 3., 1., 2., 3., 4., 5., 6.],
        ),
        (
            |g, x| g.pad(x, [0, 0, 1, 0], PadMode::Zero).unwrap(),
            vec![1, 1, 3, 3],
            vec![1., 2., 3., 4., 5., 6., 0., 0., 0.],
        ),
        (
            |g, x| g.slice(x, &[3], &[-1], &[i64::MIN], &[-1]).unwrap(),
            vec![1, 1, 2, 3],
            vec![3., 2., 1., 6., 5., 4.],
        ),
        (
            |g, x| g.concat(&[x, x], 2).unwrap(),
            vec![1, 1, 4, 3],
            vec![1., 2., 3., 4., 5., 6., 1., 2., 3., 4., 5., 6.],
        ),
        (|g, x| g.reduce(x, &[3], Reduction::Mean).unwrap(), vec![1, 1, 2, 1], vec![2., 5.]),
        (|g, x| g.reduce(x, &[2], Reduction::Max).unwrap(), vec![1, 1, 1, 3], vec![4., 5., 6.]),
        (|g, x| g.reduce(x, &[2, 3], Reduction::Sum).unwrap(), vec![1, 1, 1, 1], vec![21.]),
        (|g, x| g.global_average_pool(x).unwrap(), vec![1, 1, 1, 1], vec![3.5]),
        (
            |g, x| {
                let pool = Pool { window: [2, 2], stride: [1, 1], pads: [0; 4] };
                g.average_pool(x, pool).unwrap()
            },
            vec![1, 1, 1, 2],
            vec![3., 4.],
        ),
        (
            |g, x| {
                let flat = g.flatten(x).unwrap();
                let row = [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
                let w = g.weights("w", &[2, 6], &row).unwrap();
                let b = g.weights("b", &[2], &[0.5, -0.5]).unwrap();
                g.linear(&flat, &w, Some(&b)).unwrap()
            },
            vec![1, 2],
            vec![7.5, 1.5],
        ),
    ];
    for (operator, shape, expected) in cases {
        let model = single(&[1.into(), 1.into(), 2.into(), 3.into()], operator);
        let executor = start(runtime, &model, ExecutorConfig::default());
        let x = Tensor::new(vec![1, 1, 2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0_f32]).unwrap();
        let given = run(&executor.handle(), vec![("x", x)]);
        assert_eq!(given[0].shape(), shape);
        assert_close(samples(&given[0]), &expected, 1e-6);
    }
}

#[test]
fn a_folded_normalisation_agrees_with_the_operator() {
    let Some(runtime) = runtime() else { return };
    let weights = noise(&[2, 1, 3, 3], 5);
    let (scale, shift, mean, variance) = ([1.5, 0.2], [0.1, -0.3], [0.7, 0.4], [2.0, 0.5]);
    let operator = single(&image_axes(1), |g, x| {
        let w = g.weights("w", &[2, 1, 3, 3], samples(&weights)).unwrap();
        let y = g.conv(x, &w, None, Convolution::same(3)).unwrap();
        let statistics = [("s", scale), ("b", shift), ("m", mean), ("v", variance)];
        let [s, b, m, v] =
            statistics.map(|(name, numbers)| g.weights(name, &[2], &numbers).unwrap());
        g.batch_normalization(&y, [&s, &b, &m, &v], 1e-5).unwrap()
    });
    let (mut w, mut b) = (samples(&weights).to_vec(), vec![0.0; 2]);
    cogd::onnx::fold_batch_normalization(&mut w, &mut b, &scale, &shift, &mean, &variance, 1e-5);
    let folded = single(&image_axes(1), |g, x| {
        let w = g.weights("w", &[2, 1, 3, 3], &w).unwrap();
        let b = g.weights("b", &[2], &b).unwrap();
        g.conv(x, &w, Some(&b), Convolution::same(3)).unwrap()
    });
    let image = noise(&[1, 1, 9, 7], 6);
    let [a, b] = [operator, folded].map(|model| {
        let executor = start(runtime, &model, ExecutorConfig::default());
        run(&executor.handle(), vec![("x", image.clone())]).remove(0)
    });
    assert_close(samples(&a), samples(&b), 1e-5);
}

#[test]
fn a_network_of_half_precision_takes_and_gives_it_and_agrees_with_single_precision() {
    let Some(runtime) = runtime() else { return };
    let weights = noise(&[2, 1, 3, 3], 7);
    let build = |element: ElementType| {
        let mut g = GraphBuilder::new("precision");
        let x = g.input("x", element, &image_axes(1)).unwrap();
        let w = match element {
            ElementType::F16 => g.half_weights("w", &[2, 1, 3, 3], samples(&weights)),
            _ => g.weights("w", &[2, 1, 3, 3], samples(&weights)),
        };
        let y = g.conv(&x, &w.unwrap(), None, Convolution::same(3)).unwrap();
        let y = g.clip(&y, 0.0, 1.0).unwrap();
        g.output("y", &y).unwrap();
        start(runtime, &g.finish().unwrap(), ExecutorConfig::default())
    };
    let image = noise(&[1, 1, 10, 10], 8);
    let halves: Vec<_> = samples(&image).iter().map(|&x| half::f16::from_f32(x)).collect();
    let half = Tensor::new(vec![1, 1, 10, 10], halves).unwrap();
    let half = run(&build(ElementType::F16).handle(), vec![("x", half)]).remove(0);
    let half: Vec<f32> = half.as_slice::<half::f16>().unwrap().iter().map(|x| x.to_f32()).collect();
    let single = run(&build(F32).handle(), vec![("x", image)]).remove(0);
    assert_close(&half, samples(&single), 1e-2);
}

#[test]
fn requests_side_by_side_are_answered_as_they_are_alone() {
    let Some(runtime) = runtime() else { return };
    let executor = start(runtime, &network(), ExecutorConfig::default());
    let handle = executor.handle();
    let images: Vec<_> = (0..24).map(|seed| noise(&[1, 3, 16, 12], seed)).collect();
    let alone: Vec<_> =
        images.iter().map(|image| run(&handle, vec![("image", image.clone())])).collect();
    std::thread::scope(|scope| {
        for (image, alone) in images.iter().zip(&alone) {
            let handle = handle.clone();
            scope.spawn(move || {
                let beside = run(&handle, vec![("image", image.clone())]);
                assert_close(samples(&beside[0]), samples(&alone[0]), 1e-5);
            });
        }
    });
    assert_eq!(handle.statistics().success.count, 48);
}

#[test]
fn what_a_model_cannot_compute_is_the_fault_of_the_request_and_leaves_the_model_sound() {
    let Some(runtime) = runtime() else { return };
    let warm_up = vec![vec![vec![1, 3, 8, 8]]];
    let executor =
        start(runtime, &network(), ExecutorConfig { warm_up, ..ExecutorConfig::default() });
    let handle = executor.handle();
    let deadline = Instant::now() + Duration::from_mins(1);
    // The pool halves 9 to 4, and twice 4 is not 9.
    let odd = vec![("image".to_owned(), noise(&[1, 3, 9, 8], 0))];
    let rejected = handle.run_blocking(odd, deadline);
    assert!(matches!(rejected, Err(InferenceError::Rejected { .. })), "{rejected:?}");
    assert!(handle.is_healthy());
    assert_eq!(run(&handle, vec![("image", noise(&[1, 3, 8, 8], 0))])[0].shape(), [1, 3, 8, 8]);
    assert_eq!(handle.statistics().rebuilt, 0);
}

#[test]
fn bytes_that_are_no_model_are_not_loaded() {
    let Some(runtime) = runtime() else { return };
    let whole = network().encode();
    for bytes in [&b"not a model"[..], &[], &whole[..whole.len() / 2]] {
        let factory = runtime.factory(ModelSource::Memory(Arc::from(bytes)), PLAIN);
        let refused = Executor::start("broken", &factory, ExecutorConfig::default());
        assert!(matches!(refused, Err(InferenceError::Load(_))), "{refused:?}");
    }
    let nowhere = ModelSource::File("nowhere.onnx".into());
    let factory = runtime.factory(nowhere, PLAIN);
    assert!(Executor::start("nowhere", &factory, ExecutorConfig::default()).is_err());
}

/// Loads the network for a device.
fn on(device: Device, runtime: &'static cogd::inference::Runtime) -> BackendFactory {
    let model = ModelSource::Memory(Arc::from(network().encode()));
    runtime.factory(model, SessionOptions { device, ..PLAIN })
}

#[test]
fn a_named_device_is_had_or_refused_and_auto_says_what_it_took() {
    let Some(runtime) = runtime() else { return };
    for device in [Device::Cuda(0), Device::TensorRt(0), Device::Cuda(u32::MAX)] {
        match Executor::start("named", &on(device, runtime), ExecutorConfig::default()) {
            Ok(executor) => assert_eq!(executor.handle().placement().used, device),
            Err(InferenceError::Load(error)) => assert!(!error.reason.is_empty()),
            Err(other) => panic!("{other:?}"),
        }
    }
    let any =
        Executor::start("any", &on(Device::Auto, runtime), ExecutorConfig::default()).unwrap();
    let placement = any.handle().placement();
    assert_eq!(placement.requested, Device::Auto);
    match placement.used {
        Device::Cpu => assert!(placement.fallback.is_some_and(|reason| !reason.is_empty())),
        Device::Cuda(0) => assert_eq!(placement.fallback, None),
        other => panic!("{other}"),
    }
}

#[test]
fn a_process_has_one_runtime_whatever_it_is_asked_for() {
    let Some(first) = runtime() else { return };
    let elsewhere = cogd::config::library_search(Some("/nowhere/libonnxruntime.so".into()));
    let again = cogd::inference::Runtime::load(&elsewhere).unwrap();
    assert!(std::ptr::eq(first, again));
    assert!(first.build().contains("ORT"), "{}", first.build());
}

#[test]
fn half_precision_gives_what_single_precision_does_but_for_its_rounding() {
    let Some(runtime) = runtime() else { return };
    let graph = zoo::unet(2, 1, 8, 2).unwrap();
    let whole = export("net", &graph, &Parameters::initial(&graph, 3)).unwrap();
    let [whole, half] = [whole.clone(), whole.halved().unwrap()].map(|model| {
        let executor = start(runtime, &model, ExecutorConfig::default());
        run(&executor.handle(), vec![("image", noise(&[1, 2, 24, 32], 5))]).remove(0)
    });
    let (whole, half) = (samples(&whole), samples(&half));
    let largest = whole.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    // Eleven bits of mantissa, a few layers deep.
    assert_close(half, whole, 0.01 * largest);
    assert_ne!(half, whole);
}
