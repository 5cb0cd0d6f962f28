//! The weights of a file that this program wrote.

use std::collections::BTreeMap;

use prost::Message as _;

use super::proto::ModelProto;
use super::wire::malformed;
use super::{ElementType, InspectLimits, OnnxError, inspect};

/// A weight and its shape, row-major.
pub type Weight = (Vec<usize>, Vec<f32>);

/// The weights of single precision, by name.
///
/// # Errors
/// [`OnnxError`] for what [`inspect`] refuses.
pub fn read_weights(bytes: &[u8]) -> Result<BTreeMap<String, Weight>, OnnxError> {
    // Every weight has the size of its shape, or there is an error.
    inspect(bytes, &InspectLimits::default())?;
    let model = ModelProto::decode(bytes).map_err(|_| malformed("a message of another format"))?;
    let stored = model.graph.into_iter().flat_map(|graph| graph.initializer);
    let mut weights = BTreeMap::new();
    for weight in stored.filter(|weight| weight.data_type == ElementType::F32.code()) {
        let (numbers, _) = weight.raw_data.as_chunks::<4>();
        let values: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let shape: Vec<usize> =
            weight.dims.iter().filter_map(|&length| length.try_into().ok()).collect();
        // Other programs may keep numbers in fields that are not read here.
        if values.len() == shape.iter().product::<usize>() {
            weights.insert(weight.name, (shape, values));
        }
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::read_weights;
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
        let bytes = g.finish().unwrap().encode();
        let found = read_weights(&bytes).unwrap();
        assert_eq!(found["w"], (vec![2, 1, 3, 3], numbers));
        assert!(read_weights(&bytes[..bytes.len() / 2]).is_err());
    }
}
