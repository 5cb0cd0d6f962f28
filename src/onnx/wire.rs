//! The encoding below the messages: numbered fields, read from borrowed bytes.

use super::OnnxError;

/// The value of one field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field<'a> {
    /// A whole number.
    Number(u64),
    /// Four or eight bytes, or a run of bytes whose meaning the field's number tells.
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    /// The run of bytes, or an error if the field is a number.
    pub(super) fn bytes(self) -> Result<&'a [u8], OnnxError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Number(_) => Err(malformed("a number where bytes belong")),
        }
    }

    /// The run of bytes as text.
    pub(super) fn text(self) -> Result<&'a str, OnnxError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| malformed("text that is not UTF-8"))
    }

    /// The number, or an error if the field is bytes.
    pub(super) fn number(self) -> Result<i64, OnnxError> {
        match self {
            // Negative numbers are stored as their two's complement.
            Self::Number(number) => Ok(number.cast_signed()),
            Self::Bytes(_) => Err(malformed("bytes where a number belongs")),
        }
    }
}

/// The fields of one message, in the order they were written.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Reads the fields of a message.
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn read(&mut self) -> Result<(u32, Field<'a>), OnnxError> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).map_err(|_| malformed("a field number too large"))?;
        if number == 0 {
            return Err(malformed("field number zero"));
        }
        let field = match tag & 7 {
            0 => Field::Number(self.varint()?),
            1 => Field::Bytes(self.take(8)?),
            2 => {
                let length = self.varint()?;
                let length =
                    usize::try_from(length).map_err(|_| malformed("a length too large"))?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Bytes(self.take(4)?),
            _ => return Err(malformed("a field of unknown kind")),
        };
        Ok((number, field))
    }

    fn varint(&mut self) -> Result<u64, OnnxError> {
        let (number, rest) = varint(self.rest)?;
        self.rest = rest;
        Ok(number)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], OnnxError> {
        let ends = || malformed("the file ends within a field");
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(ends)?;
        self.rest = rest;
        Ok(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Field<'a>), OnnxError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let read = self.read();
        if read.is_err() {
            self.rest = &[];
        }
        Some(read)
    }
}

/// Reads one number of variable length and gives what follows it.
pub(super) fn varint(bytes: &[u8]) -> Result<(u64, &[u8]), OnnxError> {
    let mut number = 0_u64;
    for (index, &byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Ok((number, &bytes[index + 1..]));
        }
    }
    Err(malformed("a number that does not end"))
}

pub(super) fn malformed(what: &'static str) -> OnnxError {
    OnnxError::Malformed { what }
}
