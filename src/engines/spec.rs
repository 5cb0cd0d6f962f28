//! What a caller can ask for.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::imaging::{EncodeOptions, ImageFormat, MaskOptions, MetadataPolicy, OptionFault};

use super::dictionaries::DictionaryChoice;
use super::explain::ExplainOptions;
use super::network::{InvalidNetwork, NetworkName};

/// What is to be done with a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Fill the holes of a mask; known pixels stay as they are.
    Inpaint,
    /// Synthesise the picture again from its sparse code, which removes noise; a mask is filled.
    Reconstruct,
}

impl Task {
    /// The name in parameters, reports and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inpaint => "inpaint",
            Self::Reconstruct => "reconstruct",
        }
    }
}

/// Which engine does the work. In text, its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum EngineChoice {
    /// The engine that is there wherever the program is: [`Self::Csc`]. Which bytes come back must
    /// not depend on whether ONNX Runtime is installed.
    #[default]
    Auto,
    /// Convolutional sparse coding.
    Csc,
    /// A network.
    Network(NetworkName),
}

impl EngineChoice {
    /// The name of [`Self::Csc`], which no network can have.
    pub const SOLVER: &str = "csc";
    /// What all names of engines look like.
    pub const PATTERN: &str = NetworkName::PATTERN;
}

impl FromStr for EngineChoice {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        match text {
            "auto" => Ok(Self::Auto),
            Self::SOLVER => Ok(Self::Csc),
            name => name.parse().map(Self::Network),
        }
    }
}

impl TryFrom<String> for EngineChoice {
    type Error = InvalidNetwork;

    fn try_from(text: String) -> Result<Self, InvalidNetwork> {
        text.parse()
    }
}

impl From<EngineChoice> for String {
    fn from(choice: EngineChoice) -> Self {
        match choice {
            EngineChoice::Auto => "auto".to_owned(),
            EngineChoice::Csc => EngineChoice::SOLVER.to_owned(),
            EngineChoice::Network(name) => name.to_string(),
        }
    }
}

/// How the picture is restored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RestoreSpec {
    /// The engine.
    pub engine: EngineChoice,
    /// Iterations, 1 to [`RestoreSpec::MAX_ITERATIONS`]; the engine's default when not given.
    pub iterations: Option<u32>,
    /// The filters; the first of [`dictionary_names`](super::dictionary_names) when not given.
    pub dictionary: Option<DictionaryChoice>,
    /// Reconstruction only: standard deviation of the noise in 8-bit levels, 0 to
    /// [`RestoreSpec::MAX_SIGMA`]; estimated from the picture when not given.
    pub sigma: Option<f32>,
}

impl RestoreSpec {
    /// The most iterations: more change nothing that can be seen.
    pub const MAX_ITERATIONS: u32 = 1000;
    /// The strongest noise in 8-bit levels.
    pub const MAX_SIGMA: f32 = 100.0;
}

/// How the result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OutputOptions {
    /// The format; that of the input when not given.
    pub format: Option<ImageFormat>,
    /// JPEG quality, 1 to 100.
    pub quality: u8,
    /// Whether profile and EXIF block are kept.
    pub metadata: MetadataPolicy,
    /// Repaired pixels become opaque: for pictures whose holes are where they are transparent.
    pub opaque_holes: bool,
}

impl Default for OutputOptions {
    fn default() -> Self {
        Self {
            format: None,
            quality: EncodeOptions::DEFAULT_QUALITY,
            metadata: MetadataPolicy::Keep,
            opaque_holes: false,
        }
    }
}

/// Everything about a restoration but the files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// How the picture is restored.
    pub restore: RestoreSpec,
    /// How the mask is read.
    pub mask: MaskOptions,
    /// How the result is written.
    pub output: OutputOptions,
    /// What is told beside the result.
    pub explain: ExplainOptions,
}

/// A restoration to do.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What is to be done.
    pub task: Task,
    /// The image file.
    pub image: &'a [u8],
    /// The mask file; [`Task::Inpaint`] needs one.
    pub mask: Option<&'a [u8]>,
    /// How.
    pub options: &'a Options,
}

/// A parameter that cannot be used.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterFault {
    /// The parameter as callers spell it.
    pub field: &'static str,
    /// What is wrong with it.
    pub message: String,
    /// The limit that was passed.
    pub limit: Option<f64>,
    /// The value that passed it.
    pub actual: Option<f64>,
}

impl Options {
    /// Checks every range and every combination.
    ///
    /// # Errors
    /// All faults at once.
    pub fn validate(&self, task: Task) -> Result<(), Vec<ParameterFault>> {
        let mut faults = Vec::new();
        if let Some(iterations) = self.restore.iterations {
            let most = RestoreSpec::MAX_ITERATIONS;
            check_range(&mut faults, "iterations", 1.0, most.into(), iterations.into());
        }
        if let Some(sigma) = self.restore.sigma {
            let most = RestoreSpec::MAX_SIGMA;
            check_range(&mut faults, "sigma", 0.0, most.into(), sigma.into());
            if task == Task::Inpaint {
                let message = "known pixels are kept as they are: only reconstruct removes noise";
                faults.push(fault("sigma", message.to_owned()));
            }
        }
        if let EngineChoice::Network(name) = &self.restore.engine {
            let RestoreSpec { iterations, dictionary, sigma, .. } = &self.restore;
            let given = [
                ("iterations", iterations.is_some()),
                ("dictionary", dictionary.is_some()),
                ("sigma", sigma.is_some()),
            ];
            for (field, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
                let message = format!("is for the engine csc: the network `{name}` has no such");
                faults.push(fault(field, message));
            }
        }
        let most = ExplainOptions::MOST_PREVIEWS;
        check_range(&mut faults, "previews", 0.0, most.into(), self.explain.previews.into());
        if let Err(found) = self.mask.validate() {
            faults.extend(found.iter().map(|fault| from_option(mask_field(fault.field), fault)));
        }
        let encode = EncodeOptions {
            format: self.output.format.unwrap_or(ImageFormat::Png),
            quality: self.output.quality,
            metadata: self.output.metadata,
        };
        if let Err(found) = encode.validate() {
            faults.extend(found.iter().map(|fault| from_option(fault.field, fault)));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

pub(super) fn check_range(
    faults: &mut Vec<ParameterFault>,
    field: &'static str,
    least: f64,
    most: f64,
    actual: f64,
) {
    if !(least..=most).contains(&actual) {
        faults.push(ParameterFault {
            field,
            message: format!("must lie between {least} and {most}"),
            limit: Some(if actual < least { least } else { most }),
            actual: Some(actual),
        });
    }
}

pub(super) fn fault(field: &'static str, message: String) -> ParameterFault {
    ParameterFault { field, message, limit: None, actual: None }
}

fn from_option(field: &'static str, fault: &OptionFault) -> ParameterFault {
    let limit = if fault.actual < fault.minimum { fault.minimum } else { fault.maximum };
    ParameterFault {
        field,
        message: format!("must lie between {} and {}", fault.minimum, fault.maximum),
        limit: Some(limit as f64),
        actual: Some(fault.actual as f64),
    }
}

/// Mask options stand beside the others in a request, so they carry a prefix there.
fn mask_field(field: &'static str) -> &'static str {
    match field {
        "dilate" => "mask_dilate",
        "feather" => "mask_feather",
        other => other,
    }
}
