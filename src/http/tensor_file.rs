//! Tensors as files: `.npy` for one, safetensors for any number of them.
//!
//! - NPY 1.0: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>
//! - Safetensors: <https://huggingface.co/docs/safetensors/index>

use serde_json::{Map, json};

use crate::inference::{ElementType, Tensor};

/// Media type of one tensor, as NumPy writes it.
pub(super) const NPY: &str = "application/x-npy";
/// Media type of tensors by name.
pub(super) const SAFETENSORS: &str = "application/x-safetensors";

/// One tensor; `None` if NumPy has no such numbers.
pub(super) fn npy(tensor: &Tensor) -> Option<Vec<u8>> {
    /// Where the numbers begin: a multiple of this.
    const ALIGNMENT: usize = 64;
    /// Magic number, version, and the length of the header.
    const BEFORE: usize = 10;
    let descr = numpy_name(tensor.element())?;
    let mut sides = tensor.shape().iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    if tensor.shape().len() == 1 {
        sides.push(',');
    }
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sides}), }}");
    let filled = (BEFORE + header.len() + 1).next_multiple_of(ALIGNMENT);
    header.push_str(&" ".repeat(filled - BEFORE - header.len() - 1));
    header.push('\n');
    let length = u16::try_from(header.len()).ok()?;
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend_from_slice(&length.to_le_bytes());
    file.extend_from_slice(header.as_bytes());
    tensor.append_le_bytes(&mut file);
    Some(file)
}

/// Tensors by name, with what else is to be said about them.
pub(super) fn safetensors(tensors: &[(String, Tensor)], about: &[(&str, String)]) -> Vec<u8> {
    /// Where the numbers begin: a multiple of this.
    const ALIGNMENT: usize = 8;
    let mut entries = Map::new();
    let about: Map<_, _> = about.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
    entries.insert("__metadata__".to_owned(), about.into());
    let mut numbers = Vec::new();
    for (name, tensor) in tensors {
        let begin = numbers.len();
        tensor.append_le_bytes(&mut numbers);
        let entry = json!({
            "dtype": tensor.element().to_string().to_uppercase(),
            "shape": tensor.shape(),
            "data_offsets": [begin, numbers.len()],
        });
        entries.insert(name.clone(), entry);
    }
    let mut header = serde_json::Value::from(entries).to_string();
    header.push_str(&" ".repeat(header.len().next_multiple_of(ALIGNMENT) - header.len()));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.append(&mut numbers);
    file
}

fn numpy_name(element: ElementType) -> Option<&'static str> {
    use ElementType as E;
    Some(match element {
        E::Bool => "|b1",
        E::U8 => "|u1",
        E::I8 => "|i1",
        E::U16 => "<u2",
        E::I16 => "<i2",
        E::U32 => "<u4",
        E::I32 => "<i4",
        E::U64 => "<u8",
        E::I64 => "<i8",
        E::F16 => "<f2",
        E::F32 => "<f4",
        E::F64 => "<f8",
        E::Bf16 => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tensor_is_what_numpy_writes() {
        let tensor = Tensor::new(vec![2, 3], vec![1_u8, 2, 3, 4, 5, 6]).unwrap();
        let file = npy(&tensor).unwrap();
        let header =
            b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }";
        assert!(file.starts_with(header), "{:?}", String::from_utf8_lossy(&file));
        assert_eq!((file.len(), file[127]), (128 + 6, b'\n'));
        assert_eq!(file[128..], [1, 2, 3, 4, 5, 6]);
        let row = npy(&Tensor::new(vec![1], vec![0.5_f32]).unwrap()).unwrap();
        assert!(
            String::from_utf8_lossy(&row).contains("'<f4', 'fortran_order': False, 'shape': (1,)")
        );
        assert!(npy(&Tensor::zeros(ElementType::Bf16, vec![1]).unwrap()).is_none());
    }

    #[test]
    fn tensors_by_name_say_where_each_lies() {
        let a = Tensor::new(vec![3], vec![1_u8, 2, 3]).unwrap();
        let b = Tensor::new(vec![1, 2], vec![0.5_f32, -1.0]).unwrap();
        let tensors = [("a".to_owned(), a), ("b".to_owned(), b.clone())];
        let file = safetensors(&tensors, &[("model", "net:1".to_owned())]);
        let length = usize::try_from(u64::from_le_bytes(file[..8].try_into().unwrap())).unwrap();
        assert_eq!(length % 8, 0);
        let header: serde_json::Value = serde_json::from_slice(&file[8..8 + length]).unwrap();
        assert_eq!(header["__metadata__"]["model"], "net:1");
        assert_eq!(header["a"], json!({"dtype": "U8", "shape": [3], "data_offsets": [0, 3]}));
        assert_eq!(header["b"], json!({"dtype": "F32", "shape": [1, 2], "data_offsets": [3, 11]}));
        assert_eq!(file[8 + length + 3..], b.to_le_bytes());
    }

    #[test]
    fn every_type_has_the_name_that_safetensors_gives_it() {
        let names: Vec<_> = ElementType::all().map(|e| e.to_string().to_uppercase()).collect();
        let known = "BOOL U8 I8 U16 I16 U32 I32 U64 I64 F16 BF16 F32 F64";
        assert_eq!(names.join(" "), known);
    }
}
