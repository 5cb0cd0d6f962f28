//! The file format of dictionaries.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `COGDDICT` |
//! | 2 | version, little-endian; this is version 1 |
//! | 4 | length of the header |
//! | … | header: kind, side, number of atoms and training record as JSON |
//! | 4 a tap | the atoms as little-endian `f32`, `(K, side, side)` |
//! | 32 | SHA-256 of everything before |

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Dictionary, DictionaryError, DictionaryKind, TrainingRecord};

const MAGIC: &[u8; 8] = b"COGDDICT";
const VERSION: u16 = 1;
const DIGEST: usize = 32;
/// Bytes before the header.
const PREFIX: usize = 14;

#[derive(Serialize, Deserialize)]
struct Header {
    kind: DictionaryKind,
    side: usize,
    count: usize,
    record: TrainingRecord,
}

impl Dictionary {
    /// The file's bytes.
    ///
    /// # Errors
    /// [`DictionaryError::Header`] if the training record cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, DictionaryError> {
        let header = Header {
            kind: self.kind(),
            side: self.side(),
            count: self.count(),
            record: self.record().clone(),
        };
        let fault = |reason: String| DictionaryError::Header { reason };
        let header = serde_json::to_vec(&header).map_err(|error| fault(error.to_string()))?;
        let length = u32::try_from(header.len()).map_err(|error| fault(error.to_string()))?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        bytes.extend(header);
        bytes.extend(self.taps().iter().flat_map(|tap| tap.to_le_bytes()));
        let digest = Sha256::digest(&bytes);
        bytes.extend_from_slice(&digest);
        Ok(bytes)
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// The first [`DictionaryError`] found; nothing is allocated by what an unchecked header says.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DictionaryError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(DictionaryError::NotADictionary)?;
        let short = DictionaryError::Length { expected: PREFIX + DIGEST, actual: bytes.len() };
        let (version, rest) = rest.split_first_chunk::<2>().ok_or(short.clone())?;
        let version = u16::from_le_bytes(*version);
        if version != VERSION {
            return Err(DictionaryError::Version { version, supported: VERSION });
        }
        let (length, _) = rest.split_first_chunk::<4>().ok_or(short.clone())?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let body = bytes.len().checked_sub(DIGEST).ok_or(short)?;
        let (body, digest) = bytes.split_at(body);
        if Sha256::digest(body)[..] != *digest {
            return Err(DictionaryError::Checksum);
        }
        let after = body.get(PREFIX..).unwrap_or_default();
        let (header, values) = after.split_at_checked(length).ok_or(DictionaryError::Length {
            expected: length.saturating_add(PREFIX + DIGEST),
            actual: bytes.len(),
        })?;
        let header: Header = serde_json::from_slice(header)
            .map_err(|error| DictionaryError::Header { reason: error.to_string() })?;
        let expected = header
            .side
            .checked_mul(header.side)
            .and_then(|area| area.checked_mul(header.count))
            .and_then(|taps| taps.checked_mul(4));
        if expected != Some(values.len()) {
            let expected = expected.unwrap_or(usize::MAX);
            return Err(DictionaryError::Length { expected, actual: values.len() });
        }
        let taps = values.as_chunks::<4>().0.iter().map(|&v| f32::from_le_bytes(v)).collect();
        Self::new(header.kind, header.side, taps, header.record)
    }
}
