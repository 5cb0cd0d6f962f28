//! Names and versions of models: what may name one, and which version is meant.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

/// Longest name of a model.
const LONGEST: usize = 128;

/// The name of a model: 1 to 128 letters, digits, `.`, `_` and `-`, a letter or digit first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelName(String);

/// The text cannot name a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {LONGEST} letters, digits, `.`, `_` and `-`, a letter or digit first")]
pub struct InvalidName;

impl ModelName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ModelName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        // `/v2/models/stats` is a route of the protocol.
        if first && text.len() <= LONGEST && text.bytes().all(fits) && text != "stats" {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName)
        }
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The version of a model: a whole number from 1, written without leading zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(NonZeroU64);

/// The text is no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a whole number from 1, without leading zeros")]
pub struct InvalidVersion;

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        // A second way to write a version would be a second way to its folder.
        let number = text.parse().ok().filter(|number: &NonZeroU64| number.to_string() == text);
        number.map(Self).ok_or(InvalidVersion)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Version {
    /// The first one.
    pub const FIRST: Self = Self(NonZeroU64::MIN);

    /// The version that is meant among those there are: the one asked for, else the newest.
    pub fn choose(asked: Option<Self>, mut there: impl Iterator<Item = Self>) -> Option<Self> {
        match asked {
            Some(asked) => there.find(|version| *version == asked),
            None => there.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_a_folder() {
        for good in ["lama", "mi-gan_512.v2", "0", "A", &"x".repeat(LONGEST)] {
            assert_eq!(good.parse::<ModelName>().unwrap().as_str(), good);
        }
        let long = "x".repeat(LONGEST + 1);
        for bad in ["", ".", "..", ".git", "a/b", "../a", "a\\b", "a\0", "a b", "ä", "stats", &long]
        {
            assert_eq!(bad.parse::<ModelName>(), Err(InvalidName), "{bad:?}");
        }
    }

    #[test]
    fn a_version_is_written_in_one_way() {
        let version = |text: &str| text.parse::<Version>();
        assert_eq!(version("12").unwrap().to_string(), "12");
        for bad in ["", "0", "01", "+1", "-1", "1.0", " 1", "v1", "18446744073709551616"] {
            assert_eq!(version(bad), Err(InvalidVersion), "{bad:?}");
        }
    }

    #[test]
    fn the_newest_version_is_meant_unless_one_is_asked_for() {
        let versions = ["2", "10", "9"].map(|text| text.parse::<Version>().unwrap());
        let [two, ten, _] = versions;
        assert_eq!(Version::choose(None, versions.into_iter()), Some(ten));
        assert_eq!(Version::choose(Some(two), versions.into_iter()), Some(two));
        assert_eq!(Version::choose(Some(two), [ten].into_iter()), None);
        assert_eq!(Version::choose(None, [].into_iter()), None);
    }
}
