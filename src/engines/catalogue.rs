//! What can be asked for, in a form that programs can read.

use serde::Serialize;
use utoipa::ToSchema;

use crate::csc::{DEFAULT_ROUNDS, InpaintParams};

use super::dictionaries::{DictionaryChoice, dictionary_names};
use super::spec::{RestoreSpec, Task};

/// An engine and its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EngineDescription {
    /// The name to ask for.
    #[schema(example = "csc")]
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// The tasks it can do.
    pub tasks: Vec<Task>,
    /// Whether it can make up content that was not in the picture.
    pub generative: bool,
    /// The dictionaries it can use, the default first.
    pub dictionaries: Vec<&'static str>,
    /// Its parameters.
    pub parameters: Vec<ParameterDescription>,
}

/// A parameter of an engine.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ParameterDescription {
    /// The name to give it by.
    #[schema(example = "iterations")]
    pub name: &'static str,
    /// `integer`, `number` or `string`.
    #[schema(example = "integer")]
    pub kind: &'static str,
    /// The tasks that take it.
    pub tasks: Vec<Task>,
    /// Smallest value.
    pub minimum: Option<f64>,
    /// Largest value.
    pub maximum: Option<f64>,
    /// What is used when it is not given; absent when that depends on the picture.
    #[schema(value_type = Value)]
    pub default: Option<serde_json::Value>,
    /// What it does.
    pub help: &'static str,
}

/// All engines, `auto` first.
pub fn catalogue() -> Vec<EngineDescription> {
    let csc = EngineDescription {
        name: "csc",
        summary: "Convolutional sparse coding: falling thresholds on shifted blocks, then on \
                  groups of similar blocks.",
        tasks: vec![Task::Inpaint, Task::Reconstruct],
        generative: false,
        dictionaries: dictionary_names().collect(),
        parameters: parameters(),
    };
    let auto = EngineDescription {
        name: "auto",
        summary: "The best engine for the picture and its mask, at present always csc.",
        ..csc.clone()
    };
    vec![auto, csc]
}

fn parameters() -> Vec<ParameterDescription> {
    let most = Some(RestoreSpec::MAX_ITERATIONS.into());
    vec![
        ParameterDescription {
            name: "iterations",
            kind: "integer",
            tasks: vec![Task::Inpaint],
            minimum: Some(1.0),
            maximum: most,
            default: Some(InpaintParams::DEFAULT_ITERATIONS.into()),
            help: "More iterations are slower and, up to about 150, better.",
        },
        ParameterDescription {
            name: "iterations",
            kind: "integer",
            tasks: vec![Task::Reconstruct],
            minimum: Some(1.0),
            maximum: most,
            default: Some(DEFAULT_ROUNDS.into()),
            help: "Shifts that are averaged when noise is removed; holes take the default of \
                   inpaint.",
        },
        ParameterDescription {
            name: "dictionary",
            kind: "string",
            tasks: vec![Task::Inpaint, Task::Reconstruct],
            minimum: None,
            maximum: None,
            default: Some(DictionaryChoice::default().name().into()),
            help: "The filters that pictures are made of.",
        },
        ParameterDescription {
            name: "sigma",
            kind: "number",
            tasks: vec![Task::Reconstruct],
            minimum: Some(0.0),
            maximum: Some(RestoreSpec::MAX_SIGMA.into()),
            default: None,
            help: "Standard deviation of the noise in 8-bit levels; estimated when not given.",
        },
    ]
}
