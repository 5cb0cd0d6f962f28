//! Typed numbers with a shape.

use half::{bf16, f16};

use super::ElementType;

/// Why numbers and a shape do not make a tensor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TensorError {
    /// The shape has more or fewer elements.
    #[error("the shape {shape:?} has {expected} elements, but {actual} are given")]
    Length {
        /// The shape.
        shape: Vec<usize>,
        /// Elements by the shape.
        expected: usize,
        /// Elements given.
        actual: usize,
    },
    /// The shape has more elements than a computer can count.
    #[error("the shape {shape:?} is too large")]
    TooLarge {
        /// The shape.
        shape: Vec<usize>,
    },
    /// A truth value is neither zero nor one.
    #[error("{byte} is no truth value")]
    NotBool {
        /// What stands there.
        byte: u8,
    },
    /// Bytes that are no whole number of elements.
    #[error("{actual} bytes are given, but the shape has {expected}")]
    Bytes {
        /// Bytes by the shape.
        expected: usize,
        /// Bytes given.
        actual: usize,
    },
}

/// A type that tensors are made of.
pub trait Element: Copy + Default + Send + 'static {
    /// Its name among the element types.
    const TYPE: ElementType;

    /// Puts elements into the variant that holds them.
    fn wrap(elements: Vec<Self>) -> TensorData;

    /// The elements, if they are of this type.
    fn unwrap(data: &TensorData) -> Option<&[Self]>;
}

macro_rules! element_types {
    ($($variant:ident($element:ty)),* $(,)?) => {
        /// The elements of a tensor, row by row, by their type.
        #[derive(Clone, Debug, PartialEq)]
        #[expect(missing_docs, reason = "the variants are named after their element type")]
        pub enum TensorData {
            $($variant(Vec<$element>),)*
        }

        impl TensorData {
            /// Type of the elements.
            pub fn element(&self) -> ElementType {
                match self {
                    $(Self::$variant(_) => ElementType::$variant,)*
                }
            }

            /// Number of elements.
            pub fn len(&self) -> usize {
                match self {
                    $(Self::$variant(elements) => elements.len(),)*
                }
            }

            /// Whether there are no elements.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Default elements: zeros.
            pub fn zeros(element: ElementType, count: usize) -> Self {
                match element {
                    $(ElementType::$variant => Self::$variant(vec![<$element>::default(); count]),)*
                }
            }

            /// A part of the elements.
            fn part(&self, range: std::ops::Range<usize>) -> Self {
                match self {
                    $(Self::$variant(elements) => Self::$variant(elements[range].to_vec()),)*
                }
            }

            /// Adds elements of the same type; `false` if they are of another.
            fn append(&mut self, other: &Self) -> bool {
                match (self, other) {
                    $((Self::$variant(elements), Self::$variant(more)) => {
                        elements.extend_from_slice(more);
                        true
                    })*
                    _ => false,
                }
            }

            fn with_room(element: ElementType, count: usize) -> Self {
                match element {
                    $(ElementType::$variant => Self::$variant(Vec::with_capacity(count)),)*
                }
            }
        }

        $(impl Element for $element {
            const TYPE: ElementType = ElementType::$variant;

            fn wrap(elements: Vec<Self>) -> TensorData {
                TensorData::$variant(elements)
            }

            fn unwrap(data: &TensorData) -> Option<&[Self]> {
                if let TensorData::$variant(elements) = data { Some(elements) } else { None }
            }
        })*

        impl<T: Element> From<Vec<T>> for TensorData {
            fn from(elements: Vec<T>) -> Self {
                T::wrap(elements)
            }
        }
    };
}

element_types! {
    Bool(bool), U8(u8), I8(i8), U16(u16), I16(i16), U32(u32), I32(i32), U64(u64), I64(i64),
    F16(f16), Bf16(bf16), F32(f32), F64(f64),
}

/// Calls a macro with every type whose elements are a fixed number of bytes of any value.
macro_rules! numbers {
    ($apply:ident) => {
        $apply! { U8(u8), I8(i8), U16(u16), I16(i16), U32(u32), I32(i32), U64(u64), I64(i64),
        F16(f16), Bf16(bf16), F32(f32), F64(f64) }
    };
}

impl TensorData {
    /// The elements from bytes, the least significant first.
    fn from_le_bytes(element: ElementType, bytes: &[u8]) -> Result<Self, TensorError> {
        macro_rules! read {
            ($($variant:ident($element:ty)),*) => {
                match element {
                    ElementType::Bool => Self::Bool(truth_values(bytes)?),
                    $(ElementType::$variant => {
                        let (elements, _) = bytes.as_chunks();
                        Self::$variant(elements.iter().map(|e| <$element>::from_le_bytes(*e)).collect())
                    })*
                }
            };
        }
        Ok(numbers!(read))
    }

