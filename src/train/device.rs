//! Where networks are trained.

use std::fmt;
use std::str::FromStr;

use super::TrainError;

/// Where networks are trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrainingDevice {
    /// The processor, by code that comes with the program.
    #[default]
    Flex,
    /// The processor, by libtorch.
    Libtorch(Precision),
    /// A graphics card, by libtorch.
    Cuda(usize, Precision),
}

/// What networks are computed with while they learn. What they learn is of single precision always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 24 bits of mantissa.
    #[default]
    Single,
    /// What a convolution takes and gives has eight bits of mantissa (bfloat16): several times
    /// faster where the device multiplies matrices of such numbers. Norms and the loss are of
    /// single precision.
    Mixed,
}

impl TrainingDevice {
    /// The same device with another precision.
    ///
    /// # Errors
    /// [`TrainError::Device`] if the device knows single precision only.
    pub fn with(self, precision: Precision) -> Result<Self, TrainError> {
        match (self, precision) {
            (Self::Flex, Precision::Single) => Ok(Self::Flex),
            (Self::Flex, Precision::Mixed) => Err(TrainError::Device {
                device: self.to_string(),
                reason: "it computes with single precision only".to_owned(),
            }),
            (Self::Libtorch(_), precision) => Ok(Self::Libtorch(precision)),
            (Self::Cuda(index, _), precision) => Ok(Self::Cuda(index, precision)),
        }
    }
}

impl fmt::Display for TrainingDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flex => f.write_str("flex"),
            Self::Libtorch(_) => f.write_str("libtorch"),
            Self::Cuda(index, _) => write!(f, "cuda:{index}"),
        }
    }
}

impl FromStr for TrainingDevice {
    type Err = TrainError;

    fn from_str(text: &str) -> Result<Self, TrainError> {
        let single = Precision::Single;
        match text {
            "flex" => Ok(Self::Flex),
            "libtorch" => Ok(Self::Libtorch(single)),
            "cuda" => Ok(Self::Cuda(0, single)),
            _ => {
                let index = text.strip_prefix("cuda:").and_then(|index| index.parse().ok());
                index.map(|index| Self::Cuda(index, single)).ok_or_else(|| TrainError::Device {
                    device: text.to_owned(),
                    reason: "there are flex, libtorch and cuda:N".to_owned(),
                })
            }
        }
    }
}
