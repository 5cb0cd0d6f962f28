//! What can be wrong with a graph, written or read.

/// Why a graph cannot be built, or a file is not accepted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// The bytes end too early or are not of the format.
    #[error("not a readable ONNX file: {what}")]
    Malformed {
        /// What was found.
        what: &'static str,
    },
    /// More of something than the limits allow.
    #[error("the model has {actual} {what}, but at most {limit} are allowed")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many are allowed.
        limit: u64,
        /// How many there are; counting stops once it is clear that there are too many.
        actual: u64,
    },
    /// The file wants another file read.
    #[error("`{tensor}` lies outside the file, in `{location}`, and external data is not read")]
    ExternalData {
        /// The tensor.
        tensor: String,
        /// Where it is said to lie.
        location: String,
    },
    /// The version of the operators is missing or not one that is known here.
    #[error("the model wants opset {actual}, but {oldest} to {newest} are supported")]
    Opset {
        /// The version asked for; zero if none was.
        actual: i64,
        /// The oldest that is supported.
        oldest: i64,
        /// The newest that is supported.
        newest: i64,
    },
    /// An input or output is not a tensor of numbers.
    #[error("`{value}` is not a tensor of a supported element type")]
    UnsupportedType {
        /// The input, output or weight.
        value: String,
    },
    /// A weight does not have as many elements as its shape says.
    #[error("`{tensor}` has the shape of {expected} elements, but {actual} are there")]
    WeightSize {
        /// The weight.
        tensor: String,
        /// Elements by its shape.
        expected: u64,
        /// Elements found.
        actual: u64,
    },
    /// A node reads what no earlier node, weight or input gives: a cycle, or a hole in the graph.
    #[error("`{name}` is used before anything gives it")]
    Undefined {
        /// The name.
        name: String,
    },
    /// Two things have the same name.
    #[error("`{name}` is defined twice")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// A name is empty or holds control characters.
    #[error("{name:?} is no usable name")]
    Name {
        /// The name.
        name: String,
    },
    /// An operator was given a shape that it cannot take.
    #[error("{operator}: {reason}")]
    Shape {
        /// The operator.
        operator: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An operator was given an element type that it cannot take.
    #[error("{operator} needs {expected}, but was given {actual}")]
    Element {
        /// The operator.
        operator: String,
        /// What it needs.
        expected: String,
        /// What it was given.
        actual: String,
    },
    /// A graph without an output computes nothing.
    #[error("the graph has no output")]
    NoOutput,
}