    /// The elements as numbers of double precision; integers beyond 53 bits are rounded.
    pub fn to_f64(&self) -> Vec<f64> {
        macro_rules! read {
            ($($variant:ident),*) => {
                match self {
                    Self::Bool(elements) => elements.iter().map(|&b| u8::from(b).into()).collect(),
                    Self::U64(elements) => elements.iter().map(|&n| n as f64).collect(),
                    Self::I64(elements) => elements.iter().map(|&n| n as f64).collect(),
                    $(Self::$variant(elements) => elements.iter().map(|&n| n.into()).collect(),)*
                }
            };
        }
        read!(U8, I8, U16, I16, U32, I32, F16, Bf16, F32, F64)
    }

    fn append_le_bytes(&self, bytes: &mut Vec<u8>) {
        macro_rules! write {
            ($($variant:ident($element:ty)),*) => {
                match self {
                    Self::Bool(elements) => bytes.extend(elements.iter().map(|&b| u8::from(b))),
                    $(Self::$variant(elements) => {
                        // Into room that is there already: the compiler makes a copy of this.
                        let first = bytes.len();
                        bytes.resize(first + size_of_val(&elements[..]), 0);
                        let room = bytes[first..].as_chunks_mut().0;
                        for (to, element) in room.iter_mut().zip(elements) {
                            *to = element.to_le_bytes();
                        }
                    })*
                }
            };
        }
        numbers!(write);
    }
}

fn truth_values(bytes: &[u8]) -> Result<Vec<bool>, TensorError> {
    let truth = |&byte: &u8| match byte {
        0 => Ok(false),
        1 => Ok(true),
        byte => Err(TensorError::NotBool { byte }),
    };
    bytes.iter().map(truth).collect()
}

/// An array of any number of axes, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    data: TensorData,
}

impl Tensor {
    /// Gives elements a shape.
    ///
    /// # Errors
    /// [`TensorError`] if there are more or fewer than the shape has.
    pub fn new(shape: Vec<usize>, data: impl Into<TensorData>) -> Result<Self, TensorError> {
        let data = data.into();
        let expected = count(&shape)?;
        let actual = data.len();
        if expected != actual {
            return Err(TensorError::Length { shape, expected, actual });
        }
        Ok(Self { shape, data })
    }

    /// Nothing but zeros.
    ///
    /// # Errors
    /// [`TensorError::TooLarge`] if the shape has more elements than can be counted.
    pub fn zeros(element: ElementType, shape: Vec<usize>) -> Result<Self, TensorError> {
        let count = count(&shape)?;
        Ok(Self { shape, data: TensorData::zeros(element, count) })
    }

    /// Reads elements from bytes, the least significant of each first. The number of bytes is
    /// checked before anything is set aside.
    ///
    /// # Errors
    /// [`TensorError`] if there are more or fewer bytes than the shape has.
    pub fn from_le_bytes(
        element: ElementType,
        shape: Vec<usize>,
        bytes: &[u8],
    ) -> Result<Self, TensorError> {
        let expected = count(&shape)?.checked_mul(element.size());
        let Some(expected) = expected else { return Err(TensorError::TooLarge { shape }) };
        if bytes.len() != expected {
            return Err(TensorError::Bytes { expected, actual: bytes.len() });
        }
        let data = TensorData::from_le_bytes(element, bytes)?;
        Ok(Self { shape, data })
    }

