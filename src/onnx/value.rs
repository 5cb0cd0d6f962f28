//! Names, types and shapes of a graph's inputs and outputs.

use std::fmt;

use super::ElementType;

/// The length of one axis.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// Always this long.
    Fixed(u64),
    /// Any length; the same wherever the name stands.
    Named(String),
    /// Any length.
    Unknown,
}

impl Dimension {
    /// The length, if it is always the same.
    pub fn fixed(&self) -> Option<u64> {
        match self {
            Self::Fixed(length) => Some(*length),
            Self::Named(_) | Self::Unknown => None,
        }
    }
}

impl From<u64> for Dimension {
    fn from(length: u64) -> Self {
        Self::Fixed(length)
    }
}

impl From<&str> for Dimension {
    fn from(name: &str) -> Self {
        Self::Named(name.to_owned())
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(length) => write!(formatter, "{length}"),
            Self::Named(name) => formatter.write_str(name),
            Self::Unknown => formatter.write_str("?"),
        }
    }
}

/// One input or output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueInfo {
    /// Its name.
    pub name: String,
    /// Type of its elements.
    pub element: ElementType,
    /// Its axes; `None` if even their number may vary.
    pub shape: Option<Vec<Dimension>>,
}
