//! The walk through a graph's nodes and weights that [`super::inspect`] makes.

use std::collections::{BTreeMap, HashSet};

use super::inspect::{InspectLimits, cut, entry};
use super::wire::{Field, Fields, malformed, varint};
use super::{Dimension, ElementType, OnnxError, ValueInfo};

/// Graphs within graphs.
const DEEPEST: usize = 8;

/// Axes of a tensor.
const MOST_AXES: usize = 16;

/// Different operators that are counted; a model with more is not of this world.
const MOST_OPERATORS: u64 = 1024;

/// What the walk adds up.
#[derive(Default)]
pub(super) struct Totals {
    pub(super) operators: BTreeMap<String, u64>,
    pub(super) nodes: u64,
    pub(super) names: u64,
    pub(super) weights: u64,
    pub(super) weight_elements: u64,
    pub(super) weight_bytes: u64,
}

/// A walk over borrowed bytes.
pub(super) struct Walk<'a> {
    limits: &'a InspectLimits,
    /// Names that are given so far, one set for every graph around the place.
    given: Vec<HashSet<&'a str>>,
    pub(super) totals: Totals,
}

/// Inputs and outputs.
type Interface = (Vec<ValueInfo>, Vec<ValueInfo>);

impl<'a> Walk<'a> {
    pub(super) fn new(limits: &'a InspectLimits) -> Self {
        Self { limits, given: Vec::new(), totals: Totals::default() }
    }

    /// Walks a whole graph; gives what must be put in and what comes out.
    pub(super) fn graph(&mut self, message: &'a [u8]) -> Result<Interface, OnnxError> {
        if self.given.len() >= DEEPEST {
            return Err(malformed("graphs nested too deep"));
        }
        let nested = !self.given.is_empty();
        self.given.push(HashSet::new());
        // Fields may come in any order, so names are gathered before nodes are looked at.
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        let mut weights = HashSet::new();
        for field in Fields::new(message) {
            match field? {
                (5, field) => weights.extend(self.tensor(field.bytes()?)?),
                (15, field) => weights.extend(self.sparse(field.bytes()?)?),
                (11, field) => inputs.push(field.bytes()?),
                (12, field) => outputs.push(field.bytes()?),
                _ => continue,
            }
            let values = (inputs.len() + outputs.len()) as u64;
            InspectLimits::check("inputs and outputs", self.limits.values, values)?;
        }
        let mut needed = Vec::new();
        for message in inputs {
            let name = value_name(message)?;
            if weights.contains(name) {
                continue;
            }
            self.give(name)?;
            // What flows into the body of a loop need not be described.
            if !nested {
                needed.push(value_info(message)?);
            }
        }
        for weight in weights {
            self.give(weight)?;
        }
        for field in Fields::new(message) {
            if let (1, field) = field? {
                self.node(field.bytes()?)?;
            }
        }
        for message in &outputs {
            self.need(value_name(message)?)?;
        }
        self.given.pop();
        if outputs.is_empty() {
            return Err(OnnxError::NoOutput);
        }
        let outputs = if nested {
            Vec::new()
        } else {
            outputs.into_iter().map(value_info).collect::<Result<_, _>>()?
        };
        Ok((needed, outputs))
    }

    /// Walks the nodes of a function, which have names of their own.
    pub(super) fn function(&mut self, message: &'a [u8]) -> Result<(), OnnxError> {
        let outside = std::mem::take(&mut self.given);
        self.given.push(HashSet::new());
        for field in Fields::new(message) {
            if let (4, field) = field? {
                self.give(field.text()?)?;
            }
        }
        for field in Fields::new(message) {
            if let (7, field) = field? {
                self.node(field.bytes()?)?;
            }
        }
        self.given = outside;
        Ok(())
    }

