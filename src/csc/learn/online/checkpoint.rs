//! The state of online learning as bytes: filters and statistics, no codes and no images.
//!
//! Values: filters, power direction, correlations and linear part of the statistics.

use serde::{Deserialize, Serialize};

use crate::csc::learn::stored::{self, pull, push};
use crate::csc::learn::{Convergence, LearnError};
use crate::numerics::Threads;

use super::{OnlineLearner, OnlineParameters};

const MAGIC: [u8; 8] = *b"COGDONL1";

#[derive(Serialize, Deserialize)]
struct Header {
    parameters: OnlineParameters,
    batches: usize,
    passes: usize,
    convergence: Convergence,
}

impl OnlineLearner {
    /// The state as bytes; see [`Self::resume`].
    pub fn checkpoint(&self) -> Vec<u8> {
        let header = Header {
            parameters: self.parameters.clone(),
            batches: self.batches,
            passes: self.passes,
            convergence: self.convergence,
        };
        let mut bytes = stored::start(MAGIC, &header);
        for values in
            [&self.taps, &self.direction, &self.history.correlations, &self.history.linear]
        {
            push(&mut bytes, values);
        }
        stored::seal(bytes)
    }

    /// Continues from [`Self::checkpoint`]: with the batches that would have followed, the result
    /// is the same, bit for bit, as that of a run without interruption.
    ///
    /// # Errors
    /// [`LearnError::Checkpoint`] if the bytes are damaged.
    pub fn resume(bytes: &[u8], threads: &Threads) -> Result<Self, LearnError> {
        let (header, mut values): (Header, _) = stored::open(MAGIC, bytes)?;
        let mut learner = Self::new(header.parameters, threads)?;
        learner.batches = header.batches;
        learner.passes = header.passes;
        learner.convergence = header.convergence;
        let targets = [
            &mut learner.taps,
            &mut learner.direction,
            &mut learner.history.correlations,
            &mut learner.history.linear,
        ];
        for target in targets {
            let missing = LearnError::Checkpoint { reason: "values are missing" };
            pull(&mut values, target).ok_or(missing)?;
        }
        Ok(learner)
    }
}
