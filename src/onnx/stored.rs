//! What a file that this program wrote holds beside its graph.

use std::collections::BTreeMap;

use prost::Message as _;

use super::proto::ModelProto;
use super::wire::malformed;
use super::{ElementType, InspectLimits, OnnxError, inspect};

/// A weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// Lengths of its axes.
    pub shape: Vec<usize>,
    /// Its numbers, row-major.
    pub values: Vec<f32>,
}

/// Notes and weights of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    /// By key.
    pub notes: BTreeMap<String, String>,
    /// Those of single precision, by name.
    pub weights: BTreeMap<String, Weight>,
}

/// Reads notes and weights.
///
/// # Errors
/// [`OnnxError`] for what [`inspect`] refuses.
pub fn read_stored(bytes: &[u8]) -> Result<Stored, OnnxError> {
    // Every weight has the size of its shape, or there is an error.
    inspect(bytes, &InspectLimits::default())?;
    let model = ModelProto::decode(bytes).map_err(|_| malformed("a message of another format"))?;
    let notes = model.metadata_props.into_iter().map(|note| (note.key, note.value)).collect();
    let mut weights = BTreeMap::new();
    let initializers = model.graph.into_iter().flat_map(|graph| graph.initializer);
    for weight in initializers.filter(|weight| weight.data_type == ElementType::F32.code()) {
        let (numbers, _) = weight.raw_data.as_chunks::<4>();
        let values: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let shape: Vec<usize> =
            weight.dims.iter().filter_map(|&length| length.try_into().ok()).collect();
        // Other programs may keep numbers in fields that are not read here.
        if values.len() == shape.iter().product::<usize>() {
            weights.insert(weight.name, Weight { shape, values });
        }
    }
    Ok(Stored { notes, weights })
}

#[cfg(test)]
mod tests {
    use super::{Weight, read_stored};
    use crate::onnx::{Convolution, ElementType, GraphBuilder};

    #[test]
    fn what_was_written_is_read() {
        let mut g = GraphBuilder::new("g");
        let axes = ["batch".into(), 1.into(), "height".into(), "width".into()];
        let x = g.input("x", ElementType::F32, &axes).unwrap();
        let numbers: Vec<f32> = (0..18).map(|i| 0.1 * i as f32).collect();
        let weight = g.weights("w", &[2, 1, 3, 3], &numbers).unwrap();
        let y = g.conv(&x, &weight, None, Convolution::same(3)).unwrap();
        g.output("y", &y).unwrap();
        let bytes = g.finish().unwrap().with_note("made", "today").encode();
        let found = read_stored(&bytes).unwrap();
        assert_eq!(found.weights["w"], Weight { shape: vec![2, 1, 3, 3], values: numbers });
        assert_eq!(found.notes["made"], "today");
        assert!(read_stored(&bytes[..bytes.len() / 2]).is_err());
    }
}