    /// The elements as bytes, the least significant of each first.
    pub fn to_le_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.byte_length());
        self.append_le_bytes(&mut bytes);
        bytes
    }

    /// Adds the elements to bytes that are there, the least significant of each first.
    pub fn append_le_bytes(&self, bytes: &mut Vec<u8>) {
        self.data.append_le_bytes(bytes);
    }

    /// Bytes of all elements together.
    pub fn byte_length(&self) -> usize {
        self.len() * self.element().size()
    }

    /// Type of the elements.
    pub fn element(&self) -> ElementType {
        self.data.element()
    }

    /// Lengths of the axes.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The elements by their type.
    pub fn data(&self) -> &TensorData {
        &self.data
    }

    /// The elements, if they are of that type.
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        T::unwrap(&self.data)
    }

    /// Length of the first axis; one for a tensor without axes.
    pub fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// Tensors one after another along the first axis; `None` unless type and other axes agree.
    pub(super) fn concat<'a>(parts: impl Iterator<Item = &'a Self> + Clone) -> Option<Self> {
        let first = parts.clone().next()?;
        let (&_, inner) = first.shape.split_first()?;
        let mut rows = 0;
        let mut data = TensorData::with_room(first.element(), parts.clone().map(Self::len).sum());
        for part in parts {
            let agrees = part.shape.get(1..) == Some(inner) && data.append(&part.data);
            rows += agrees.then_some(part.rows())?;
        }
        let shape = [&[rows], inner].concat();
        Some(Self { shape, data })
    }

    /// The parts of so many rows each; `None` unless they make up the first axis.
    pub(super) fn split(self, rows: &[usize]) -> Option<Vec<Self>> {
        let (&total, inner) = self.shape.split_first()?;
        if rows.iter().sum::<usize>() != total {
            return None;
        }
        if rows.len() == 1 {
            return Some(vec![self]);
        }
        let row: usize = inner.iter().product();
        let mut start = 0;
        let part = |&rows: &usize| {
            let range = start..start + rows * row;
            start = range.end;
            Self { shape: [&[rows], inner].concat(), data: self.data.part(range) }
        };
        Some(rows.iter().map(part).collect())
    }
}

fn count(shape: &[usize]) -> Result<usize, TensorError> {
    let product = shape.iter().try_fold(1_usize, |product, &side| product.checked_mul(side));
    // A vector holds no more bytes than `isize` counts.
    let fits = |&count: &usize| count < isize::MAX as usize / size_of::<f64>();
    product.filter(fits).ok_or_else(|| TensorError::TooLarge { shape: shape.to_vec() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_type_goes_to_bytes_and_back() {
        for element in ElementType::all() {
            let bytes: Vec<u8> = (0..element.size() * 6).map(|i| u8::from(i % 3 == 0)).collect();
            let tensor = Tensor::from_le_bytes(element, vec![2, 3], &bytes).unwrap();
            assert_eq!(tensor.element(), element);
            assert_eq!(tensor.to_le_bytes(), bytes);
            assert_eq!(tensor.data().to_f64().len(), 6);
        }
    }

    #[test]
    fn a_shape_that_does_not_fit_is_refused_before_anything_is_set_aside() {
        let huge = vec![1 << 40, 1 << 40];
        let refused = Tensor::from_le_bytes(ElementType::F32, huge.clone(), &[]);
        assert_eq!(refused, Err(TensorError::TooLarge { shape: huge.clone() }));
        assert!(Tensor::zeros(ElementType::U8, huge).is_err());
        let refused = Tensor::from_le_bytes(ElementType::F32, vec![1 << 40], &[0; 16]);
        assert_eq!(refused, Err(TensorError::Bytes { expected: 4 << 40, actual: 16 }));
        assert!(matches!(Tensor::new(vec![3], vec![1.0_f32]), Err(TensorError::Length { .. })));
        let refused = Tensor::from_le_bytes(ElementType::Bool, vec![1], &[2]);
        assert_eq!(refused, Err(TensorError::NotBool { byte: 2 }));
    }

    proptest! {
        #[test]
        fn what_is_joined_comes_apart_again(
            rows in proptest::collection::vec(1_usize..5, 1..6),
            inner in proptest::collection::vec(1_usize..4, 0..3),
        ) {
            let row: usize = inner.iter().product();
            let mut next = 0;
            let part = |&rows: &usize| {
                let elements: Vec<i32> = (next..).take(rows * row).collect();
                next += 1000;
                Tensor::new([&[rows], &inner[..]].concat(), elements).unwrap()
            };
            let parts: Vec<_> = rows.iter().map(part).collect();
            let joined = Tensor::concat(parts.iter()).unwrap();
            prop_assert_eq!(joined.rows(), rows.iter().sum::<usize>());
            prop_assert_eq!(joined.split(&rows).unwrap(), parts);
        }
    }

    #[test]
    fn only_parts_of_one_kind_are_joined() {
        let part = |shape: &[usize], element| Tensor::zeros(element, shape.to_vec()).unwrap();
        let (one, other_axis) = (part(&[1, 2], ElementType::F32), part(&[1, 3], ElementType::F32));
        let other_type = part(&[1, 2], ElementType::F16);
        assert!(Tensor::concat([&one, &other_axis].into_iter()).is_none());
        assert!(Tensor::concat([&one, &other_type].into_iter()).is_none());
        assert!(part(&[4, 2], ElementType::F32).split(&[1, 2]).is_none());
    }
}
