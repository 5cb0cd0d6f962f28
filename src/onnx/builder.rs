//! Puts a graph together node by node, checking names, types and shapes as far as that is cheap.

use std::collections::HashSet;

use super::encode::Model;
use super::proto::{
    AttributeProto, DimensionProto, GraphProto, NodeProto, TensorProto, TensorShapeProto,
    TensorTypeProto, TypeProto, ValueInfoProto,
};
use super::{Dimension, ElementType, OnnxError};

/// The version of the operators that are written: the first with everything used here, read by
/// every runtime of the last years.
pub const OPSET: i64 = 17;

/// What a node, a weight or an input gives: a name with a type and, as far as known, a shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    pub(super) name: String,
    pub(super) element: ElementType,
    /// `None`: not even the number of axes is known.
    pub(super) shape: Option<Vec<Dimension>>,
}

impl Value {
    /// Its name in the graph.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Type of its elements.
    pub fn element(&self) -> ElementType {
        self.element
    }

    /// Its axes, as far as known.
    pub fn shape(&self) -> Option<&[Dimension]> {
        self.shape.as_deref()
    }

    /// The length of axis `index`, if it is known and fixed.
    pub(super) fn fixed(&self, index: usize) -> Option<u64> {
        self.shape.as_ref()?.get(index)?.fixed()
    }
}

/// A constant parameter of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// One whole number.
    Int(i64),
    /// Whole numbers.
    Ints(Vec<i64>),
    /// One real number.
    Float(f32),
    /// A word.
    Text(&'static str),
}

impl Attribute {
    fn encode(self, name: &str) -> AttributeProto {
        let mut proto = AttributeProto { name: name.to_owned(), ..AttributeProto::default() };
        // Kinds as `AttributeProto.AttributeType` numbers them.
        match self {
            Self::Float(number) => (proto.f, proto.kind) = (Some(number), 1),
            Self::Int(number) => (proto.i, proto.kind) = (Some(number), 2),
            Self::Text(text) => (proto.s, proto.kind) = (Some(text.as_bytes().to_vec()), 3),
            Self::Ints(numbers) => (proto.ints, proto.kind) = (numbers, 7),
        }
        proto
    }
}

/// A graph in the making. The operators are methods; every one gives the [`Value`] it computes.
#[derive(Clone, Debug)]
pub struct GraphBuilder {
    graph: GraphProto,
    names: HashSet<String>,
}

impl GraphBuilder {
    /// An empty graph.
    pub fn new(name: &str) -> Self {
        let graph = GraphProto { name: name.to_owned(), ..GraphProto::default() };
        Self { graph, names: HashSet::new() }
    }

    /// Adds an input.
    ///
    /// # Errors
    /// [`OnnxError::Name`] or [`OnnxError::Duplicate`] if the name cannot be used.
    pub fn input(
        &mut self,
        name: &str,
        element: ElementType,
        shape: &[Dimension],
    ) -> Result<Value, OnnxError> {
        self.define(name)?;
        let value = Value { name: name.to_owned(), element, shape: Some(shape.to_vec()) };
        self.graph.input.push(describe(name, &value));
        Ok(value)
    }

    /// Makes `value` an output under a name of its own.
    ///
    /// # Errors
    /// [`OnnxError::Name`], [`OnnxError::Duplicate`] or [`OnnxError::Undefined`] for bad names.
    pub fn output(&mut self, name: &str, value: &Value) -> Result<(), OnnxError> {
        self.define(name)?;
        self.check_defined(value)?;
        self.graph.node.push(NodeProto {
            input: vec![value.name.clone()],
            output: vec![name.to_owned()],
            name: format!("give_{name}"),
            op_type: "Identity".to_owned(),
            attribute: Vec::new(),
        });
        self.graph.output.push(describe(name, value));
        Ok(())
    }

    /// Adds weights of single precision.
    ///
    /// # Errors
    /// [`OnnxError::WeightSize`] if there are not as many as the shape says; bad names as above.
    pub fn weights(
        &mut self,
        name: &str,
        shape: &[u64],
        weights: &[f32],
    ) -> Result<Value, OnnxError> {
        let raw = weights.iter().flat_map(|weight| weight.to_le_bytes()).collect();
        self.raw_weights(name, ElementType::F32, shape, weights.len(), raw)
    }

    /// Adds weights of half precision, rounded to the nearest.
    ///
    /// # Errors
    /// As [`GraphBuilder::weights`].
    pub fn half_weights(
        &mut self,
        name: &str,
        shape: &[u64],
        weights: &[f32],
    ) -> Result<Value, OnnxError> {
        let round = |weight: &f32| half::f16::from_f32(*weight).to_le_bytes();
        let raw = weights.iter().flat_map(round).collect();
        self.raw_weights(name, ElementType::F16, shape, weights.len(), raw)
    }

