//! Where networks are trained.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;

use super::TrainError;

/// Where networks are trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrainingDevice {
    /// The processor, by code that comes with the program.
    #[default]
    Flex,
    /// The processor, by libtorch.
    Libtorch,
    /// A graphics card, by libtorch.
    Cuda(usize),
}

impl TrainingDevice {
    /// The device, without a record of what is computed on it.
    ///
    /// # Errors
    /// [`TrainError::Device`] if this program was built without libtorch.
    pub(super) fn open(self) -> Result<Device, TrainError> {
        match self {
            Self::Flex => Ok(Device::flex()),
            #[cfg(feature = "libtorch")]
            Self::Libtorch => Ok(libtorch(None)),
            #[cfg(feature = "libtorch")]
            Self::Cuda(index) => Ok(libtorch(Some(index))),
            #[cfg(not(feature = "libtorch"))]
            Self::Libtorch | Self::Cuda(_) => Err(TrainError::Device {
                device: self.to_string(),
                reason: "this program was built without the feature `libtorch`".to_owned(),
            }),
        }
    }
}

#[cfg(feature = "libtorch")]
#[expect(deprecated, reason = "burn's own code for graphics cards needs a download to be built")]
fn libtorch(card: Option<usize>) -> Device {
    card.map_or_else(Device::libtorch, Device::libtorch_cuda)
}

impl fmt::Display for TrainingDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flex => f.write_str("flex"),
            Self::Libtorch => f.write_str("libtorch"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

impl FromStr for TrainingDevice {
    type Err = TrainError;

    fn from_str(text: &str) -> Result<Self, TrainError> {
        match text {
            "flex" => Ok(Self::Flex),
            "libtorch" => Ok(Self::Libtorch),
            "cuda" => Ok(Self::Cuda(0)),
            _ => {
                text.strip_prefix("cuda:").and_then(|n| n.parse().ok()).map(Self::Cuda).ok_or_else(
                    || TrainError::Device {
                        device: text.to_owned(),
                        reason: "there are flex, libtorch and cuda:N".to_owned(),
                    },
                )
            }
        }
    }
}
