//! From picture files to a dictionary that restorations can use.

use serde::{Deserialize, Serialize};
use serde_json::Map;
use utoipa::ToSchema;

use crate::csc::dictionary::{Dictionary, DictionaryKind, TrainingRecord};
use crate::csc::learn::{LearnError, TransformLearner, TransformParameters};
use crate::imaging;
use crate::numerics::{Plane, Progress, Random};

use super::context::{Environment, Observer, Stage};
use super::error::EngineError;
use super::spec::{EngineChoice, ParameterFault, check_range};

/// Blocks taken from an image in one pass.
const BLOCKS: usize = 4000;
/// Side of the atoms: that of the solver's groups of blocks.
const SIDE: usize = 8;

/// How an orthonormal transform of 8×8 blocks is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LearnSpec {
    /// Passes over all images, 1 to [`LearnSpec::MAX_PASSES`].
    pub passes: u32,
    /// Fixes which blocks are looked at.
    pub seed: u64,
}

impl Default for LearnSpec {
    fn default() -> Self {
        Self { passes: 4, seed: 1 }
    }
}

impl LearnSpec {
    /// The most passes: more change nothing that can be seen.
    pub const MAX_PASSES: u32 = 100;

    /// Checks the range.
    ///
    /// # Errors
    /// The fault.
    pub fn validate(&self) -> Result<(), Vec<ParameterFault>> {
        let mut faults = Vec::new();
        check_range(&mut faults, "passes", 1.0, Self::MAX_PASSES.into(), self.passes.into());
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

/// Learns from encoded images. The same images, in the same order, give the same dictionary.
///
/// # Errors
/// [`EngineError::TrainingImage`] for an image that cannot be read or is smaller than a block,
/// [`EngineError::Learning`] if there is none, [`EngineError::Cancelled`] when `observer` says so.
pub fn learn(
    images: &[impl AsRef<[u8]>],
    spec: &LearnSpec,
    environment: &Environment,
    observer: &dyn Observer,
) -> Result<Dictionary, EngineError> {
    spec.validate().map_err(EngineError::InvalidParameters)?;
    observer.engage("learn", EngineChoice::SOLVER);
    observer.enter(Stage::Solve);
    let parameters = TransformParameters { side: SIDE, ..TransformParameters::default() };
    let mut learner = TransformLearner::new(parameters)?;
    let total = images.len() * spec.passes as usize;
    let mut objective = None;
    if images.is_empty() {
        return Err(LearnError::NoImages.into());
    }
    for _ in 0..spec.passes {
        for (index, image) in images.iter().enumerate() {
            let about = |error| EngineError::TrainingImage { index, error };
            let picture = imaging::decode(image.as_ref(), &environment.limits).map_err(about)?;
            let grey = picture.raster.luma();
            let (height, width) = (grey.height(), grey.width());
            if height.min(width) < SIDE {
                let (image, support) = (index, SIDE);
                return Err(LearnError::TooSmall { image, height, width, support }.into());
            }
            // The places of the blocks depend on nothing but the seed and the batch.
            let batch = learner.batches() as u64;
            let mut random = Random::seeded(spec.seed.wrapping_add(batch));
            let report = learner.absorb(&blocks(&grey, &mut random))?;
            objective = Some(report.objective);
            #[expect(clippy::cast_possible_truncation, reason = "shown, not computed with")]
            let residual = report.error.sqrt() as f32;
            let iteration = learner.batches();
            observer
                .report(Progress { iteration, total, residual })
                .map_err(|_| EngineError::Cancelled)?;
        }
    }
    observer.enter(Stage::Encode);
    let mut settings = Map::new();
    settings.insert("passes".to_owned(), spec.passes.into());
    let record = TrainingRecord {
        data: format!("{} images", images.len()),
        seed: spec.seed,
        iterations: spec.passes as usize,
        objective,
        parameters: settings.into(),
    };
    Ok(Dictionary::new(DictionaryKind::Transform, SIDE, learner.atoms(), record)?)
}

/// Blocks at random places, one after the other.
fn blocks(image: &Plane<f32>, random: &mut Random) -> Vec<f32> {
    let mut blocks = Vec::with_capacity(BLOCKS * SIDE * SIDE);
    for _ in 0..BLOCKS {
        let top = random.below(image.height() - SIDE + 1);
        let left = random.below(image.width() - SIDE + 1);
        for y in top..top + SIDE {
            blocks.extend_from_slice(&image.row(y)[left..left + SIDE]);
        }
    }
    blocks
}
