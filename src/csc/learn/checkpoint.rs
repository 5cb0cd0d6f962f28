//! A learner's state as bytes, from which it continues bit for bit.
//!
//! Layout: magic, length of the JSON header (u32), header, then little-endian `f32`: filters,
//! power direction, and for every image codes, codes before the
//! last block and step, threshold factors, shares, pace and caution;
//! SHA-256 of all of it at the end. Spectra and residuals are computed anew.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::numerics::Random;

use super::learner::Learner;
use super::{LearnError, LearnParameters, TrainingImage};

const MAGIC: &[u8; 8] = b"COGDLRN1";
const DIGEST: usize = 32;

#[derive(Serialize, Deserialize)]
struct Header {
    parameters: LearnParameters,
    iteration: usize,
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
            random: self.random.state(),
            data: self.fingerprint(),
        };
        let header = serde_json::to_vec(&header).unwrap_or_default();
        let mut bytes = MAGIC.to_vec();
        bytes.extend(u32::try_from(header.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(header);
        let mut push = |values: &[f32]| bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        push(&self.filters.taps);
        push(&self.filters.direction);
        for codes in &self.codes {
            for values in [&codes.maps, &codes.before, &codes.previous] {
                push(values);
            }
            push(&codes.threshold_factors);
            push(&codes.shares);
            push(&[codes.pace, codes.caution]);
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
    pub fn resume(images: &[TrainingImage], bytes: &[u8]) -> Result<Self, LearnError> {
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
        let mut learner = Self::new(images, header.parameters)?;
        if learner.fingerprint() != header.data {
            return Err(fault("the images are not the ones it was made with"));
        }
        learner.iteration = header.iteration;
        learner.random = Random::seeded(header.random);
        let mut numbers = values.as_chunks::<4>().0.iter().map(|&v| f32::from_le_bytes(v));
        let mut pull = |target: &mut [f32]| {
            target.iter_mut().try_for_each(|value| {
                *value = numbers.next()?;
                Some(())
            })
        };
        let filters = &mut learner.filters;
        let mut complete = pull(&mut filters.taps).and_then(|()| pull(&mut filters.direction));
        for codes in &mut learner.codes {
            complete = complete
                .and_then(|()| pull(&mut codes.maps))
                .and_then(|()| pull(&mut codes.before))
                .and_then(|()| pull(&mut codes.previous))
                .and_then(|()| pull(&mut codes.threshold_factors))
                .and_then(|()| pull(&mut codes.shares))
                .and_then(|()| pull(std::slice::from_mut(&mut codes.pace)))
                .and_then(|()| pull(std::slice::from_mut(&mut codes.caution)));
        }
        complete.ok_or(fault("values are missing"))?;
        learner.synthesize();
        let geometry = &learner.geometry;
        learner.codes.iter_mut().for_each(|codes| codes.refresh_previous(geometry));
        Ok(learner)
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
