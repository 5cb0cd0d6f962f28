//! The `data` of a tensor in JSON: numbers or texts in lists, flat or nested, read without a tree
//! of values.

mod read;

use std::fmt;

use super::value::{BYTES, Files};
use crate::inference::{Element, ElementType, Tensor, TensorError};

/// Numbers or texts as they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct JsonData {
    numbers: Numbers,
    /// In place of numbers.
    texts: Vec<String>,
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

/// Why data does not make a tensor.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum DataFault {
    #[error("data[{index}] is {value}, which is no {datatype}")]
    Range { index: usize, value: String, datatype: &'static str },
    #[error("data is nested as {nested:?}, but the shape is {shape:?}")]
    Nested { nested: Vec<usize>, shape: Vec<usize> },
    #[error("{datatype} has no numbers in JSON; send it as bytes, with `binary_data_size`")]
    BinaryOnly { datatype: &'static str },
    #[error("`data` holds text, but {datatype} is numbers")]
    Text { datatype: &'static str },
    #[error("`data` holds numbers, but {BYTES} in JSON is text in base64")]
    Numbers,
    #[error("{0}")]
    Files(String),
    #[error(transparent)]
    Tensor(#[from] TensorError),
}

impl JsonData {
    /// Makes files of texts in base64.
    pub(super) fn into_files(self, shape: Vec<usize>) -> Result<Files, DataFault> {
        self.check_nesting(&shape)?;
        if self.numbers.len() > 0 {
            return Err(DataFault::Numbers);
        }
        Files::from_texts(shape, &self.texts).map_err(DataFault::Files)
    }

    fn check_nesting(&self, shape: &[usize]) -> Result<(), DataFault> {
        let nested: Vec<usize> = self.lengths.iter().map(|length| length.unwrap_or(0)).collect();
        if nested.len() > 1 && nested != shape {
            return Err(DataFault::Nested { nested, shape: shape.to_vec() });
        }
        Ok(())
    }

    /// Makes a tensor of the numbers.
    pub(super) fn into_tensor(
        self,
        element: ElementType,
        shape: Vec<usize>,
    ) -> Result<Tensor, DataFault> {
        self.check_nesting(&shape)?;
        let datatype = super::datatype::name(element);
        if !self.texts.is_empty() {
            return Err(DataFault::Text { datatype });
        }
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

#[cfg(test)]
mod tests;