    /// Adds a list of whole numbers, such as sizes or positions.
    ///
    /// # Errors
    /// As [`GraphBuilder::weights`].
    pub fn integers(&mut self, name: &str, numbers: &[i64]) -> Result<Value, OnnxError> {
        let raw = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.raw_weights(name, ElementType::I64, &[numbers.len() as u64], numbers.len(), raw)
    }

    /// Adds a single number of the given type: single or half precision.
    ///
    /// # Errors
    /// [`OnnxError::Element`] for other types.
    pub fn scalar(&mut self, element: ElementType, number: f32) -> Result<Value, OnnxError> {
        let name = self.fresh("scalar");
        match element {
            ElementType::F32 => self.weights(&name, &[], &[number]),
            ElementType::F16 => self.half_weights(&name, &[], &[number]),
            other => Err(OnnxError::Element {
                operator: "a scalar".to_owned(),
                expected: "f32 or f16".to_owned(),
                actual: other.to_string(),
            }),
        }
    }

    /// Adds any operator of the default domain that gives one value. The methods for single
    /// operators check more; this one checks that the inputs are of this graph.
    ///
    /// # Errors
    /// [`OnnxError::Undefined`] if an input is not of this graph.
    pub fn node(
        &mut self,
        operator: &str,
        inputs: &[Option<&Value>],
        attributes: Vec<(&str, Attribute)>,
        element: ElementType,
        shape: Option<Vec<Dimension>>,
    ) -> Result<Value, OnnxError> {
        for input in inputs.iter().flatten() {
            self.check_defined(input)?;
        }
        let name = self.fresh(operator);
        self.define(&name)?;
        let read = |input: Option<&Value>| input.map_or_else(String::new, |v| v.name.clone());
        self.graph.node.push(NodeProto {
            input: inputs.iter().copied().map(read).collect(),
            output: vec![name.clone()],
            name: format!("node_{name}"),
            op_type: operator.to_owned(),
            attribute: attributes.into_iter().map(|(name, value)| value.encode(name)).collect(),
        });
        Ok(Value { name, element, shape })
    }

    /// Ends the work.
    ///
    /// # Errors
    /// [`OnnxError::NoOutput`] if nothing was made an output.
    pub fn finish(self) -> Result<Model, OnnxError> {
        if self.graph.output.is_empty() {
            return Err(OnnxError::NoOutput);
        }
        Ok(Model::new(self.graph))
    }

    /// A name that nothing has yet; the same for the same graph.
    pub(super) fn fresh(&self, what: &str) -> String {
        let what = what.to_lowercase();
        let count = self.graph.node.len() + self.graph.initializer.len();
        let mut name = format!("{what}_{count}");
        while self.names.contains(&name) {
            name.push('_');
        }
        name
    }

    fn raw_weights(
        &mut self,
        name: &str,
        element: ElementType,
        shape: &[u64],
        actual: usize,
        raw_data: Vec<u8>,
    ) -> Result<Value, OnnxError> {
        let expected = shape.iter().try_fold(1_u64, |product, &side| product.checked_mul(side));
        let expected = expected.unwrap_or(u64::MAX);
        if expected != actual as u64 {
            let actual = actual as u64;
            return Err(OnnxError::WeightSize { tensor: name.to_owned(), expected, actual });
        }
        self.define(name)?;
        self.graph.initializer.push(TensorProto {
            dims: shape.iter().map(|&side| side.cast_signed()).collect(),
            data_type: element.code(),
            name: name.to_owned(),
            raw_data,
            ..TensorProto::default()
        });
        let shape = shape.iter().map(|&side| Dimension::Fixed(side)).collect();
        Ok(Value { name: name.to_owned(), element, shape: Some(shape) })
    }

    fn define(&mut self, name: &str) -> Result<(), OnnxError> {
        let name = name.to_owned();
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(OnnxError::Name { name });
        }
        if !self.names.insert(name.clone()) {
            return Err(OnnxError::Duplicate { name });
        }
        Ok(())
    }

    fn check_defined(&self, value: &Value) -> Result<(), OnnxError> {
        if self.names.contains(&value.name) {
            Ok(())
        } else {
            Err(OnnxError::Undefined { name: value.name.clone() })
        }
    }
}

fn describe(name: &str, value: &Value) -> ValueInfoProto {
    let axis = |dimension: &Dimension| match dimension {
        Dimension::Fixed(length) => {
            DimensionProto { dim_value: Some(length.cast_signed()), dim_param: None }
        }
        Dimension::Named(name) => DimensionProto { dim_value: None, dim_param: Some(name.clone()) },
        Dimension::Unknown => DimensionProto::default(),
    };
    let shape = value.shape.as_ref().map(|axes| axes.iter().map(axis).collect());
    let tensor = TensorTypeProto {
        elem_type: value.element.code(),
        shape: shape.map(|dim| TensorShapeProto { dim }),
    };
    let r#type = TypeProto { tensor_type: Some(tensor) };
    ValueInfoProto { name: name.to_owned(), r#type: Some(r#type) }
}

#[cfg(test)]
mod tests;
