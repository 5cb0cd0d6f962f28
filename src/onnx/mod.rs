//! The file format of neural networks, ONNX: written, and read as far as a server must know it.
//!
//! - [`GraphBuilder`] writes the operators that restoration networks are made of, in the default
//!   domain at one opset; [`Model::encode`] gives the same bytes for the same graph.
//! - [`inspect`] reads inputs, outputs, opset and sizes from bytes that may be hostile, in one walk
//!   that copies no weights and builds no tree; [`read_stored`] then reads what this program wrote.
//!
//! The runtime that computes such files lies elsewhere. The specification is the ONNX project's
//! `docs/IR.md` and `onnx.proto`.

mod builder;
mod element;
mod encode;
mod error;
mod graph;
mod half;
mod inspect;
mod operators;
mod proto;
mod stored;
mod value;
mod weights;
mod wire;

pub use builder::{Attribute, GraphBuilder, OPSET, Value};
pub use element::ElementType;
pub use encode::Model;
pub use error::OnnxError;
pub use inspect::{InspectLimits, Inspection, inspect};
pub use operators::{Convolution, Interpolation, PadMode, Pool, Reduction};
pub use stored::{Stored, Weight, read_stored};
pub use value::{Dimension, ValueInfo};
pub use weights::fold_batch_normalization;
