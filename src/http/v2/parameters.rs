//! Parameters of requests, inputs and outputs: words, numbers and truth values by name.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

use super::errors::shown;

/// Parameters of one object.
const MOST: usize = 64;

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Parameter {
    Bool(bool),
    Number(f64),
    Text(String),
}

impl Parameter {
    /// The number, if it is whole.
    fn whole(&self) -> Option<i64> {
        /// Up to here every whole number has an `f64`.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match self {
            Self::Number(number) if number.fract() == 0.0 && number.abs() <= EXACT => {
                #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
                let whole = *number as i64;
                Some(whole)
            }
            _ => None,
        }
    }

    fn json(&self) -> Value {
        match (self, self.whole()) {
            (_, Some(whole)) => whole.into(),
            (Self::Number(number), None) => (*number).into(),
            (Self::Bool(flag), _) => (*flag).into(),
            (Self::Text(text), _) => text.as_str().into(),
        }
    }
}

/// Parameters by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parameters(BTreeMap<String, Parameter>);

impl Parameters {
    /// The truth value of that name.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, String> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Parameter::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(format!("the parameter `{name}` must be true or false")),
        }
    }

    /// The whole number of that name.
    pub(super) fn count(&self, name: &str) -> Result<Option<u64>, String> {
        let Some(parameter) = self.0.get(name) else { return Ok(None) };
        match parameter.whole().map(u64::try_from) {
            Some(Ok(count)) => Ok(Some(count)),
            _ => Err(format!("the parameter `{name}` must be a whole number from 0")),
        }
    }

    /// The text of that name.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, String> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Parameter::Text(text)) => Ok(Some(text)),
            Some(_) => Err(format!("the parameter `{name}` must be a text")),
        }
    }

    /// All of them as JSON, whole numbers as such.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Value)> {
        self.0.iter().map(|(name, parameter)| (name.as_str(), parameter.json()))
    }

    /// The first of these names that is given and says something.
    pub(super) fn first_of(&self, names: &[&'static str]) -> Option<&'static str> {
        let idle = |parameter: &Parameter| match parameter {
            Parameter::Bool(flag) => !flag,
            Parameter::Number(number) => *number == 0.0,
            Parameter::Text(text) => text.is_empty(),
        };
        names.iter().copied().find(|name| self.0.get(*name).is_some_and(|value| !idle(value)))
    }

    /// The names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Parameters;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of parameters")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parameters, A::Error> {
                let mut parameters = Parameters::default();
                while let Some((name, value)) = map.next_entry::<String, Parameter>()? {
                    if parameters.0.len() >= MOST {
                        return Err(A::Error::custom(format!("more than {MOST} parameters")));
                    }
                    parameters.0.insert(name, value);
                }
                Ok(parameters)
            }

            fn visit_unit<E: Error>(self) -> Result<Parameters, E> {
                Ok(Parameters::default())
            }
        }

        deserializer.deserialize_any(Members)
    }
}

impl<'de> Deserialize<'de> for Parameter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Word;

        impl Visitor<'_> for Word {
            type Value = Parameter;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a parameter: a string, a number or a truth value")
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Parameter, E> {
                Ok(Parameter::Bool(flag))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Parameter, E> {
                Ok(Parameter::Number(number as f64))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Parameter, E> {
                Ok(Parameter::Number(number as f64))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Parameter, E> {
                Ok(Parameter::Number(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Parameter, E> {
                // No parameter that is read here is a long text.
                Ok(Parameter::Text(shown(text)))
            }
        }

        deserializer.deserialize_any(Word)
    }
}
