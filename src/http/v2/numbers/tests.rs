//! Numbers in lists become tensors, or an error that says which of them cannot.

use super::JsonData;
use super::read::DEEPEST;
use crate::inference::{ElementType, Tensor, TensorData};

fn read(json: &str, element: ElementType, shape: &[usize]) -> Result<Tensor, String> {
    let data: JsonData = serde_json::from_str(json).map_err(|error| error.to_string())?;
    data.into_tensor(element, shape.to_vec()).map_err(|error| error.to_string())
}

#[test]
fn flat_and_nested_numbers_of_every_type_are_read() {
    use ElementType as E;
    for (json, element, data) in [
        ("[1, 2, 3, 4]", E::U8, TensorData::U8(vec![1, 2, 3, 4])),
        ("[[1, 2], [3, 4]]", E::I64, TensorData::I64(vec![1, 2, 3, 4])),
        ("[1, 2.5, 3, -4]", E::F32, TensorData::F32(vec![1.0, 2.5, 3.0, -4.0])),
        ("[[0.1, 1e3], [2, 3]]", E::F64, TensorData::F64(vec![0.1, 1000.0, 2.0, 3.0])),
        ("[true, false, true, true]", E::Bool, TensorData::Bool(vec![true, false, true, true])),
        ("[1, 0, 1, 1]", E::Bool, TensorData::Bool(vec![true, false, true, true])),
        ("[0, 18446744073709551615, 1, 2]", E::U64, TensorData::U64(vec![0, u64::MAX, 1, 2])),
        ("[-9223372036854775808, 1, 2, 3]", E::I64, TensorData::I64(vec![i64::MIN, 1, 2, 3])),
    ] {
        assert_eq!(read(json, element, &[2, 2]), Ok(Tensor::new(vec![2, 2], data).unwrap()));
    }
}

#[test]
fn what_does_not_fit_is_named() {
    use ElementType as E;
    let deep = format!("{}{}", "[".repeat(DEEPEST + 1), "]".repeat(DEEPEST + 1));
    for (json, element, told) in [
        ("[1, 256]", E::U8, "data[1] is 256, which is no UINT8"),
        ("[-1, 2]", E::U16, "data[0] is -1, which is no UINT16"),
        ("[1, 2.5]", E::I32, "data[1] is 2.5, which is no INT32"),
        ("[1, 1e39]", E::F32, "data[1] is 1000"),
        ("[2, 0]", E::Bool, "data[0] is 2, which is no BOOL"),
        ("[true, false]", E::F32, "data[0] is true, which is no FP32"),
        ("[true, 1]", E::Bool, "mixes numbers and truth values"),
        ("[1, true]", E::Bool, "mixes numbers and truth values"),
        ("[-1, 18446744073709551615]", E::U64, "too far apart"),
        ("[1, 2, 3]", E::U8, "the shape [2] has 2 elements, but 3 are given"),
        ("[]", E::U8, "the shape [2] has 2 elements, but 0 are given"),
        ("[[1], [2]]", E::U8, "data is nested as [2, 1], but the shape is [2]"),
        ("[[1, 2], [3]]", E::U8, "lists of different lengths"),
        ("[[1], 2]", E::U8, "mixes numbers and lists"),
        ("[1, [2]]", E::U8, "mixes numbers and lists"),
        ("[[], 1]", E::U8, "mixes numbers and lists"),
        ("[1, []]", E::U8, "mixes numbers and lists"),
        ("1", E::U8, "must be a list"),
        ("[\"a\"]", E::U8, "holds text, but UINT8 is numbers"),
        ("[\"a\", 1]", E::U8, "mixes numbers and text"),
        ("[1, \"a\"]", E::U8, "mixes numbers and text"),
        ("[null, 1]", E::U8, "numbers or texts in lists"),
        ("{}", E::U8, "numbers or texts in lists"),
        ("[1, 2]", E::F16, "FP16 has no numbers in JSON"),
        (&deep, E::U8, "nested more than 16 deep"),
    ] {
        let error = read(json, element, &[2]).unwrap_err();
        assert!(error.contains(told), "{json}: {error}");
    }
}

#[test]
fn texts_in_lists_become_files() {
    let read = |json: &str, shape: &[usize]| {
        let data: JsonData = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let files = data.into_files(shape.to_vec()).map_err(|error| error.to_string())?;
        Ok::<_, String>(files.elements().concat())
    };
    assert_eq!(read("[\"AQ==\", \"Ag\"]", &[2]), Ok(vec![1, 2]));
    assert_eq!(read("[[\"AQ==\"], [\"Ag\"]]", &[2, 1]), Ok(vec![1, 2]));
    let many = format!("[{}\"\"]", "\"\",".repeat(256));
    for (json, told) in [
        ("[1]", "holds numbers, but BYTES in JSON is text in base64"),
        ("[\"ä\"]", "data[0] is no base64"),
        ("[[\"AQ\"], [\"Ag\"]]", "nested as [2, 1], but the shape is [1]"),
        ("[]", "has 1 elements, but 0 are given"),
        (&many, "more than 256 texts"),
    ] {
        let error = read(json, &[1]).unwrap_err();
        assert!(error.contains(told), "{json}: {error}");
    }
}
