//! How a network is named.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::inference::{ModelName, Version};

/// A model and, if one is meant, a version of it. Written `lama`, or `lama:2`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct NetworkName {
    /// The model.
    pub model: ModelName,
    /// The version; the newest if not given.
    pub version: Option<Version>,
}

impl NetworkName {
    /// What all names look like.
    pub const PATTERN: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}(:[1-9][0-9]{0,19})?$";
}

/// The text names no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the name of a model, or NAME:VERSION")]
pub struct InvalidNetwork;

impl FromStr for NetworkName {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (model, version) = match text.split_once(':') {
            Some((model, version)) => (model, Some(version)),
            None => (text, None),
        };
        let version = version.map(str::parse).transpose().map_err(|_| InvalidNetwork)?;
        Ok(Self { model: model.parse().map_err(|_| InvalidNetwork)?, version })
    }
}

impl TryFrom<String> for NetworkName {
    type Error = InvalidNetwork;

    fn try_from(text: String) -> Result<Self, InvalidNetwork> {
        text.parse()
    }
}

impl fmt::Display for NetworkName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.model.fmt(formatter)?;
        self.version.map_or(Ok(()), |version| write!(formatter, ":{version}"))
    }
}
