//! Measured tables.

mod masks;

pub use masks::MaskKind;
