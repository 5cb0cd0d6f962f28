//! What stands in an input or an output: numbers, or files in a tensor of `BYTES`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::http::upload::BASE64;
use crate::inference::Tensor;

/// The datatype of files.
pub(super) const BYTES: &str = "BYTES";
/// Files of one tensor.
pub(super) const MOST_FILES: usize = 256;

/// What stands in an input or an output.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Numbers.
    Numbers(Tensor),
    /// Elements of any length each.
    Files(Files),
}

/// A tensor of `BYTES`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Files {
    shape: Vec<usize>,
    elements: Vec<Bytes>,
}

impl Files {
    /// Files one after another.
    pub(super) fn list(elements: Vec<Bytes>) -> Self {
        Self { shape: vec![elements.len()], elements }
    }

    /// Reads elements as they travel behind the JSON: the length of each in four bytes, the least
    /// significant first, then the element.
    pub(super) fn from_bytes(shape: Vec<usize>, mut bytes: Bytes) -> Result<Self, String> {
        let count = count(&shape)?;
        let mut elements = Vec::with_capacity(count);
        for index in 0..count {
            let left = bytes.len();
            let (length, _) = bytes.split_first_chunk().ok_or_else(|| {
                format!("element {index} needs 4 bytes for its length, but {left} are left")
            })?;
            let length = u32::from_le_bytes(*length) as usize;
            let rest = bytes.split_off(4);
            if length > rest.len() {
                let left = rest.len();
                return Err(format!("element {index} has {length} bytes, but {left} are left"));
            }
            bytes = rest;
            elements.push(bytes.split_to(length));
        }
        if bytes.is_empty() {
            Ok(Self { shape, elements })
        } else {
            Err(format!("{} bytes stand behind the last element of {shape:?}", bytes.len()))
        }
    }

    /// Reads elements from texts in base64.
    pub(super) fn from_texts(shape: Vec<usize>, texts: &[String]) -> Result<Self, String> {
        let (expected, actual) = (count(&shape)?, texts.len());
        if expected != actual {
            return Err(format!(
                "the shape {shape:?} has {expected} elements, but {actual} are given"
            ));
        }
        let decode = |(index, text): (usize, &String)| {
            let decoded = BASE64.decode(text).map(Bytes::from);
            decoded.map_err(|_| format!("data[{index}] is no base64"))
        };
        let elements = texts.iter().enumerate().map(decode).collect::<Result<_, _>>()?;
        Ok(Self { shape, elements })
    }

    /// Lengths of the axes.
    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements row by row.
    pub(super) fn elements(&self) -> &[Bytes] {
        &self.elements
    }

    /// Adds the elements as they travel behind the JSON.
    fn append(&self, bytes: &mut Vec<u8>) {
        for element in &self.elements {
            // What is sent back was held in memory, so it is shorter than a body may be.
            let length = u32::try_from(element.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(element);
        }
    }

    /// The elements as texts in base64.
    pub(super) fn to_texts(&self) -> Vec<String> {
        self.elements.iter().map(|element| STANDARD.encode(element)).collect()
    }

    /// Bytes that it takes behind the JSON.
    fn length(&self) -> usize {
        self.elements.iter().map(|element| 4 + element.len()).sum()
    }
}

impl Value {
    /// Bytes that it takes behind the JSON.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Numbers(tensor) => tensor.byte_length(),
            Self::Files(files) => files.length(),
        }
    }

    /// Adds it to bytes as it travels behind the JSON.
    pub(super) fn append(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Numbers(tensor) => tensor.append_le_bytes(bytes),
            Self::Files(files) => files.append(bytes),
        }
    }
}

fn count(shape: &[usize]) -> Result<usize, String> {
    let count = shape.iter().try_fold(1_usize, |product, &side| product.checked_mul(side));
    match count {
        Some(count) if count <= MOST_FILES => Ok(count),
        _ => Err(format!(
            "the shape {shape:?} has more than the {MOST_FILES} elements that BYTES may have"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(shape: &[usize], bytes: &'static [u8]) -> Result<Files, String> {
        Files::from_bytes(shape.to_vec(), Bytes::from_static(bytes))
    }

    #[test]
    fn files_go_to_bytes_and_texts_and_back() {
        let files = Files::list(vec![Bytes::from_static(b"\x89P"), Bytes::new()]);
        let mut bytes = Vec::new();
        files.append(&mut bytes);
        assert_eq!(bytes, b"\x02\0\0\0\x89P\0\0\0\0");
        assert_eq!(read(&[2], b"\x02\0\0\0\x89P\0\0\0\0"), Ok(files.clone()));
        assert_eq!(files.to_texts(), ["iVA=", ""]);
        assert_eq!(Files::from_texts(vec![2], &files.to_texts()), Ok(files));
    }

    #[test]
    fn lengths_that_do_not_fit_are_told() {
        for (shape, bytes, told) in [
            (&[1][..], &b""[..], "element 0 needs 4 bytes for its length, but 0 are left"),
            (&[1], b"\x01\0\0", "but 3 are left"),
            (&[1], b"\x02\0\0\0a", "element 0 has 2 bytes, but 1 are left"),
            (&[2], b"\x01\0\0\0a\xff\xff\xff\xff", "element 1 has 4294967295 bytes"),
            (&[1], b"\x01\0\0\0ab", "1 bytes stand behind the last element"),
            (&[0], b"a", "1 bytes stand behind"),
            (&[257], b"", "more than the 256 elements"),
            (&[usize::MAX, 2], b"", "more than the 256 elements"),
        ] {
            let error = read(shape, bytes).unwrap_err();
            assert!(error.contains(told), "{told}: {error}");
        }
        let error = Files::from_texts(vec![2], &["AA==".to_owned()]).unwrap_err();
        assert_eq!(error, "the shape [2] has 2 elements, but 1 are given");
        let error = Files::from_texts(vec![1], &["%".to_owned()]).unwrap_err();
        assert_eq!(error, "data[0] is no base64");
    }
}
