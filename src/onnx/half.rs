//! The same graph with half the bits.

use std::collections::BTreeMap;

use half::f16;

use super::encode::Model;
use super::proto::{AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto};
use super::{ElementType, OnnxError};

/// Operators that compute with numbers of half precision as they do with single ones. What `Resize`
/// enlarges by is an input of its own, which stays as it is.
const OPERATORS: [&str; 12] = [
    "Add",
    "AveragePool",
    "Concat",
    "Conv",
    "Flatten",
    "GlobalAveragePool",
    "Identity",
    "Mul",
    "Neg",
    "Relu",
    "Resize",
    "Sub",
];

impl Model {
    /// The model with weights and intermediate results of half precision: half the size, and faster
    /// where a device computes with such numbers. Inputs and outputs stay of single precision.
    ///
    /// # Errors
    /// [`OnnxError::Element`] for an operator that has not been looked at, or a weight beyond what
    /// half precision can express.
    pub fn halved(&self) -> Result<Self, OnnxError> {
        self.map(|graph| halve(graph.clone()))
    }
}

fn halve(mut graph: GraphProto) -> Result<GraphProto, OnnxError> {
    for node in &graph.node {
        if !OPERATORS.contains(&node.op_type.as_str()) {
            return Err(unsuitable(
                &node.op_type,
                "an operator that half precision was tried with",
            ));
        }
    }
    let factors: Vec<String> = graph
        .node
        .iter()
        .filter(|node| node.op_type == "Resize")
        .flat_map(|node| node.input.iter().skip(1).cloned())
        .collect();
    for weight in &mut graph.initializer {
        if !factors.contains(&weight.name) {
            halve_weight(weight)?;
        }
    }
    // Inside the graph, what comes in and what goes out has a name of its own.
    let inner = |value: &ValueInfoProto| (value.name.clone(), format!("{}.half", value.name));
    let inputs: BTreeMap<_, _> = graph.input.iter().filter(|v| is_single(v)).map(inner).collect();
    let outputs: BTreeMap<_, _> = graph.output.iter().filter(|v| is_single(v)).map(inner).collect();
    for node in &mut graph.node {
        for name in &mut node.input {
            if let Some(inner) = inputs.get(name).or_else(|| outputs.get(name)) {
                name.clone_from(inner);
            }
        }
        for name in &mut node.output {
            if let Some(inner) = outputs.get(name) {
                name.clone_from(inner);
            }
        }
    }
    let into = inputs.iter().map(|(name, inner)| cast(name, inner, ElementType::F16));
    let back = outputs.iter().map(|(name, inner)| cast(inner, name, ElementType::F32));
    graph.node = into.chain(graph.node).chain(back).collect();
    Ok(graph)
}

fn halve_weight(weight: &mut TensorProto) -> Result<(), OnnxError> {
    if weight.data_type != ElementType::F32.code() {
        return Ok(());
    }
    let (numbers, _) = weight.raw_data.as_chunks::<4>();
    let halves: Vec<f16> =
        numbers.iter().map(|bytes| f16::from_f32(f32::from_le_bytes(*bytes))).collect();
    if halves.iter().any(|number| !number.is_finite()) {
        return Err(unsuitable(&weight.name, "numbers that half precision can express"));
    }
    weight.raw_data = halves.iter().flat_map(|number| number.to_le_bytes()).collect();
    weight.data_type = ElementType::F16.code();
    Ok(())
}

fn cast(from: &str, to: &str, element: ElementType) -> NodeProto {
    // An attribute that is a whole number, as `AttributeProto.AttributeType` numbers it.
    const INT: i32 = 2;
    NodeProto {
        input: vec![from.to_owned()],
        output: vec![to.to_owned()],
        name: format!("{to}.cast"),
        op_type: "Cast".to_owned(),
        attribute: vec![AttributeProto {
            name: "to".to_owned(),
            i: Some(element.code().into()),
            kind: INT,
            ..AttributeProto::default()
        }],
    }
}

fn is_single(value: &ValueInfoProto) -> bool {
    let tensor = value.r#type.as_ref().and_then(|value| value.tensor_type.as_ref());
    tensor.is_some_and(|tensor| tensor.elem_type == ElementType::F32.code())
}

fn unsuitable(what: &str, expected: &str) -> OnnxError {
    OnnxError::Element {
        operator: "half precision".to_owned(),
        expected: expected.to_owned(),
        actual: format!("`{what}`"),
    }
}

#[cfg(test)]
mod tests {
    use crate::onnx::{
        Convolution, ElementType, GraphBuilder, InspectLimits, Interpolation, inspect,
    };

    #[test]
    fn a_halved_network_is_half_as_large_and_has_the_same_inputs_and_outputs() {
        let mut g = GraphBuilder::new("g");
        let axes = ["batch".into(), 16.into(), "height".into(), "width".into()];
        let x = g.input("x", ElementType::F32, &axes).unwrap();
        let weights: Vec<f32> = (0..16 * 16 * 9).map(|i| (i as f32).sin()).collect();
        let weights = g.weights("w", &[16, 16, 3, 3], &weights).unwrap();
        let y = g.conv(&x, &weights, None, Convolution::same(3)).unwrap();
        let y = g.resize(&y, 2.0, Interpolation::Nearest).unwrap();
        g.output("y", &y).unwrap();
        let whole = g.finish().unwrap();
        let halved = whole.halved().unwrap();
        let limits = InspectLimits::default();
        let [a, b] = [&whole, &halved].map(|model| inspect(&model.encode(), &limits).unwrap());
        assert_eq!((a.inputs, a.outputs), (b.inputs, b.outputs));
        let (whole, halved) = (whole.encode().len(), halved.encode().len());
        assert!(halved < whole * 55 / 100, "{halved} of {whole}");
    }

    #[test]
    fn weights_beyond_half_precision_are_refused() {
        let mut g = GraphBuilder::new("g");
        let x = g.input("x", ElementType::F32, &["n".into()]).unwrap();
        let w = g.weights("w", &[1], &[1e6]).unwrap();
        let y = g.add(&x, &w).unwrap();
        g.output("y", &y).unwrap();
        let fault = g.finish().unwrap().halved().unwrap_err().to_string();
        assert!(fault.contains("`w`"), "{fault}");
    }
}
