//! Where a model is to run, and where it does.

use std::fmt;
use std::str::FromStr;

/// The device that was asked for.
///
/// A named device is taken at its word: if it cannot be had, the model does not load. `auto` takes
/// the first GPU that works and the processor otherwise, and says which it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// A GPU if one works, else the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// An NVIDIA GPU, by its number.
    Cuda(u32),
    /// An NVIDIA GPU through the `TensorRT` compiler.
    TensorRt(u32),
}

impl Device {
    /// The name of the runtime's part for it.
    pub(super) fn provider(self) -> &'static str {
        match self {
            Self::Auto | Self::Cpu => "CPUExecutionProvider",
            Self::Cuda(_) => "CUDAExecutionProvider",
            Self::TensorRt(_) => "TensorrtExecutionProvider",
        }
    }
}

/// A word that names no device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is no device: expected `auto`, `cpu`, `cuda:N` or `tensorrt:N`")]
pub struct UnknownDevice {
    word: String,
}

impl FromStr for Device {
    type Err = UnknownDevice;

    fn from_str(word: &str) -> Result<Self, UnknownDevice> {
        let unknown = || UnknownDevice { word: word.to_owned() };
        let (kind, number) = match word.split_once(':') {
            Some((kind, number)) => (kind, Some(number.parse().map_err(|_| unknown())?)),
            None => (word, None),
        };
        match (kind, number) {
            ("auto", None) => Ok(Self::Auto),
            ("cpu", None) => Ok(Self::Cpu),
            ("cuda", number) => Ok(Self::Cuda(number.unwrap_or(0))),
            ("tensorrt", number) => Ok(Self::TensorRt(number.unwrap_or(0))),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Cpu => formatter.write_str("cpu"),
            Self::Cuda(number) => write!(formatter, "cuda:{number}"),
            Self::TensorRt(number) => write!(formatter, "tensorrt:{number}"),
        }
    }
}

/// Where a model runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// What was asked for.
    pub requested: Device,
    /// What it runs on; never [`Device::Auto`].
    pub used: Device,
    /// Why `auto` did not take a GPU, in the runtime's words.
    pub fallback: Option<String>,
}

impl Placement {
    /// The runtime's name for what computes.
    pub fn provider(&self) -> &'static str {
        self.used.provider()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_read_as_they_show() {
        for device in [Device::Auto, Device::Cpu, Device::Cuda(3), Device::TensorRt(0)] {
            assert_eq!(device.to_string().parse(), Ok(device));
        }
        assert_eq!("cuda".parse(), Ok(Device::Cuda(0)));
        for word in ["", "gpu", "cpu:0", "auto:1", "cuda:", "cuda:-1", "cuda:x", "CUDA:0"] {
            assert!(word.parse::<Device>().is_err(), "{word}");
        }
    }
}
