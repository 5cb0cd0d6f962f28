//! Files that are broken, hostile, or only unusual.

use proptest::prelude::*;
use prost::Message as _;

use super::super::proto::{
    GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorProto,
};
use super::super::{Dimension, ElementType, GraphBuilder};
use super::*;

/// `y = relu(x + w)`.
fn sound() -> ModelProto {
    let mut g = GraphBuilder::new("sound");
    let x = g.input("x", ElementType::F32, &[Dimension::from("batch"), 4.into()]).unwrap();
    let w = g.weights("w", &[4], &[1.0; 4]).unwrap();
    let sum = g.add(&x, &w).unwrap();
    let y = g.relu(&sum).unwrap();
    g.output("y", &y).unwrap();
    ModelProto::decode(&g.finish().unwrap().encode()[..]).unwrap()
}

/// What is said of the sound model after a change.
fn changed(change: impl FnOnce(&mut GraphProto)) -> Result<Inspection, OnnxError> {
    let mut model = sound();
    change(model.graph.as_mut().unwrap());
    inspect(&model.encode_to_vec(), &InspectLimits::default())
}

fn tensor(name: &str, dims: &[i64], code: i32, raw: usize) -> TensorProto {
    TensorProto {
        dims: dims.to_vec(),
        data_type: code,
        name: name.to_owned(),
        raw_data: vec![0; raw],
        ..TensorProto::default()
    }
}

#[test]
fn every_truncation_is_an_error_or_a_smaller_whole() {
    let bytes = sound().encode_to_vec();
    assert!(inspect(&bytes, &InspectLimits::default()).is_ok());
    let graph_ends = bytes.len() - 16;
    for end in 0..graph_ends {
        assert!(inspect(&bytes[..end], &InspectLimits::default()).is_err(), "cut at {end}");
    }
}

#[test]
fn data_outside_the_file_is_refused_wherever_it_points() {
    for location in ["weights.bin", "../../etc/passwd", "/dev/zero", "http://localhost/", ""] {
        let refused = changed(|graph| {
            let entry = |key: &str, value: &str| StringStringEntryProto {
                key: key.to_owned(),
                value: value.to_owned(),
            };
            let mut weight = tensor("far", &[1 << 40], 1, 0);
            weight.external_data = vec![entry("location", location), entry("offset", "0")];
            weight.data_location = 1;
            graph.initializer.push(weight);
        });
        let (tensor, location) = ("far".to_owned(), location.to_owned());
        assert_eq!(refused, Err(OnnxError::ExternalData { tensor, location }));
    }
    // A node's constant may not lie outside either: field 5 of its attribute is a tensor.
    let mut weight = tensor("constant", &[1], 1, 0);
    weight.data_location = 1;
    let mut message = vec![0x2a];
    prost::encoding::encode_varint(weight.encoded_len() as u64, &mut message);
    weight.encode(&mut message).unwrap();
    let limits = InspectLimits::default();
    let refused = Walk::new(&limits).attribute(&message);
    assert!(matches!(refused, Err(OnnxError::ExternalData { .. })));
}

#[test]
fn a_weight_has_the_size_of_its_shape() {
    for (dims, code, raw) in [
        (vec![4_i64], 1, 15),
        (vec![1 << 40], 1, 16),
        (vec![i64::MAX, i64::MAX], 1, 0),
        (vec![-1], 1, 4),
        (vec![2, 2], 10, 16),
        (vec![4], 99, 4),
    ] {
        let refused = changed(|graph| graph.initializer.push(tensor("odd", &dims, code, raw)));
        let expected =
            matches!(refused, Err(OnnxError::WeightSize { .. } | OnnxError::Malformed { .. }));
        assert!(expected, "{dims:?}: {refused:?}");
    }
    let accepted = changed(|graph| graph.initializer.push(tensor("even", &[2, 2], 10, 8)));
    assert_eq!(accepted.unwrap().weight_elements, 8);
}

