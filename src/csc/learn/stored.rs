//! A state as bytes: a header in JSON, values, and a checksum over both.
//!
//! Layout: magic, length of the header (u32, little-endian), header, values as little-endian `f32`,
//! SHA-256 of all of it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::LearnError;

/// Bytes of the checksum.
pub(super) const DIGEST: usize = 32;

/// Magic and header; values are pushed behind them.
pub(super) fn start(magic: [u8; 8], header: &impl Serialize) -> Vec<u8> {
    let header = serde_json::to_vec(header).unwrap_or_default();
    let mut bytes = magic.to_vec();
    bytes.extend(u32::try_from(header.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend(header);
    bytes
}

/// Adds the checksum.
pub(super) fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::digest(&bytes);
    bytes.extend_from_slice(&digest);
    bytes
}

/// Header and values of a sealed state.
pub(super) fn open<H: DeserializeOwned>(
    magic: [u8; 8],
    bytes: &[u8],
) -> Result<(H, &[u8]), LearnError> {
    let fault = |reason| LearnError::Checkpoint { reason };
    let body = bytes.len().checked_sub(DIGEST).ok_or(fault("it is too short"))?;
    let (body, digest) = bytes.split_at(body);
    let rest = body.strip_prefix(&magic).ok_or(fault("it is not a learner's state"))?;
    if Sha256::digest(body)[..] != *digest {
        return Err(fault("the checksum does not match"));
    }
    let (length, rest) = rest.split_first_chunk().ok_or(fault("it is too short"))?;
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let (header, values) = rest.split_at_checked(length).ok_or(fault("the header is cut off"))?;
    let header = serde_json::from_slice(header).map_err(|_| fault("the header cannot be read"))?;
    Ok((header, values))
}

pub(super) fn push(bytes: &mut Vec<u8>, values: &[f32]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// A bit for every value, eight in a byte from the lowest on, then the values that are not zero.
/// A negative zero counts as one that is not.
pub(super) fn push_sparse(bytes: &mut Vec<u8>, values: &[f32]) {
    for group in values.chunks(8) {
        let flags = group.iter().rev().fold(0, |flags, v| 2 * flags + u8::from(v.to_bits() != 0));
        bytes.push(flags);
    }
    for value in values.iter().filter(|value| value.to_bits() != 0) {
        bytes.extend(value.to_le_bytes());
    }
}

pub(super) fn pull(bytes: &mut &[u8], values: &mut [f32]) -> Option<()> {
    for value in values {
        let (first, rest) = bytes.split_first_chunk()?;
        (*value, *bytes) = (f32::from_le_bytes(*first), rest);
    }
    Some(())
}

pub(super) fn pull_sparse(bytes: &mut &[u8], values: &mut [f32]) -> Option<()> {
    let (flags, rest) = bytes.split_at_checked(values.len().div_ceil(8))?;
    *bytes = rest;
    for (index, value) in values.iter_mut().enumerate() {
        if flags[index / 8] >> (index % 8) & 1 == 1 {
            pull(bytes, std::slice::from_mut(value))?;
        } else {
            *value = 0.0;
        }
    }
    Some(())
}
