//! The `data` of a tensor in JSON: numbers in lists, flat or nested, read without a tree of values.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

use crate::inference::{Element, ElementType, Tensor, TensorError};

/// Elements of one tensor that JSON may bring; more have to come as bytes.
const MOST_ELEMENTS: usize = 1 << 24;
/// Lists in lists.
const DEEPEST: usize = 16;

/// Numbers as they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct JsonData {
    numbers: Numbers,
    /// Length of the lists at each depth, as far as known.
    lengths: Vec<Option<usize>>,
    /// How deep the numbers lie.
    leaves: Option<usize>,
}

/// As small as they can be kept: most bodies have no more than a few bytes for a number.
#[derive(Clone, Debug, PartialEq)]
enum Numbers {
    Bools(Vec<bool>),
    Ints(Vec<i64>),
    /// Some do not fit into `i64`.
    Wide(Vec<u64>),
    Floats(Vec<f64>),
}

impl Default for Numbers {
    fn default() -> Self {
        Self::Ints(Vec::new())
    }
}

impl Numbers {
    fn len(&self) -> usize {
        match self {
            Self::Bools(list) => list.len(),
            Self::Ints(list) => list.len(),
            Self::Wide(list) => list.len(),
            Self::Floats(list) => list.len(),
        }
    }

    fn push_bool(&mut self, flag: bool) -> Result<(), &'static str> {
        if self.len() == 0 {
            *self = Self::Bools(Vec::new());
        }
        match self {
            Self::Bools(list) => list.push(flag),
            _ => return Err("`data` mixes numbers and truth values"),
        }
        Ok(())
    }

    fn push_int(&mut self, number: i64) -> Result<(), &'static str> {
        match self {
            Self::Ints(list) => list.push(number),
            Self::Floats(list) => list.push(number as f64),
            Self::Wide(list) => {
                list.push(u64::try_from(number).map_err(|_| "`data` mixes numbers too far apart")?);
            }
            Self::Bools(_) => return Err("`data` mixes numbers and truth values"),
        }
        Ok(())
    }

    fn push_wide(&mut self, number: u64) -> Result<(), &'static str> {
        if let Self::Ints(list) = self {
            let wide = list.iter().map(|&number| u64::try_from(number)).collect::<Result<_, _>>();
            *self = Self::Wide(wide.map_err(|_| "`data` mixes numbers too far apart")?);
        }
        match self {
            Self::Wide(list) => list.push(number),
            Self::Floats(list) => list.push(number as f64),
            _ => return Err("`data` mixes numbers and truth values"),
        }
        Ok(())
    }

    fn push_float(&mut self, number: f64) -> Result<(), &'static str> {
        match self {
            Self::Ints(list) => *self = Self::Floats(list.iter().map(|&n| n as f64).collect()),
            Self::Wide(list) => *self = Self::Floats(list.iter().map(|&n| n as f64).collect()),
            Self::Floats(_) => {}
            Self::Bools(_) => return Err("`data` mixes numbers and truth values"),
        }
        if let Self::Floats(list) = self {
            list.push(number);
        }
        Ok(())
    }
}