    fn node(&mut self, message: &'a [u8]) -> Result<(), OnnxError> {
        self.totals.nodes += 1;
        InspectLimits::check("nodes", self.limits.nodes, self.totals.nodes)?;
        let mut operator = "";
        for field in Fields::new(message) {
            match field? {
                (1, field) => self.need(field.text()?)?,
                (4, field) => operator = field.text()?,
                (5, field) => self.attribute(field.bytes()?)?,
                _ => {}
            }
        }
        for field in Fields::new(message) {
            if let (2, field) = field? {
                let name = field.text()?;
                // An output that nobody wants has no name.
                if !name.is_empty() {
                    self.give(name)?;
                }
            }
        }
        if operator.is_empty() {
            return Err(malformed("a node without an operator"));
        }
        if let Some(count) = self.totals.operators.get_mut(operator) {
            *count += 1;
        } else {
            self.totals.operators.insert(cut(operator), 1);
            let different = self.totals.operators.len() as u64;
            InspectLimits::check("different operators", MOST_OPERATORS, different)?;
        }
        Ok(())
    }

    pub(super) fn attribute(&mut self, message: &'a [u8]) -> Result<(), OnnxError> {
        for field in Fields::new(message) {
            match field? {
                (5 | 10, field) => _ = self.tensor(field.bytes()?)?,
                (22 | 23, field) => _ = self.sparse(field.bytes()?)?,
                (6 | 11, field) => _ = self.graph(field.bytes()?)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Values and positions of a sparse weight; gives its name.
    fn sparse(&mut self, message: &'a [u8]) -> Result<Option<&'a str>, OnnxError> {
        let mut name = None;
        for field in Fields::new(message) {
            match field? {
                (1, field) => name = self.tensor(field.bytes()?)?,
                (2, field) => _ = self.tensor(field.bytes()?)?,
                _ => {}
            }
        }
        Ok(name)
    }

    /// Checks that a weight is here and whole; gives its name.
    fn tensor(&mut self, message: &'a [u8]) -> Result<Option<&'a str>, OnnxError> {
        let mut dims = Vec::new();
        let (mut name, mut code, mut location, mut outside) = ("", 0, "", false);
        let mut stored = Stored::default();
        for field in Fields::new(message) {
            match field? {
                (1, field) => numbers(field, &mut dims)?,
                (2, field) => code = field.number()?,
                (4..=7 | 9..=11, field) if outside => _ = field,
                (number @ (4..=7 | 9..=11), field) => stored.add(number, field),
                (8, field) => name = field.text()?,
                (13, field) => {
                    outside = true;
                    let (key, value) = entry(field.bytes()?)?;
                    if key == "location" {
                        location = value;
                    }
                }
                (14, field) => outside |= field.number()? != 0,
                _ => {}
            }
        }
        if outside {
            let (tensor, location) = (cut(name), cut(location));
            return Err(OnnxError::ExternalData { tensor, location });
        }
        let expected = dims.iter().try_fold(1_u64, |all, &length| {
            u64::try_from(length).ok().and_then(|length| all.checked_mul(length))
        });
        let expected = expected.ok_or_else(|| malformed("a weight of impossible shape"))?;
        let actual = stored.elements(code)?;
        if expected != actual {
            return Err(OnnxError::WeightSize { tensor: cut(name), expected, actual });
        }
        self.totals.weights += 1;
        self.totals.weight_elements += actual;
        self.totals.weight_bytes += stored.bytes;
        self.count_name()?;
        Ok((!name.is_empty()).then_some(name))
    }

    fn give(&mut self, name: &'a str) -> Result<(), OnnxError> {
        self.count_name()?;
        let innermost = self.given.last_mut().ok_or_else(|| malformed("a node outside a graph"))?;
        if innermost.insert(name) { Ok(()) } else { Err(OnnxError::Duplicate { name: cut(name) }) }
    }

    fn need(&mut self, name: &str) -> Result<(), OnnxError> {
        self.count_name()?;
        // An input that is left out has no name.
        if name.is_empty() || self.given.iter().any(|given| given.contains(name)) {
            Ok(())
        } else {
            Err(OnnxError::Undefined { name: cut(name) })
        }
    }

    fn count_name(&mut self) -> Result<(), OnnxError> {
        self.totals.names += 1;
        InspectLimits::check("names", self.limits.names, self.totals.names)
    }
}

/// What a weight stores, in one of several ways.
#[derive(Default)]
struct Stored {
    bytes: u64,
    raw: Option<u64>,
    /// Elements of four bytes, eight bytes, and of numbers or texts of any length.
    fours: u64,
    eights: u64,
    others: u64,
}

impl Stored {
    fn add(&mut self, number: u32, field: Field<'_>) {
        let (count, bytes) = match field {
            Field::Number(_) => (1, 1),
            // Packed numbers of variable length: each ends with a byte below 128.
            Field::Bytes(bytes) if matches!(number, 5 | 7 | 11) => {
                let ends = bytes.iter().filter(|&&byte| byte < 0x80).count();
                (ends as u64, bytes.len() as u64)
            }
            Field::Bytes(bytes) => (1, bytes.len() as u64),
        };
        self.bytes += bytes;
        match number {
            9 => self.raw = Some(self.raw.unwrap_or(0) + bytes),
            4 => self.fours += bytes / 4,
            10 => self.eights += bytes / 8,
            _ => self.others += count,
        }
    }

    fn elements(&self, code: i64) -> Result<u64, OnnxError> {
        let unknown = || malformed("a weight of unknown type");
        let code = i32::try_from(code).map_err(|_| unknown())?;
        if let Some(raw) = self.raw {
            let element = ElementType::from_code(code).ok_or_else(unknown)?;
            let size = element.size() as u64;
            if !raw.is_multiple_of(size) {
                return Err(malformed("a weight that ends within an element"));
            }
            return Ok(raw / size);
        }
        Ok(self.fours + self.eights + self.others)
    }
}

/// Adds one number, or a run of packed ones.
fn numbers(field: Field<'_>, to: &mut Vec<i64>) -> Result<(), OnnxError> {
    match field {
        Field::Number(number) => to.push(number.cast_signed()),
        Field::Bytes(mut bytes) => {
            while !bytes.is_empty() && to.len() <= MOST_AXES {
                let (number, rest) = varint(bytes)?;
                to.push(number.cast_signed());
                bytes = rest;
            }
        }
    }
    if to.len() > MOST_AXES { Err(malformed("a tensor of too many axes")) } else { Ok(()) }
}

fn value_name(message: &[u8]) -> Result<&str, OnnxError> {
    let mut name = "";
    for field in Fields::new(message) {
        if let (1, field) = field? {
            name = field.text()?;
        }
    }
    if name.is_empty() { Err(malformed("an input or output without a name")) } else { Ok(name) }
}

fn value_info(message: &[u8]) -> Result<ValueInfo, OnnxError> {
    let name = value_name(message)?;
    let unsupported = || OnnxError::UnsupportedType { value: cut(name) };
    let tensor = inner(message, 2)?.map(|kind| inner(kind, 1)).transpose()?.flatten();
    let tensor = tensor.ok_or_else(unsupported)?;
    let mut code = 0;
    for field in Fields::new(tensor) {
        if let (1, field) = field? {
            code = field.number()?;
        }
    }
    let code = i32::try_from(code).unwrap_or(0);
    let element = ElementType::from_code(code).ok_or_else(unsupported)?;
    let shape = inner(tensor, 2)?.map(axes).transpose()?;
    Ok(ValueInfo { name: cut(name), element, shape })
}

/// The last message in field `wanted`.
fn inner(message: &[u8], wanted: u32) -> Result<Option<&[u8]>, OnnxError> {
    let mut found = None;
    for field in Fields::new(message) {
        let (number, field) = field?;
        if number == wanted {
            found = Some(field.bytes()?);
        }
    }
    Ok(found)
}

fn axes(message: &[u8]) -> Result<Vec<Dimension>, OnnxError> {
    let mut axes = Vec::new();
    for field in Fields::new(message) {
        let (1, field) = field? else { continue };
        if axes.len() == MOST_AXES {
            return Err(malformed("a tensor of too many axes"));
        }
        let mut axis = Dimension::Unknown;
        for field in Fields::new(field.bytes()?) {
            match field? {
                (1, field) => {
                    // Some writers mean "any" by a length below zero.
                    let length = u64::try_from(field.number()?);
                    axis = length.map_or(Dimension::Unknown, Dimension::Fixed);
                }
                (2, field) if !field.bytes()?.is_empty() => {
                    axis = Dimension::Named(cut(field.text()?));
                }
                _ => {}
            }
        }
        axes.push(axis);
    }
    Ok(axes)
}
