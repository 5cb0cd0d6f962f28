//! What the builder refuses, and that what it writes reads back.

use prost::Message as _;

use super::super::proto::ModelProto;
use super::super::{
    Convolution, InspectLimits, Interpolation, PadMode, Pool, Reduction, fold_batch_normalization,
    inspect,
};
use super::*;

const F32: ElementType = ElementType::F32;

fn image_axes() -> [Dimension; 4] {
    ["batch".into(), 3.into(), "height".into(), "width".into()]
}

/// Two convolutions with something of everything in between.
fn network() -> Model {
    let mut g = GraphBuilder::new("network");
    let x = g.input("image", F32, &image_axes()).unwrap();
    let w = g.weights("w", &[4, 3, 3, 3], &[0.1; 108]).unwrap();
    let b = g.weights("b", &[4], &[0.5; 4]).unwrap();
    let y = g.conv(&x, &w, Some(&b), Convolution::same(3)).unwrap();
    let y = g.leaky_relu(&y, 0.1).unwrap();
    let pool = Pool { window: [2, 2], stride: [2, 2], pads: [0; 4] };
    let small = g.max_pool(&y, pool).unwrap();
    let large = g.resize(&small, 2.0, Interpolation::Linear).unwrap();
    let mean = g.reduce(&large, &[2, 3], Reduction::Mean).unwrap();
    let y = g.add(&y, &mean).unwrap();
    let padded = g.pad(&y, [1, 1, 1, 1], PadMode::Reflect).unwrap();
    let z = g.conv_transpose(&padded, &w, None, Convolution::same(3)).unwrap();
    g.output("result", &z).unwrap();
    g.finish().unwrap().with_note("task", "inpaint")
}

#[test]
fn the_same_graph_gives_the_same_bytes() {
    assert_eq!(network().encode(), network().encode());
}

#[test]
fn what_is_written_reads_back() {
    let bytes = network().encode();
    let inspection = inspect(&bytes, &InspectLimits::default()).unwrap();
    assert_eq!(inspection.opset, OPSET);
    assert_eq!(inspection.producer, "cogd");
    assert_eq!(inspection.metadata["task"], "inpaint");
    let [input] = &inspection.inputs[..] else { panic!("{:?}", inspection.inputs) };
    assert_eq!((input.name.as_str(), input.element), ("image", F32));
    assert_eq!(input.shape.as_deref(), Some(&image_axes()[..]));
    assert_eq!(inspection.outputs[0].name, "result");
    assert_eq!(inspection.operators["Conv"], 1);
    // Besides filters and biases: four scales and eight pads.
    assert_eq!(inspection.weight_elements, 108 + 4 + 4 + 8);
    assert_eq!(inspection.weight_bytes, 4 * (108 + 4 + 4) + 8 * 8);

    let decoded = ModelProto::decode(&bytes[..]).unwrap();
    assert_eq!(decoded.encode_to_vec(), bytes);
}

#[test]
fn known_shapes_are_followed_through_the_graph() {
    let mut g = GraphBuilder::new("shapes");
    let x = g.input("x", F32, &[1.into(), 3.into(), 32.into(), 48.into()]).unwrap();
    let w = g.weights("w", &[8, 3, 4, 4], &[0.0; 384]).unwrap();
    let strided = Convolution { stride: [2, 4], ..Convolution::PLAIN };
    let codes = g.conv(&x, &w, None, strided).unwrap();
    let fixed = |value: &Value| -> Vec<_> { (0..4).map(|axis| value.fixed(axis)).collect() };
    assert_eq!(fixed(&codes), [Some(1), Some(8), Some(15), Some(12)]);
    let back = g.conv_transpose(&codes, &w, None, strided).unwrap();
    assert_eq!(fixed(&back), [Some(1), Some(3), Some(32), Some(48)]);
    let both = g.concat(&[&x, &back], 1).unwrap();
    assert_eq!(fixed(&both), [Some(1), Some(6), Some(32), Some(48)]);
    let flat = g.flatten(&both).unwrap();
    assert_eq!(flat.fixed(1), Some(6 * 32 * 48));
}

