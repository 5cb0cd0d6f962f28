//! The solver as a model: always there, and never loaded or unloaded.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::describe::{
    InputParameters, ModelConfiguration, ModelMetadata, TensorConfiguration, TensorMetadata,
    TextParameter,
};
use super::pictures::{IMAGE, MASK, RESTORED};
use super::request::invalid;
use super::value::BYTES;
use crate::engines::EngineChoice;
use crate::http::error::ApiError;
use crate::inference::{Statistics, Timings};
use crate::worker;

/// Its name.
pub(super) const NAME: &str = EngineChoice::SOLVER;
/// Its only version.
pub(super) const VERSION: &str = "1";
/// What it is made for.
const PLATFORM: &str = "cogd_csc";

/// What it takes and gives.
pub(super) fn metadata() -> ModelMetadata {
    let tensor = |name: &str| TensorMetadata {
        name: name.to_owned(),
        datatype: BYTES,
        shape: vec![-1],
        parameters: None,
    };
    let mask =
        TensorMetadata { parameters: Some(InputParameters { optional: true }), ..tensor(MASK) };
    ModelMetadata {
        name: NAME.to_owned(),
        versions: vec![VERSION.to_owned()],
        platform: PLATFORM,
        inputs: vec![tensor(IMAGE), mask],
        outputs: vec![tensor(RESTORED)],
    }
}

/// How it is run.
pub(super) fn configuration() -> ModelConfiguration {
    let tensor = |name: &str, optional| TensorConfiguration {
        name: name.to_owned(),
        // As Triton calls it.
        data_type: "TYPE_STRING",
        dims: vec![-1],
        optional,
    };
    let texts = [
        ("description", "Convolutional sparse coding"),
        ("tasks", "inpaint, reconstruct"),
        (
            "tensors",
            "BYTES [N]; UINT8 [1, height, width, channels]; FP32 [1, channels, height, width]",
        ),
    ];
    let text = |(name, text): (_, &str)| (name, TextParameter { string_value: text.to_owned() });
    ModelConfiguration {
        name: NAME.to_owned(),
        platform: PLATFORM,
        backend: "cogd",
        max_batch_size: 0,
        input: vec![tensor(IMAGE, false), tensor(MASK, true)],
        output: vec![tensor(RESTORED, false)],
        default_model_filename: "",
        parameters: BTreeMap::from(texts.map(text)),
    }
}

/// A body of bytes alone cannot say what it is.
pub(super) fn refuse_raw() -> ApiError {
    invalid(format!("a body of bytes alone needs one input; `{NAME}` has {IMAGE} and {MASK}"))
}

/// What the solver has done for callers of this protocol since the service began.
#[derive(Debug, Default)]
pub struct SolverTally(Mutex<Statistics>);

impl SolverTally {
    /// Counts one request with so many pictures that was answered.
    pub(super) fn answered(&self, pictures: usize, timings: &worker::Timings, total: Duration) {
        let worker::Timings { queue, decode, solve, encode } = *timings;
        let timings = Timings { queue, input: decode, infer: solve, output: encode };
        let mut statistics = self.lock();
        statistics.ran(pictures, &timings);
        statistics.answered(&timings, total);
    }

    /// Counts one request that was accepted but not answered.
    pub(super) fn failed(&self, total: Duration) {
        self.lock().failed(total);
    }

    /// All counts until now.
    pub(super) fn read(&self) -> Statistics {
        self.lock().clone()
    }

    // Only numbers are written under the lock, so a poisoned one holds nothing torn.
    fn lock(&self) -> MutexGuard<'_, Statistics> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
