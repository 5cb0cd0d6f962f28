//! Whether a manifest makes sense, by itself and for the model it stands beside. Pure.

use super::{Colour, Fill, ImageInput, Layout, Manifest, ModelTask, SizePolicy};
use crate::engines::RestoreSpec;
use crate::inference::{Dimension, ElementType, Signature, ValueInfo};

/// Longest side that a manifest may name.
const LONGEST_SIDE: u64 = 65_536;

/// What is wrong with a `model.toml`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It cannot be read.
    #[error("model.toml, line {line}, `{text}`: {reason}")]
    Unreadable {
        /// Where, from 1.
        line: usize,
        /// What stands there.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A value makes no sense, or does not fit the model.
    #[error("model.toml: {key} {reason}")]
    Value {
        /// The key, with its table.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

fn fault<T>(key: &'static str, reason: impl Into<String>) -> Result<T, ManifestError> {
    Err(ManifestError::Value { key, reason: reason.into() })
}

impl Manifest {
    /// Reads a manifest and checks it by itself.
    ///
    /// # Errors
    /// [`ManifestError`], for unknown keys too.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text).map_err(|error| {
            let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or_default();
            let line = before.matches('\n').count();
            let shown = text.lines().nth(line).unwrap_or_default().trim();
            let text = shown.chars().take(80).collect();
            ManifestError::Unreadable { line: line + 1, text, reason: error.message().to_owned() }
        })?;
        manifest.check_values()?;
        Ok(manifest)
    }

    fn check_values(&self) -> Result<(), ManifestError> {
        let restores = !matches!(self.task, ModelTask::Raw | ModelTask::Classify);
        if self.image.is_none() && self.task != ModelTask::Raw {
            return fault("image", format!("is needed for the task {}", self.task.name()));
        }
        if self.mask.is_none() && matches!(self.task, ModelTask::Inpaint | ModelTask::Refine) {
            return fault("mask", format!("is needed for the task {}", self.task.name()));
        }
        let colour = self.image.as_ref().map(|image| image.colour);
        if self.task == ModelTask::Refine && colour != Some(Colour::Gray) {
            return fault("image.colour", "must be gray for the task refine");
        }
        if self.start != Fill::default() && self.task != ModelTask::Refine {
            return fault("start", "is for the task refine alone");
        }
        for (key, iterations) in [("iterations", self.iterations), ("settling", self.settling)] {
            let Some(iterations) = iterations else { continue };
            if self.start != Fill::Csc {
                return fault(key, "is for the start csc alone");
            }
            let range = 1..=RestoreSpec::MAX_ITERATIONS;
            if !range.contains(&iterations) {
                let (least, most) = range.into_inner();
                return fault(key, format!("must lie between {least} and {most}"));
            }
        }
        if self.output.is_none() && restores {
            return fault("output", format!("is needed for the task {}", self.task.name()));
        }
        if self.mask.is_some() && self.image.is_none() {
            return fault("image", "is needed beside a mask");
        }
        let is_digest = |text: &String| text.len() == 64 && text.bytes().all(is_hex);
        if self.sha256.as_ref().is_some_and(|text| !is_digest(text)) {
            return fault("sha256", "must be 64 hexadecimal digits");
        }
        if self.max_pixels == Some(0) {
            return fault("max_pixels", "must be at least 1");
        }
        if let Some(image) = &self.image {
            check_range("image.range", image.range)?;
            let channels = image.colour.channels();
            for (key, list) in [("image.mean", &image.mean), ("image.std", &image.std)] {
                if !list.is_empty() && list.len() as u64 != channels {
                    return fault(key, format!("must have {channels} numbers"));
                }
                if !list.iter().all(|number| number.is_finite()) {
                    return fault(key, "must be finite");
                }
            }
            if image.std.iter().any(|number| *number <= 0.0) {
                return fault("image.std", "must be above 0");
            }
        }
        if let Some(mask) = &self.mask {
            let apart = (mask.hole - mask.known).abs();
            if !mask.hole.is_finite() || !mask.known.is_finite() || apart <= 0.0 {
                return fault("mask.hole", "and mask.known must be two different finite numbers");
            }
        }
        if let Some(output) = &self.output {
            check_range("output.range", output.range)?;
        }
        self.size.map_or(Ok(()), check_size)
    }

    /// Checks that the model has what the manifest names, in the shape that it says.
    ///
    /// # Errors
    /// [`ManifestError::Value`].
    pub fn check(&self, signature: &Signature) -> Result<(), ManifestError> {
        let Signature { inputs, outputs } = signature;
        let Some(image) = &self.image else { return Ok(()) };
        let joined = self.joins_mask();
        let channels = image.colour.channels() + u64::from(joined);
        let input = find("image.name", inputs, &image.name)?;
        check_tensor("image.name", input, image.layout, channels)?;
        if let Some(mask) = self.mask.as_ref().filter(|_| !joined) {
            let input = find("mask.name", inputs, &mask.name)?;
            check_tensor("mask.name", input, image.layout, 1)?;
        }
        let named = 1 + usize::from(self.mask.is_some() && !joined);
        if inputs.len() > named {
            let names = inputs.iter().map(|input| input.name.as_str()).collect::<Vec<_>>();
            let reason = format!("leaves inputs without a meaning: the model has {names:?}");
            return fault("image.name", reason);
        }
        if let Some(output) = &self.output {
            let value = find("output.name", outputs, &output.name)?;
            check_tensor("output.name", value, image.layout, image.colour.channels())?;
        }
        self.check_sides(image, input)
    }

    /// A graph of fixed sides takes no other ones.
    fn check_sides(&self, image: &ImageInput, input: &ValueInfo) -> Result<(), ManifestError> {
        let Some(policy) = self.size else { return Ok(()) };
        let wanted = match policy {
            SizePolicy::Fixed { width, height, .. } => [Some(height), Some(width)],
            SizePolicy::Multiple { .. } | SizePolicy::Any {} => [None, None],
        };
        for (side, wanted) in image.sides(input).into_iter().zip(wanted) {
            let Some(fixed) = side.and_then(Dimension::fixed) else { continue };
            if wanted != Some(fixed) {
                return fault(
                    "size",
                    format!("does not fit the model, which has a side of {fixed}"),
                );
            }
        }
        Ok(())
    }
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

