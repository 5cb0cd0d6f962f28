//! Networks computed with their gradients: by burn, or by libtorch.
//!
//! What is learned stays on the host, where optimisers and projections work on it; a machine is
//! handed the numbers and a batch, and says what the loss is and which way it falls.

mod flex;
#[cfg(feature = "libtorch")]
mod libtorch;

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::objective::Batch;
use super::{Block, TrainError, TrainingDevice};
use crate::network::Graph;

/// The numbers of a network by name, flat: optimisers, projections and files look at numbers, and
/// only where a network is computed do they have a shape.
pub(super) type Tensors = BTreeMap<String, Tensor<1>>;

/// What a batch says about a network.
pub(super) struct Found {
    /// Of the batch as a whole.
    pub(super) loss: f32,
    /// Derivatives of the loss by name, for every parameter that it depends on.
    pub(super) gradients: Tensors,
    /// What the norms saw.
    pub(super) statistics: Vec<Statistics>,
}

/// What a norm saw in a batch, by channel.
pub(super) struct Statistics {
    /// Name of the norm.
    pub(super) norm: String,
    pub(super) mean: Tensor<1>,
    /// Of the samples themselves, not of what they are a sample of.
    pub(super) variance: Tensor<1>,
    /// Samples of a channel.
    pub(super) samples: usize,
}

/// What computes networks.
pub(super) trait Machine {
    /// The loss of a batch and its gradients; norms use the statistics of the batch.
    ///
    /// # Errors
    /// [`TrainError`] if the network cannot be computed on the batch.
    fn differentiate(
        &self,
        graph: &Graph,
        parameters: &Tensors,
        batch: &Batch,
    ) -> Result<Found, TrainError>;

    /// What a network makes of a batch, `(batch, channels, rows, columns)` row-major; norms use
    /// their running statistics.
    ///
    /// # Errors
    /// [`TrainError`] if the network cannot be computed on the batch.
    fn compute(
        &self,
        graph: &Graph,
        parameters: &Tensors,
        input: &Block,
    ) -> Result<Vec<f32>, TrainError>;
}

/// The machine for a device.
///
/// # Errors
/// [`TrainError::Device`] if this program was built without it, or the device is not there.
pub(super) fn machine(device: TrainingDevice) -> Result<Box<dyn Machine>, TrainError> {
    match device {
        TrainingDevice::Flex => Ok(Box::new(flex::Flex::new())),
        #[cfg(feature = "libtorch")]
        TrainingDevice::Libtorch(precision) => {
            Ok(Box::new(libtorch::Libtorch::new(tch::Device::Cpu, precision)?))
        }
        #[cfg(feature = "libtorch")]
        TrainingDevice::Cuda(index, precision) => {
            Ok(Box::new(libtorch::Libtorch::new(tch::Device::Cuda(index), precision)?))
        }
        #[cfg(not(feature = "libtorch"))]
        TrainingDevice::Libtorch(_) | TrainingDevice::Cuda(..) => Err(TrainError::Device {
            device: device.to_string(),
            reason: "this program was built without the feature `libtorch`".to_owned(),
        }),
    }
}

/// Squared errors below this count as none: hiding of a flat sky is not to outweigh all else.
const NEGLIGIBLE: f32 = 1e-4;

#[cfg(all(test, feature = "libtorch"))]
mod tests;
