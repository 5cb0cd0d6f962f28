//! A learner's state as bytes, from which it continues bit for bit.
//!
//! Layout: magic, length of the JSON header (u32), header, then little-endian `f32`: filters,
//! power direction, and for every image codes, codes before the last step, threshold factors,
//! shares, pace and caution; SHA-256 of all of it at the end. Codes are mostly zero: a bit for
//! every sample says whether it is not, and only those follow. Spectra and residuals are computed
//! anew.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::numerics::{Random, Threads};

use super::learner::Learner;
use super::{Convergence, LearnError, LearnParameters, TrainingImage};

const MAGIC: &[u8; 8] = b"COGDLRN2";
const DIGEST: usize = 32;

#[derive(Serialize, Deserialize)]
struct Header {
    parameters: LearnParameters,
    iteration: usize,
    convergence: Convergence,
    random: u64,
    /// SHA-256 of the masked, normalised images.
    data: [u8; DIGEST],
}

impl Learner {
    /// The state as bytes; see [`Self::resume`].
    pub fn checkpoint(&self) -> Vec<u8> {
        let header = Header {
            parameters: self.parameters.clone(),
            iteration: self.iteration,
            convergence: self.convergence,
            random: self.random.state(),
            data: self.fingerprint(),
        };
        let header = serde_json::to_vec(&header).unwrap_or_default();
        let mut bytes = MAGIC.to_vec();
        bytes.extend(u32::try_from(header.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(header);
        push(&mut bytes, &self.filters.taps);
        push(&mut bytes, &self.filters.direction);
        for codes in &self.codes {
            push_sparse(&mut bytes, &codes.maps);
            push_sparse(&mut bytes, &codes.previous);
            push(&mut bytes, &codes.threshold_factors);
            push(&mut bytes, &codes.shares);
            push(&mut bytes, &[codes.pace, codes.caution]);
        }
        let digest = Sha256::digest(&bytes);
        bytes.extend_from_slice(&digest);
        bytes
    }

    /// Continues from [`Self::checkpoint`] on the same images: the result is the same, bit for
    /// bit, as that of a run without interruption.
    ///
    /// # Errors
    /// [`LearnError::Checkpoint`] if the bytes are damaged or belong to other images.
    pub fn resume(
        images: &[TrainingImage],
        bytes: &[u8],
        threads: &Threads,
    ) -> Result<Self, LearnError> {
        let fault = |reason| LearnError::Checkpoint { reason };
        let body = bytes.len().checked_sub(DIGEST).ok_or(fault("it is too short"))?;
        let (body, digest) = bytes.split_at(body);
        let rest = body.strip_prefix(MAGIC).ok_or(fault("it is not a learner's state"))?;
        if Sha256::digest(body)[..] != *digest {
            return Err(fault("the checksum does not match"));
        }
        let (length, rest) = rest.split_first_chunk().ok_or(fault("it is too short"))?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (header, values) =
            rest.split_at_checked(length).ok_or(fault("the header is cut off"))?;
        let header: Header =
            serde_json::from_slice(header).map_err(|_| fault("the header cannot be read"))?;
        let mut learner = Self::new(images, header.parameters, threads)?;
        if learner.fingerprint() != header.data {
            return Err(fault("the images are not the ones it was made with"));
        }
        learner.iteration = header.iteration;
        learner.random = Random::seeded(header.random);
        learner.convergence = header.convergence;
        learner.fill(values).ok_or(fault("values are missing"))?;
        learner.synthesize();
        let geometry = &learner.geometry;
        learner.threads.for_each(&mut learner.codes, |_, codes| codes.refresh_previous(geometry));
        Ok(learner)
    }

    /// Reads the values that [`Self::checkpoint`] wrote; `None` if there are too few.
    fn fill(&mut self, mut values: &[u8]) -> Option<()> {
        let rest = &mut values;
        pull(rest, &mut self.filters.taps)?;
        pull(rest, &mut self.filters.direction)?;
        for codes in &mut self.codes {
            pull_sparse(rest, &mut codes.maps)?;
            pull_sparse(rest, &mut codes.previous)?;
            pull(rest, &mut codes.threshold_factors)?;
            pull(rest, &mut codes.shares)?;
            pull(rest, std::slice::from_mut(&mut codes.pace))?;
            pull(rest, std::slice::from_mut(&mut codes.caution))?;
        }
        Some(())
    }

    fn fingerprint(&self) -> [u8; DIGEST] {
        let mut hash = Sha256::new();
        for signal in &self.signals {
            for value in signal.data.iter().chain(&signal.weight) {
                hash.update(value.to_le_bytes());
            }
        }
        hash.finalize().into()
    }
}

fn push(bytes: &mut Vec<u8>, values: &[f32]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// A bit for every value, eight in a byte from the lowest on, then the values that are not zero.
/// A negative zero counts as one that is not.
fn push_sparse(bytes: &mut Vec<u8>, values: &[f32]) {
    for group in values.chunks(8) {
        let flags = group.iter().rev().fold(0, |flags, v| 2 * flags + u8::from(v.to_bits() != 0));
        bytes.push(flags);
    }
    for value in values.iter().filter(|value| value.to_bits() != 0) {
        bytes.extend(value.to_le_bytes());
    }
}

fn pull(bytes: &mut &[u8], values: &mut [f32]) -> Option<()> {
    for value in values {
        let (first, rest) = bytes.split_first_chunk()?;
        (*value, *bytes) = (f32::from_le_bytes(*first), rest);
    }
    Some(())
}

fn pull_sparse(bytes: &mut &[u8], values: &mut [f32]) -> Option<()> {
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