/// Why numbers do not make a tensor.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum DataFault {
    #[error("data[{index}] is {value}, which is no {datatype}")]
    Range { index: usize, value: String, datatype: &'static str },
    #[error("data is nested as {nested:?}, but the shape is {shape:?}")]
    Nested { nested: Vec<usize>, shape: Vec<usize> },
    #[error("{datatype} has no numbers in JSON; send it as bytes, with `binary_data_size`")]
    BinaryOnly { datatype: &'static str },
    #[error(transparent)]
    Tensor(#[from] TensorError),
}

impl JsonData {
    /// Makes a tensor of the numbers.
    pub(super) fn into_tensor(
        self,
        element: ElementType,
        shape: Vec<usize>,
    ) -> Result<Tensor, DataFault> {
        let nested: Vec<usize> = self.lengths.into_iter().map(Option::unwrap_or_default).collect();
        if nested.len() > 1 && nested != shape {
            return Err(DataFault::Nested { nested, shape });
        }
        let datatype = super::datatype::name(element);
        let numbers = self.numbers;
        match element {
            ElementType::Bool => bools(numbers, shape),
            ElementType::U8 => whole::<u8>(numbers, shape, datatype),
            ElementType::I8 => whole::<i8>(numbers, shape, datatype),
            ElementType::U16 => whole::<u16>(numbers, shape, datatype),
            ElementType::I16 => whole::<i16>(numbers, shape, datatype),
            ElementType::U32 => whole::<u32>(numbers, shape, datatype),
            ElementType::I32 => whole::<i32>(numbers, shape, datatype),
            ElementType::U64 => whole::<u64>(numbers, shape, datatype),
            ElementType::I64 => whole::<i64>(numbers, shape, datatype),
            ElementType::F32 => {
                #[expect(clippy::cast_possible_truncation, reason = "rounded to the nearest")]
                let narrow = |number: f64| number as f32;
                real(numbers, shape, datatype, narrow, f32::is_finite)
            }
            ElementType::F64 => real(numbers, shape, datatype, |number| number, f64::is_finite),
            ElementType::F16 | ElementType::Bf16 => Err(DataFault::BinaryOnly { datatype }),
        }
    }
}

fn range(index: usize, value: impl fmt::Display, datatype: &'static str) -> DataFault {
    DataFault::Range { index, value: value.to_string(), datatype }
}

fn bools(numbers: Numbers, shape: Vec<usize>) -> Result<Tensor, DataFault> {
    let list = match numbers {
        Numbers::Bools(list) => list,
        Numbers::Ints(list) => {
            let truth = |(index, number): (usize, i64)| match number {
                0 => Ok(false),
                1 => Ok(true),
                other => Err(range(index, other, "BOOL")),
            };
            list.into_iter().enumerate().map(truth).collect::<Result<_, _>>()?
        }
        Numbers::Wide(list) => return Err(range(0, list[0], "BOOL")),
        Numbers::Floats(list) => return Err(range(0, list[0], "BOOL")),
    };
    Ok(Tensor::new(shape, list)?)
}

fn whole<T: Element + TryFrom<i64> + TryFrom<u64>>(
    numbers: Numbers,
    shape: Vec<usize>,
    datatype: &'static str,
) -> Result<Tensor, DataFault> {
    fn fit<N: Copy + fmt::Display, T: TryFrom<N>>(
        list: Vec<N>,
        datatype: &'static str,
    ) -> Result<Vec<T>, DataFault> {
        let fit = |(index, number): (usize, N)| {
            T::try_from(number).map_err(|_| range(index, number, datatype))
        };
        list.into_iter().enumerate().map(fit).collect()
    }
    let list: Vec<T> = match numbers {
        Numbers::Ints(list) => fit(list, datatype)?,
        Numbers::Wide(list) => fit(list, datatype)?,
        Numbers::Bools(list) => return Err(range(0, list[0], datatype)),
        Numbers::Floats(list) => {
            let fraction = list.iter().position(|number| number.fract() != 0.0).unwrap_or(0);
            return Err(range(fraction, format!("{:?}", list[fraction]), datatype));
        }
    };
    Ok(Tensor::new(shape, list)?)
}

fn real<T: Element>(
    numbers: Numbers,
    shape: Vec<usize>,
    datatype: &'static str,
    narrow: impl Fn(f64) -> T,
    is_finite: impl Fn(T) -> bool,
) -> Result<Tensor, DataFault> {
    let fit = |(index, number): (usize, f64)| {
        let narrow = narrow(number);
        if is_finite(narrow) { Ok(narrow) } else { Err(range(index, number, datatype)) }
    };
    let list: Vec<T> = match numbers {
        Numbers::Ints(list) => {
            list.into_iter().map(|n| n as f64).enumerate().map(fit).collect::<Result<_, _>>()?
        }
        Numbers::Wide(list) => {
            list.into_iter().map(|n| n as f64).enumerate().map(fit).collect::<Result<_, _>>()?
        }
        Numbers::Floats(list) => list.into_iter().enumerate().map(fit).collect::<Result<_, _>>()?,
        Numbers::Bools(list) => return Err(range(0, list[0], datatype)),
    };
    Ok(Tensor::new(shape, list)?)
}

impl<'de> Deserialize<'de> for JsonData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut data = Self::default();
        Level { data: &mut data, depth: 0 }.deserialize(deserializer)?;
        Ok(data)
    }
}

/// What stands at some depth: a list or, below the first, a number.
struct Level<'a> {
    data: &'a mut JsonData,
    depth: usize,
}

impl Level<'_> {
    /// All numbers lie equally deep.
    fn leaf<E: Error>(&self) -> Result<(), E> {
        let JsonData { numbers, lengths, leaves } = &*self.data;
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
        formatter.write_str("numbers in lists")
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

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Err(E::custom("`data` holds text, which models here do not take"))
    }
}

#[cfg(test)]
mod tests;