#[test]
fn names_are_used_once_and_before_they_are_read() {
    let mut g = GraphBuilder::new("names");
    let x = g.input("x", F32, &[4.into()]).unwrap();
    let twice = g.weights("x", &[1], &[1.0]);
    assert_eq!(twice, Err(OnnxError::Duplicate { name: "x".to_owned() }));
    assert!(matches!(g.weights("", &[1], &[1.0]), Err(OnnxError::Name { .. })));
    assert!(matches!(g.weights("a\nb", &[1], &[1.0]), Err(OnnxError::Name { .. })));
    let mut other = GraphBuilder::new("other");
    assert_eq!(other.relu(&x), Err(OnnxError::Undefined { name: "x".to_owned() }));
    assert_eq!(other.finish(), Err(OnnxError::NoOutput));
}

#[test]
fn shapes_and_types_that_do_not_fit_are_refused_when_the_node_is_added() {
    let mut g = GraphBuilder::new("faults");
    let x = g.input("x", F32, &image_axes()).unwrap();
    let numbers = g.integers("numbers", &[1, 2]).unwrap();
    assert!(matches!(g.add(&x, &numbers), Err(OnnxError::Element { .. })));
    assert!(matches!(g.relu(&numbers), Err(OnnxError::Element { .. })));
    let wrong_channels = g.weights("four", &[8, 4, 3, 3], &[0.0; 288]).unwrap();
    let conv = g.conv(&x, &wrong_channels, None, Convolution::same(3));
    assert!(matches!(conv, Err(OnnxError::Shape { .. })));
    let right = g.weights("three", &[8, 3, 3, 3], &[0.0; 216]).unwrap();
    let bias = g.weights("bias", &[7], &[0.0; 7]).unwrap();
    let conv = g.conv(&x, &right, Some(&bias), Convolution::same(3));
    assert!(matches!(conv, Err(OnnxError::Shape { .. })));
    let still = Convolution { stride: [0, 1], ..Convolution::PLAIN };
    assert!(matches!(g.conv(&x, &right, None, still), Err(OnnxError::Shape { .. })));
    assert!(matches!(g.add(&right, &bias), Err(OnnxError::Shape { .. })));
    let few = g.weights("few", &[2, 2], &[0.0; 3]);
    assert!(matches!(few, Err(OnnxError::WeightSize { expected: 4, actual: 3, .. })));
    let endless = g.weights("endless", &[u64::MAX, 2], &[0.0]);
    assert!(matches!(endless, Err(OnnxError::WeightSize { .. })));
}

#[test]
fn a_folded_normalisation_computes_what_the_pair_computed() {
    let (mut weights, mut bias) = (vec![2.0, -1.0, 0.5, 4.0], vec![1.0, -2.0]);
    let apply = |weights: &[f32], bias: &[f32], x: [f32; 2]| {
        [0, 1].map(|c| weights[2 * c] * x[0] + weights[2 * c + 1] * x[1] + bias[c])
    };
    let (scale, shift, mean, variance) = ([1.5, 0.2], [0.1, -0.3], [0.7, 0.4], [2.0, 0.5]);
    let x = [0.3, -0.8];
    let before = apply(&weights, &bias, x);
    let expected = [0, 1].map(|c: usize| {
        (before[c] - mean[c]) / (variance[c] + 1e-5_f32).sqrt() * scale[c] + shift[c]
    });
    fold_batch_normalization(&mut weights, &mut bias, &scale, &shift, &mean, &variance, 1e-5);
    for (folded, expected) in apply(&weights, &bias, x).into_iter().zip(expected) {
        assert!((folded - expected).abs() < 1e-5, "{folded} is not {expected}");
    }
}