fn check_range(key: &'static str, [low, high]: [f32; 2]) -> Result<(), ManifestError> {
    if low.is_finite() && high.is_finite() && low < high {
        return Ok(());
    }
    fault(key, "must be two finite numbers, the smaller first")
}

fn check_size(policy: SizePolicy) -> Result<(), ManifestError> {
    let fits = |side: u64| (1..=LONGEST_SIDE).contains(&side);
    let sound = match policy {
        SizePolicy::Fixed { width, height, .. } => fits(width) && fits(height),
        SizePolicy::Multiple { of, .. } => fits(of),
        SizePolicy::Any {} => true,
    };
    if sound { Ok(()) } else { fault("size", format!("must be from 1 to {LONGEST_SIDE}")) }
}

fn find<'a>(
    key: &'static str,
    values: &'a [ValueInfo],
    name: &str,
) -> Result<&'a ValueInfo, ManifestError> {
    let found = values.iter().find(|value| value.name == name);
    found.map_or_else(
        || {
            let names = values.iter().map(|value| value.name.as_str()).collect::<Vec<_>>();
            fault(key, format!("is {name:?}, but the model has {names:?}"))
        },
        Ok,
    )
}

/// An image has four axes, of numbers that a sample can be turned into.
fn check_tensor(
    key: &'static str,
    value: &ValueInfo,
    layout: Layout,
    channels: u64,
) -> Result<(), ManifestError> {
    use ElementType as E;
    if !matches!(value.element, E::F32 | E::F16 | E::U8 | E::Bool | E::I32 | E::I64) {
        return fault(key, format!("names a tensor of {}, which holds no image", value.element));
    }
    let Some(axes) = &value.shape else { return Ok(()) };
    if axes.len() != 4 {
        return fault(key, format!("names a tensor of {} axes, but an image has 4", axes.len()));
    }
    match axes[layout.axes()[0]].fixed() {
        Some(actual) if actual != channels => {
            fault(key, format!("names a tensor of {actual} channels, but {channels} are meant"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