#[test]
fn a_cycle_and_a_hole_are_found_and_so_is_a_name_given_twice() {
    let cycle = changed(|graph| graph.node[0].input[1] = graph.node[1].output[0].clone());
    assert!(matches!(cycle, Err(OnnxError::Undefined { .. })), "{cycle:?}");
    let hole = changed(|graph| graph.node[0].input[0] = "nobody".to_owned());
    assert_eq!(hole, Err(OnnxError::Undefined { name: "nobody".to_owned() }));
    let itself = changed(|graph| graph.node[1].input[0] = graph.node[1].output[0].clone());
    assert!(matches!(itself, Err(OnnxError::Undefined { .. })), "{itself:?}");
    let twice = changed(|graph| graph.node[1].output[0] = "x".to_owned());
    assert_eq!(twice, Err(OnnxError::Duplicate { name: "x".to_owned() }));
    let nothing = changed(|graph| graph.output.clear());
    assert_eq!(nothing, Err(OnnxError::NoOutput));
}

#[test]
fn only_known_versions_of_the_operators_are_taken() {
    for version in [i64::MIN, -1, 0, 6, 27, i64::MAX] {
        let mut model = sound();
        model.opset_import = vec![OperatorSetIdProto { domain: String::new(), version }];
        let refused = inspect(&model.encode_to_vec(), &InspectLimits::default());
        assert!(matches!(refused, Err(OnnxError::Opset { actual, .. }) if actual == version));
    }
    let mut model = sound();
    model.opset_import.clear();
    let refused = inspect(&model.encode_to_vec(), &InspectLimits::default());
    assert!(matches!(refused, Err(OnnxError::Opset { actual: 0, .. })));
}

#[test]
fn text_and_complex_numbers_are_not_served() {
    for code in [0, 8, 14, 15, -1, 1000] {
        let refused = changed(|graph| {
            let kind = graph.input[0].r#type.as_mut().unwrap();
            kind.tensor_type.as_mut().unwrap().elem_type = code;
        });
        assert_eq!(refused, Err(OnnxError::UnsupportedType { value: "x".to_owned() }));
    }
}

#[test]
fn a_weight_that_may_be_overridden_is_no_input() {
    let inspection = changed(|graph| {
        let mut input = graph.input[0].clone();
        input.name = "w".to_owned();
        graph.input.push(input);
    });
    assert_eq!(inspection.unwrap().inputs.len(), 1);
}

#[test]
fn more_of_anything_than_the_limits_allow_is_refused() {
    let bytes = sound().encode_to_vec();
    let limits = InspectLimits::default();
    for narrow in [
        InspectLimits { bytes: bytes.len() as u64 - 1, ..limits.clone() },
        InspectLimits { nodes: 2, ..limits.clone() },
        InspectLimits { names: 5, ..limits.clone() },
        InspectLimits { values: 1, ..limits.clone() },
    ] {
        let refused = inspect(&bytes, &narrow);
        assert!(matches!(refused, Err(OnnxError::TooMany { .. })), "{narrow:?}: {refused:?}");
    }
    // Two bytes a node: a file of a megabyte would be half a million structures.
    let node = vec![NodeProto::default(); 500_000];
    let graph = GraphProto { node, ..GraphProto::default() };
    let model = ModelProto { graph: Some(graph), ..sound() };
    assert!(inspect(&model.encode_to_vec(), &limits).is_err());
}

#[test]
fn graphs_within_graphs_end_at_some_depth() {
    let mut graph = Vec::new();
    for _ in 0..10_000 {
        // A node (1) with an attribute (5) that is a graph (6).
        for tag in [0x32, 0x2a, 0x0a] {
            let mut outer = vec![tag];
            prost::encoding::encode_varint(graph.len() as u64, &mut outer);
            outer.append(&mut graph);
            graph = outer;
        }
        if graph.len() > 60_000 {
            break;
        }
    }
    let mut file = vec![0x3a];
    prost::encoding::encode_varint(graph.len() as u64, &mut file);
    file.append(&mut graph);
    file.extend([0x42, 0x02, 0x10, 17]);
    let refused = inspect(&file, &InspectLimits::default());
    assert_eq!(refused, Err(OnnxError::Malformed { what: "graphs nested too deep" }));
}

proptest! {
    #[test]
    fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = inspect(&bytes, &InspectLimits::default());
    }

    #[test]
    fn any_change_of_a_few_bytes_gives_an_answer(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = sound().encode_to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(inspection) = inspect(&bytes, &InspectLimits::default()) {
            prop_assert!(inspection.weight_bytes <= bytes.len() as u64);
        }
    }
}
