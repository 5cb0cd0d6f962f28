//! The element types of tensors.

use std::fmt;

/// Numbers and truth values; text and complex numbers are not computed with here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ElementType {
    /// True or false, one byte.
    Bool,
    /// Unsigned, 8 bits.
    U8,
    /// Signed, 8 bits.
    I8,
    /// Unsigned, 16 bits.
    U16,
    /// Signed, 16 bits.
    I16,
    /// Unsigned, 32 bits.
    U32,
    /// Signed, 32 bits.
    I32,
    /// Unsigned, 64 bits.
    U64,
    /// Signed, 64 bits.
    I64,
    /// Half precision.
    F16,
    /// The upper half of single precision.
    Bf16,
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

/// Type, code in the file format, name and bytes of an element.
const TABLE: [(ElementType, i32, &str, usize); 13] = [
    (ElementType::Bool, 9, "bool", 1),
    (ElementType::U8, 2, "u8", 1),
    (ElementType::I8, 3, "i8", 1),
    (ElementType::U16, 4, "u16", 2),
    (ElementType::I16, 5, "i16", 2),
    (ElementType::U32, 12, "u32", 4),
    (ElementType::I32, 6, "i32", 4),
    (ElementType::U64, 13, "u64", 8),
    (ElementType::I64, 7, "i64", 8),
    (ElementType::F16, 10, "f16", 2),
    (ElementType::Bf16, 16, "bf16", 2),
    (ElementType::F32, 1, "f32", 4),
    (ElementType::F64, 11, "f64", 8),
];

impl ElementType {
    /// Every type there is.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    /// The type of a `TensorProto.DataType`; `None` for text, complex and sub-byte types.
    pub fn from_code(code: i32) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == code).map(|row| row.0)
    }

    /// Its `TensorProto.DataType`.
    pub fn code(self) -> i32 {
        self.row().1
    }

    /// Its short name, such as `f32`.
    pub fn name(self) -> &'static str {
        self.row().2
    }

    /// Bytes of one element.
    pub fn size(self) -> usize {
        self.row().3
    }

    fn row(self) -> &'static (Self, i32, &'static str, usize) {
        // The table is in the order of the variants.
        &TABLE[self as usize]
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_code_and_stands_in_its_row() {
        for (index, element) in ElementType::all().enumerate() {
            assert_eq!(element as usize, index);
            assert_eq!(ElementType::from_code(element.code()), Some(element));
        }
        for text_complex_or_unheard_of in [0, 8, 14, 15, 21, -1, i32::MAX] {
            assert_eq!(ElementType::from_code(text_complex_or_unheard_of), None);
        }
    }
}
