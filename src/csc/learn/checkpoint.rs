//! A learner's state as bytes, from which it continues bit for bit.
//!
//! Values: filters, power direction, and for every image codes, codes before the last step,
//! threshold factors, shares, pace and caution. Codes are mostly zero: a bit for every sample says
//! whether it is not, and only those follow. Spectra and residuals are computed anew.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::numerics::{Random, Threads};

use super::learner::Learner;
use super::stored::{self, DIGEST, pull, pull_sparse, push, push_sparse};
use super::{Convergence, LearnError, LearnParameters, TrainingImage};

const MAGIC: [u8; 8] = *b"COGDLRN2";

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
        let mut bytes = stored::start(MAGIC, &header);
        push(&mut bytes, &self.filters.taps);
        push(&mut bytes, &self.filters.direction);
        for codes in &self.codes {
            push_sparse(&mut bytes, &codes.maps);
            push_sparse(&mut bytes, &codes.previous);
            push(&mut bytes, &codes.threshold_factors);
            push(&mut bytes, &codes.shares);
            push(&mut bytes, &[codes.pace, codes.caution]);
        }
        stored::seal(bytes)
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
        let (header, values): (Header, _) = stored::open(MAGIC, bytes)?;
        let mut learner = Self::prepare(images, header.parameters, threads)?;
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
