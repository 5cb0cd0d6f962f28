use super::{Dictionary, DictionaryError, DictionaryKind, TrainingRecord};
use crate::numerics::Random;
use sha2::{Digest, Sha256};

fn record() -> TrainingRecord {
    TrainingRecord {
        data: "three images".to_owned(),
        seed: 7,
        iterations: 40,
        objective: Some(12.5),
        parameters: serde_json::json!({ "lambda": 0.2 }),
    }
}

fn filters() -> Dictionary {
    let mut random = Random::seeded(1);
    let taps = (0..5 * 9).map(|_| random.normal()).collect();
    Dictionary::new(DictionaryKind::Filters, 3, taps, record()).unwrap()
}

#[test]
fn a_file_gives_back_the_dictionary() {
    let dictionary = filters();
    let bytes = dictionary.to_bytes().unwrap();
    assert_eq!(Dictionary::from_bytes(&bytes).unwrap(), dictionary);
    assert_eq!((dictionary.count(), dictionary.side()), (5, 3));
}

#[test]
fn every_single_damaged_byte_is_noticed() {
    let bytes = filters().to_bytes().unwrap();
    for position in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[position] ^= 0x10;
        assert!(Dictionary::from_bytes(&damaged).is_err(), "byte {position}");
    }
    for length in 0..bytes.len() {
        assert!(Dictionary::from_bytes(&bytes[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_header_that_lies_about_sizes_is_refused() {
    let honest = filters().to_bytes().unwrap();
    let text = String::from_utf8_lossy(&honest[14..40]).into_owned();
    assert!(text.contains("\"side\":3"), "{text}");
    let mut bytes = honest[..honest.len() - 32].to_vec();
    let side = bytes.windows(8).position(|window| window == b"\"side\":3").unwrap();
    bytes[side + 7] = b'9';
    let digest = Sha256::digest(&bytes);
    bytes.extend_from_slice(&digest);
    let refused = Dictionary::from_bytes(&bytes).err();
    assert_eq!(refused, Some(DictionaryError::Length { expected: 5 * 81 * 4, actual: 5 * 9 * 4 }));
}

#[test]
fn other_files_and_later_versions_are_named() {
    assert_eq!(Dictionary::from_bytes(b"PNG").err(), Some(DictionaryError::NotADictionary));
    let mut bytes = filters().to_bytes().unwrap();
    bytes[8] = 9;
    let later = DictionaryError::Version { version: 9, supported: 1 };
    assert_eq!(Dictionary::from_bytes(&bytes).err(), Some(later));
}

#[test]
fn atoms_must_be_whole_finite_and_for_a_transform_orthonormal() {
    let new = |kind, side, taps| Dictionary::new(kind, side, taps, record()).err();
    let filters = DictionaryKind::Filters;
    assert_eq!(new(filters, 2, vec![0.0; 7]), Some(DictionaryError::Shape { side: 2, taps: 7 }));
    assert_eq!(new(filters, 0, Vec::new()), Some(DictionaryError::Shape { side: 0, taps: 0 }));
    assert_eq!(new(filters, 1, vec![f32::NAN]), Some(DictionaryError::NotFinite));
    let mut identity = vec![0.0; 16];
    for axis in 0..4 {
        identity[axis * 5] = 1.0;
    }
    assert_eq!(new(DictionaryKind::Transform, 2, identity.clone()), None);
    identity[1] = 0.1;
    assert!(matches!(
        new(DictionaryKind::Transform, 2, identity),
        Some(DictionaryError::NotOrthonormal { .. })
    ));
}

#[test]
fn the_sheet_frames_every_atom() {
    let sheet = filters().sheet(4);
    // Five atoms in three columns and two rows of 12 pixels and a frame.
    assert_eq!((sheet.height(), sheet.width()), (2 * 13 + 1, 3 * 13 + 1));
    assert!(sheet.row(0).iter().all(|v| v.abs() < f32::EPSILON));
    assert!(sheet.as_slice().iter().all(|v| (0.0..=1.0).contains(v)));
}
