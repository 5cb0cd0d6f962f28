//! Reads lists from JSON, and finds out as it goes whether they can be a tensor.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

use super::{JsonData, Numbers};
use crate::http::v2::value::MOST_FILES;

/// Elements of one tensor that JSON may bring; more have to come as bytes.
const MOST_ELEMENTS: usize = 1 << 24;
/// Lists in lists.
pub(super) const DEEPEST: usize = 16;

impl<'de> Deserialize<'de> for JsonData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut data = Self::default();
        Level { data: &mut data, depth: 0 }.deserialize(deserializer)?;
        Ok(data)
    }
}

const MIXED: &str = "`data` mixes numbers and text";

/// What stands at some depth: a list or, below the first, a number.
struct Level<'a> {
    data: &'a mut JsonData,
    depth: usize,
}

impl Level<'_> {
    /// All numbers lie equally deep.
    fn leaf<E: Error>(&self) -> Result<(), E> {
        let JsonData { numbers, lengths, leaves, .. } = &*self.data;
        if self.depth == 0 {
            return Err(E::custom("`data` must be a list"));
        }
        if leaves.is_some_and(|leaves| leaves != self.depth) || lengths.len() > self.depth {
            return Err(E::custom("`data` mixes numbers and lists"));
        }
        if numbers.len() >= MOST_ELEMENTS {
            let limit = format!("`data` has more than {MOST_ELEMENTS} numbers: send bytes instead");
            return Err(E::custom(limit));
        }
        Ok(())
    }

    fn push<E: Error>(
        self,
        push: impl FnOnce(&mut Numbers) -> Result<(), &'static str>,
    ) -> Result<(), E> {
        self.leaf()?;
        if !self.data.texts.is_empty() {
            return Err(E::custom(MIXED));
        }
        self.data.leaves = Some(self.depth);
        push(&mut self.data.numbers).map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("numbers or texts in lists")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { data, depth } = self;
        if data.leaves.is_some_and(|leaves| leaves <= depth) {
            return Err(A::Error::custom("`data` mixes numbers and lists"));
        }
        if depth >= DEEPEST {
            let limit = format!("`data` is nested more than {DEEPEST} deep");
            return Err(A::Error::custom(limit));
        }
        if data.lengths.len() <= depth {
            data.lengths.resize(depth + 1, None);
        }
        let mut length = 0;
        while list.next_element_seed(Level { data: &mut *data, depth: depth + 1 })?.is_some() {
            length += 1;
        }
        if *data.lengths[depth].get_or_insert(length) == length {
            return Ok(());
        }
        Err(A::Error::custom("`data` has lists of different lengths side by side"))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<(), E> {
        self.push(|numbers| numbers.push_bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.push(|numbers| numbers.push_int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        match i64::try_from(number) {
            Ok(number) => self.push(|numbers| numbers.push_int(number)),
            Err(_) => self.push(|numbers| numbers.push_wide(number)),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.push(|numbers| numbers.push_float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.leaf()?;
        let JsonData { numbers, texts, leaves, .. } = self.data;
        if numbers.len() > 0 {
            return Err(E::custom(MIXED));
        }
        if texts.len() >= MOST_FILES {
            return Err(E::custom(format!("`data` has more than {MOST_FILES} texts")));
        }
        *leaves = Some(self.depth);
        texts.push(text.to_owned());
        Ok(())
    }
}
