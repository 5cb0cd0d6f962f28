//! The names of element types in the protocol and in Triton's configuration.

use crate::inference::ElementType;

/// Type, its name in tensors, its name in configurations.
const TABLE: [(ElementType, &str, &str); 13] = [
    (ElementType::Bool, "BOOL", "TYPE_BOOL"),
    (ElementType::U8, "UINT8", "TYPE_UINT8"),
    (ElementType::U16, "UINT16", "TYPE_UINT16"),
    (ElementType::U32, "UINT32", "TYPE_UINT32"),
    (ElementType::U64, "UINT64", "TYPE_UINT64"),
    (ElementType::I8, "INT8", "TYPE_INT8"),
    (ElementType::I16, "INT16", "TYPE_INT16"),
    (ElementType::I32, "INT32", "TYPE_INT32"),
    (ElementType::I64, "INT64", "TYPE_INT64"),
    (ElementType::F16, "FP16", "TYPE_FP16"),
    (ElementType::Bf16, "BF16", "TYPE_BF16"),
    (ElementType::F32, "FP32", "TYPE_FP32"),
    (ElementType::F64, "FP64", "TYPE_FP64"),
];

/// The type of that name in a tensor.
pub(super) fn find(name: &str) -> Option<ElementType> {
    TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
}

/// Every name that a tensor may have.
pub(super) fn names() -> String {
    TABLE.map(|row| row.1).join(", ")
}

/// Its name in a tensor.
pub(super) fn name(element: ElementType) -> &'static str {
    row(element).1
}

/// Its name in a configuration.
pub(super) fn configuration_name(element: ElementType) -> &'static str {
    row(element).2
}

/// Whether JSON has no numbers for it: such tensors travel as bytes only.
pub(super) fn is_binary_only(element: ElementType) -> bool {
    matches!(element, ElementType::F16 | ElementType::Bf16)
}

fn row(element: ElementType) -> &'static (ElementType, &'static str, &'static str) {
    TABLE.iter().find(|row| row.0 == element).expect("every type has a row")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_name_that_leads_back() {
        for element in ElementType::all() {
            assert_eq!(find(name(element)), Some(element));
            assert_eq!(configuration_name(element), format!("TYPE_{}", name(element)));
        }
        assert_eq!(find("BYTES"), None);
    }
}
